//! Which cluster: never a guess where nobody confirms it.

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cluster::{self, ConnectOptions, Notice, Notify};
use crate::code::Code;
use crate::profile::model::Profile;
use crate::report::style::plain;
use crate::report::ui::Ui;

/// How to reach the hub of a profile.
#[derive(Debug)]
pub(super) struct Target {
    /// How to connect.
    pub(super) options: ConnectOptions,
    /// Whether somebody named the cluster, so that it is not just the kubeconfig's current context.
    is_named: bool,
}

impl Target {
    /// Makes the kubeconfig's credentials known to the redactor before the first request.
    pub(super) fn register_credentials(&self, context: &Context) {
        let all = cluster::credentials(&self.options.kubeconfig);
        all.iter().for_each(|secret| context.ui.redactor().register(secret));
    }

    /// Refuses to write to a cluster that nobody named and nobody is asked about.
    ///
    /// # Errors
    /// When the cluster is not named.
    pub(super) fn check_is_named(&self) -> Result<(), CliError> {
        if self.is_named {
            return Ok(());
        }
        let message =
            "`--auto-approve` needs a named cluster, and neither the profile nor `--context` names one";
        let current = self.options.kubeconfig.contexts().ok().and_then(|(_, current)| current);
        let name = current.unwrap_or_else(|| "NAME".to_owned());
        Err(CliError::usage(Code::CONTEXT_NOT_NAMED, message).hinted(format!(
            "write `connection: {{ context: {name} }}` into the hub's entry of the profile, or give `--context {name}`"
        )))
    }
}

/// Chooses the hub's cluster.
///
/// # Errors
/// When the profile and the command line name different ones.
pub(super) fn choose(context: &Context, profile: &Profile) -> Result<Target, CliError> {
    let in_cluster = context.global.in_cluster;
    let name = match (profile.hub_context.as_deref(), context.named_context()) {
        (Some(hub), Some(named)) if hub != named && !in_cluster => {
            return Err(mismatch(context, profile, hub, named));
        }
        (hub, named) => hub.or(named).map(str::to_owned),
    };
    let is_named = name.is_some() || in_cluster;
    let options = ConnectOptions {
        kubeconfig: context.kubeconfig.clone(),
        context: name,
        in_cluster,
        parallelism: context.global.parallelism,
        notify: notify(context.ui.clone()),
    };
    Ok(Target { options, is_named })
}

/// Keeps credentials out of the output from the moment that they exist, and says what a run waits for.
pub(super) fn notify(ui: Ui) -> Notify {
    Notify::new(move |notice| match notice {
        Notice::Credential(secret) => ui.redactor().register(secret),
        Notice::Waiting { program, elapsed } => {
            let program = plain(program);
            ui.status(&format!("◎ waiting ({}s): the credential plugin `{program}`", elapsed.as_secs()));
        }
    })
}

fn mismatch(context: &Context, profile: &Profile, hub: &str, named: &str) -> CliError {
    let message = format!("the profile's hub is the context `{hub}`, and `--context` says `{named}`");
    let change = match &profile.hub.kind_cluster {
        Some(_) => "the hub's `provider: kind`, which says how it is reached",
        None => "the hub's `connection.context`",
    };
    let error = CliError::usage(Code::CONTEXT_MISMATCH, message)
        .hinted(format!("leave `--context` (and BRIDGE_CONTEXT) out, or change {change}"));
    match context.kubeconfig.contexts() {
        Ok((names, _)) if !names.is_empty() => error.hinted(format!("contexts: {}", names.join(", "))),
        Ok(_) | Err(_) => error,
    }
}
