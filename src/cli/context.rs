//! What a run knows before it starts: options and environment, each read once.
#![expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]

use std::collections::BTreeMap;
use std::env::VarError;
use std::ffi::OsStr;
use std::path::PathBuf;

use crate::cli::args::{Global, Output};
use crate::cli::error::CliError;
use crate::cluster::{KubeconfigFiles, userinfo};
use crate::code::Code;
use crate::profile::sensitive::Sensitive;
use crate::report::plan_text::Detail;
use crate::report::ui::Ui;

/// The profile that is read when none is named.
const DEFAULT_PROFILE: &str = "bridge.yaml";
/// What the names of variables in the environment begin with.
const VARIABLE_PREFIX: &str = "BRIDGE_VAR_";

/// Everything that a command may need to know about this run.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Where output goes.
    pub(super) ui: Ui,
    /// The options of every command.
    pub(super) global: Global,
    /// What the environment says.
    pub(super) environment: Environment,
    /// The kubeconfig files: the option's, else the environment's.
    pub(super) kubeconfig: KubeconfigFiles,
}

/// What the environment says. Variables and addresses may hold secrets, so `Debug` shows nothing.
#[derive(Clone, Default)]
pub(super) struct Environment {
    /// `CI`: nobody watches.
    pub(super) is_ci: bool,
    /// `BRIDGE_PROFILE`.
    pub(super) profile: Option<String>,
    /// `BRIDGE_CONTEXT`.
    pub(super) context: Option<String>,
    /// `BRIDGE_CACHE_DIR`.
    pub(super) cache_dir: Option<PathBuf>,
    /// `BRIDGE_LOG`, as tracing filters.
    pub(super) log: Option<String>,
    /// `BRIDGE_MANIFEST_BASE_URL`: a mirror of Argo CD's manifests; digests are checked all the same.
    pub(super) manifest_base_url: Option<String>,
    /// `BRIDGE_VAR_x`.
    pub(super) variables: BTreeMap<String, String>,
    /// `KUBECONFIG`, else the file in the home folder.
    pub(super) kubeconfig: Vec<PathBuf>,
    /// Addresses of proxies and of the mirror, which may hold a password.
    pub(super) addresses: Vec<String>,
    /// Variables that begin as ours do and that bridge does not know.
    pub(super) unknown: Vec<String>,
    /// `BRIDGE_KIND`: the command kind.
    pub(super) kind: Option<PathBuf>,
    /// `KIND_EXPERIMENTAL_PROVIDER`: the container engine, as kind reads it.
    pub(super) engine: Option<String>,
    /// `BRIDGE_STATE_DIR`: where records and kubeconfigs of local clusters are kept.
    pub(super) state_dir: Option<PathBuf>,
    /// Who runs it.
    pub(super) user: Option<String>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Environment")
    }
}

impl Environment {
    /// Reads it.
    ///
    /// # Errors
    /// When a value that decides something is no text.
    pub(super) fn read() -> Result<Self, CliError> {
        let path = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Ok(Self {
            is_ci: text("CI")?.is_some_and(|value| is_yes(&value)),
            profile: text("BRIDGE_PROFILE")?,
            context: text("BRIDGE_CONTEXT")?,
            cache_dir: path("BRIDGE_CACHE_DIR"),
            log: text("BRIDGE_LOG")?,
            manifest_base_url: text("BRIDGE_MANIFEST_BASE_URL")?,
            variables: variables(),
            kubeconfig: kubeconfig(std::env::var_os("KUBECONFIG").as_deref(), path("HOME")),
            addresses: texts().filter(|(name, _)| is_address(name)).map(|(_, value)| value).collect(),
            kind: path("BRIDGE_KIND"),
            engine: text("KIND_EXPERIMENTAL_PROVIDER")?,
            state_dir: path("BRIDGE_STATE_DIR"),
            user: text("USER")?.or(text("USERNAME")?),
            unknown: unknown(),
        })
    }
}

/// The value of a variable; nothing when it is empty.
fn text(name: &str) -> Result<Option<String>, CliError> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => {
            Err(CliError::usage(Code::USAGE, format!("the environment variable {name} is no UTF-8 text")))
        }
    }
}

/// Some tools set `CI=False` on the machines of people.
fn is_yes(value: &str) -> bool {
    !["false", "0"].contains(&value.to_ascii_lowercase().as_str())
}

/// The value of a variable that a profile refers to.
#[must_use]
pub(super) fn secret_variable(name: &str) -> Option<Sensitive> {
    std::env::var(name).ok().map(Sensitive::new)
}

/// Values that are no text are left out: no profile could use them.
fn texts() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn is_address(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["http_proxy", "https_proxy", "all_proxy", "bridge_manifest_base_url"].contains(&name.as_str())
}

fn variables() -> BTreeMap<String, String> {
    texts()
        .filter_map(|(name, value)| Some((name.strip_prefix(VARIABLE_PREFIX)?.to_owned(), value)))
        .collect()
}

fn unknown() -> Vec<String> {
    const KNOWN: [&str; 7] = [
        "BRIDGE_PROFILE",
        "BRIDGE_CONTEXT",
        "BRIDGE_CACHE_DIR",
        "BRIDGE_KIND",
        "BRIDGE_LOG",
        "BRIDGE_MANIFEST_BASE_URL",
        "BRIDGE_STATE_DIR",
    ];
    let is_ours = |name: &String| name.starts_with("BRIDGE_") && !name.starts_with(VARIABLE_PREFIX);
    let mut unknown: Vec<String> = texts().map(|(name, _)| name).filter(is_ours).collect();
    unknown.retain(|name| !KNOWN.contains(&name.as_str()));
    unknown.sort();
    unknown
}

/// The name of this machine.
#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name of this machine.
#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "unknown".to_owned())
}

fn kubeconfig(files: Option<&OsStr>, home: Option<PathBuf>) -> Vec<PathBuf> {
    let named: Vec<PathBuf> =
        files.iter().flat_map(std::env::split_paths).filter(|path| !path.as_os_str().is_empty()).collect();
    if !named.is_empty() {
        return named;
    }
    home.map(|home| home.join(".kube").join("config")).into_iter().collect()
}

impl Context {
    /// Puts options and environment together.
    ///
    /// # Errors
    /// When the environment makes no sense.
    pub(super) fn new(ui: Ui, global: Global) -> Result<Self, CliError> {
        let environment = Environment::read()?;
        let secrets = environment.addresses.iter().flat_map(|address| userinfo(address));
        secrets.for_each(|secret| ui.redactor().register(&secret));
        let named = global.kubeconfig.clone().map(|file| vec![file]);
        let kubeconfig = KubeconfigFiles::new(named.unwrap_or_else(|| environment.kubeconfig.clone()));
        Ok(Self { ui, global, environment, kubeconfig })
    }

    /// The profiles of this run, at least one.
    #[must_use]
    pub(super) fn profiles(&self) -> Vec<String> {
        let named = self.global.profile.clone();
        if named.is_empty() {
            vec![self.environment.profile.clone().unwrap_or_else(|| DEFAULT_PROFILE.to_owned())]
        } else {
            named
        }
    }

    /// Who runs this process, fit to be read by a colleague and unlike any other process's: machines may share a name, and
    /// processes of two containers a number.
    #[must_use]
    pub(super) fn holder(&self) -> String {
        let user = self.environment.user.as_deref().unwrap_or("somebody");
        let since = jiff::Timestamp::now();
        format!("{user}@{} (process {}, since {since:.6})", host(), std::process::id())
    }

    /// The context that the user named, by option or environment.
    #[must_use]
    pub(super) fn named_context(&self) -> Option<&str> {
        self.global.context.as_deref().or(self.environment.context.as_deref())
    }

    /// Whether a missing entry of bridge.lock is an error.
    #[must_use]
    pub(super) fn is_locked(&self) -> bool {
        self.global.locked || self.environment.is_ci
    }

    /// How much of a plan is shown.
    #[must_use]
    pub(super) fn detail(&self) -> Detail {
        if self.global.verbose > 0 { Detail::Full } else { Detail::Short }
    }

    /// The output format, if the command has it.
    ///
    /// # Errors
    /// When it has not.
    pub(super) fn output(&self, command: &str, known: &[Output]) -> Result<Output, CliError> {
        let output = self.global.output;
        if known.contains(&output) {
            return Ok(output);
        }
        let names: Vec<String> = known.iter().map(|known| format!("`{}`", name(*known))).collect();
        let message = format!("`bridge {command}` has no output `{}`", name(output));
        Err(CliError::usage(Code::NO_SUCH_OUTPUT, message).hinted(format!("it has {}", names.join(", "))))
    }
}

fn name(output: Output) -> &'static str {
    match output {
        Output::Text => "text",
        Output::Json => "json",
        Output::Sarif => "sarif",
        Output::Markdown => "markdown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_kubeconfig_variable_counts_as_none() {
        let home = Some(PathBuf::from("/home/x"));
        assert_eq!(kubeconfig(Some(OsStr::new("")), home.clone()), [PathBuf::from("/home/x/.kube/config")]);
        assert_eq!(kubeconfig(Some(OsStr::new("a:b")), home), [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(kubeconfig(None, None).is_empty());
    }
}
