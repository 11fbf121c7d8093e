//! What to open once everything is up, and how to be rid of it.

use super::state_folder;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::prepare::Ready;
use crate::kind::kubeconfig;
use crate::profile::model::{Flavor, Install};
use crate::profile::shell::shell_word;

/// The lines for whoever has just made the clusters of a profile.
///
/// # Errors
/// When the folder of the clusters is not known.
pub(in crate::cli) fn guide(context: &Context, ready: &Ready) -> Result<String, CliError> {
    let profile = &ready.profile;
    let file = match &context.global.kubeconfig {
        Some(file) => file.clone(),
        None => kubeconfig(&state_folder(context, ready)?),
    };
    let hub = profile.hub_context.as_deref().unwrap_or_default();
    let kubectl = format!(
        "kubectl --kubeconfig {} --context {} -n {}",
        shell_word(&file.display().to_string()),
        shell_word(hub),
        profile.argocd.namespace
    );
    let bridge = |command: &str| {
        let is_default = context.global.profile.is_empty();
        let option = if is_default { String::new() } else { format!(" -f {}", shell_word(&ready.path)) };
        format!("bridge {command}{option}")
    };
    let mut lines = Vec::new();
    if has_server(&profile.argocd.install) {
        lines.push(("open", format!("{kubectl} port-forward svc/argocd-server 8080:443")));
        lines.push((
            "",
            "then https://localhost:8080 as `admin`; the certificate is Argo CD's own".to_owned(),
        ));
        let template = "go-template='{{.data.password | base64decode}}'";
        lines.push(("password", format!("{kubectl} get secret argocd-initial-admin-secret -o {template}")));
    }
    lines.push(("kubectl", format!("export KUBECONFIG={}", shell_word(&file.display().to_string()))));
    lines.push(("look", bridge("status")));
    lines.push(("remove", bridge("down")));
    Ok(lines.into_iter().map(|(what, how)| format!("  {what:<9} {how}\n")).collect())
}

/// Whether there is something to open: the flavor `core` has no server.
fn has_server(install: &Install) -> bool {
    match install {
        Install::Manifests(manifests) => manifests.flavor != Flavor::Core,
        Install::Existing => true,
    }
}
