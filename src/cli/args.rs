//! Options that several commands share. Their doc comments are the help.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};

use crate::plan::consent::{Consent, FieldSelector, InvalidSelector, ObjectSelector};
use crate::plan::replace::never_replaced_kind;
use crate::report::ui;

/// Options of every command
#[derive(Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Profile to read, or a quoted pattern such as 'profiles/*.yaml'; may be given again [default: bridge.yaml]
    #[arg(short = 'f', long, global = true, value_name = "FILE", action = ArgAction::Append)]
    pub(super) profile: Vec<String>,

    /// Value of a variable of the profile; never for secrets, which have no option
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub(super) var: Vec<String>,

    /// File with values of variables: YAML, JSON, or the output of `terraform output -json`
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) var_file: Vec<String>,

    /// Kubeconfig context of the hub, where the profile names none
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) context: Option<String>,

    /// Kubeconfig file [default: KUBECONFIG, else ~/.kube/config]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,

    /// Use the ServiceAccount of the pod that bridge runs in
    #[arg(long, global = true, conflicts_with_all = ["context", "kubeconfig"])]
    pub(super) in_cluster: bool,

    /// Format of the output; which ones there are depends on the command
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) output: Output,

    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,

    /// Print data, warnings and errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,

    /// Say more: -v shows whole objects and steps, -vv requests, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,

    /// How many requests run at the same time on each hub, and how many hubs of an apply or destroy
    #[arg(long, global = true, value_name = "N", default_value_t = 10, value_parser = parallelism)]
    pub(super) parallelism: usize,

    /// How long to wait for what was applied to become ready, such as 90s or 10m
    #[arg(long, global = true, value_name = "DURATION", default_value = "10m", value_parser = duration)]
    pub(super) timeout: Duration,

    /// Fetch nothing from the network; the Argo CD manifest must be in the cache or a file
    #[arg(long, global = true)]
    pub(super) no_download: bool,

    /// Treat a missing entry of bridge.lock as an error, as in CI (CI=true)
    #[arg(long, global = true)]
    pub(super) locked: bool,

    /// Run the credential commands of the profile although CI=true
    #[arg(long, global = true)]
    pub(super) allow_exec: bool,
}

impl std::fmt::Debug for Global {
    /// Shows nothing: somebody may give a secret with `--var` all the same.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Global")
    }
}

/// Format of the output
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// For people
    #[default]
    Text,
    /// One versioned document; for apply and destroy, one line an event
    Json,
    /// SARIF 2.1.0 (validate)
    Sarif,
    /// A comment for a pull request (plan)
    Markdown,
}

/// When to use colours
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<Color> for ui::Color {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// What the user allows to be written beyond the harmless
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Consent")]
pub(super) struct WriteConsentArgs {
    /// Take over existing objects whose fields this manager owns, such as kubectl-client-side-apply
    #[arg(long, value_name = "MANAGER")]
    pub(super) adopt: Vec<String>,

    /// Take one field from the manager that owns it
    #[arg(long, value_name = "KIND/NAME:FIELD")]
    pub(super) force_conflicts: Vec<FieldSelector>,

    /// Delete this object and create it anew where a field of it cannot be changed in place
    #[arg(long, value_name = "KIND/NAME", value_parser = replaceable)]
    pub(super) replace: Vec<ObjectSelector>,
}

/// What the user allows to be deleted, and of whom
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Consent")]
pub(super) struct DeleteConsentArgs {
    /// Allow the deletion of this object, or of so many objects
    #[arg(long, value_name = "KIND/NAME|N")]
    pub(super) allow_delete: Vec<AllowDelete>,

    /// Take over the inventory of a profile that was renamed
    #[arg(long, value_name = "OLD")]
    pub(super) rename_from: Option<String>,
}

/// What `--allow-delete` takes.
#[derive(Debug, Clone)]
pub(super) enum AllowDelete {
    /// So many objects.
    Count(usize),
    /// This object.
    Object(ObjectSelector),
}

impl std::str::FromStr for AllowDelete {
    type Err = <ObjectSelector as std::str::FromStr>::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::Count).or_else(|_| text.parse().map(Self::Object))
    }
}

/// One apply or destroy at a time
#[derive(Debug, Clone, Args)]
pub(super) struct LockArgs {
    /// How long to wait for another apply that runs on this hub
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration)]
    pub(super) lock_timeout: Duration,
}

/// A part of the profile's objects
#[derive(Debug, Clone, Default, Args)]
pub(super) struct TargetArgs {
    /// Look at this object only, and prune nothing; for exceptional cases
    #[arg(long, value_name = "KIND/NAME")]
    pub(super) target: Vec<ObjectSelector>,
}

/// Everything the user consents to.
#[must_use]
pub(super) fn consent(write: &WriteConsentArgs, delete: &DeleteConsentArgs, target: &TargetArgs) -> Consent {
    let mut all = Consent {
        adopt: write.adopt.iter().cloned().collect(),
        force_conflicts: write.force_conflicts.iter().cloned().collect(),
        replace: write.replace.iter().cloned().collect(),
        rename_from: delete.rename_from.clone(),
        targets: target.target.iter().cloned().collect(),
        ..Consent::default()
    };
    for allowed in &delete.allow_delete {
        match allowed {
            AllowDelete::Count(count) => all.allow_deletes = all.allow_deletes.max(*count),
            AllowDelete::Object(selector) => {
                all.allow_delete.insert(selector.clone());
            }
        }
    }
    all
}

/// `KIND/NAME` of a kind that may be replaced.
fn replaceable(text: &str) -> Result<ObjectSelector, String> {
    let object: ObjectSelector = text.parse().map_err(|error: InvalidSelector| error.to_string())?;
    match never_replaced_kind(object.kind()) {
        None => Ok(object),
        Some(why) => Err(format!("bridge never replaces an object of the kind {}: {why}", object.kind())),
    }
}

fn parallelism(text: &str) -> Result<usize, String> {
    let number: usize = text.parse().map_err(|_| format!("`{text}` is no number"))?;
    (1..=100).contains(&number).then_some(number).ok_or_else(|| "at least 1, at most 100".to_owned())
}

/// `90s`, `10m`, `1h 30m`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let form = || format!("`{text}` is no duration, such as 90s, 10m or 1h");
    if let Ok(seconds) = text.parse() {
        return Ok(Duration::from_secs(seconds));
    }
    let parsed: jiff::SignedDuration = text.parse().map_err(|_| form())?;
    Duration::try_from(parsed).map_err(|_| form())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_or_are_seconds() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert_eq!(duration("45"), Ok(Duration::from_secs(45)));
        for wrong in ["", "soon", "-5s", "10 apples"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_deletion_is_allowed_by_name_or_by_number() {
        let args = DeleteConsentArgs {
            allow_delete: vec!["3".parse().unwrap(), "Secret/dev".parse().unwrap()],
            ..DeleteConsentArgs::default()
        };
        let consent = consent(&WriteConsentArgs::default(), &args, &TargetArgs::default());
        assert_eq!((consent.allow_deletes, consent.allow_delete.len()), (3, 1));
        assert!("nonsense".parse::<AllowDelete>().is_err());
    }

    #[test]
    fn what_is_never_replaced_is_refused_with_the_reason() {
        assert!(replaceable("Deployment/argocd/server").is_ok_and(|object| object.kind() == "Deployment"));
        for kind in ["Secret", "secret", "PersistentVolumeClaim", "Namespace", "CustomResourceDefinition"] {
            assert!(replaceable(&format!("{kind}/x")).is_err_and(|error| error.contains("would")), "{kind}");
        }
        for kind in ["ApplicationSet", "Application", "AppProject", "ServiceAccount"] {
            assert!(replaceable(&format!("{kind}/argocd/x")).is_err(), "{kind}");
        }
        for kind in ["PersistentVolume", "CronJob", "Certificate", "Deploymnet"] {
            let error = replaceable(&format!("{kind}/x")).unwrap_err();
            assert!(error.contains("Deployments, StatefulSets"), "{kind}: {error}");
        }
        assert!(replaceable("server").is_err_and(|error| error.contains("KIND/NAME")));
    }
}
