//! From references to secrets. What cannot be resolved is reported all at once; a value is known to the redactor before
//! anything else sees it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::cli::context::{Context, secret_variable};
use crate::cli::error::CliError;
use crate::cli::read::{self, LARGEST_SECRET};
use crate::cli::secret_references::collect;
use crate::cluster::Cluster;
use crate::cluster::command::{self, Audience, Ended};
use crate::code::Code;
use crate::desired::secrets::Secrets;
use crate::profile::finding::Finding;
use crate::profile::location::Location;
use crate::profile::model::{Profile, SecretSource};
use crate::profile::names::{Namespace, ObjectName};
use crate::profile::sensitive::Sensitive;

/// What may be asked for secrets.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reach<'a> {
    /// `render --show-secrets`: environment and files. Other references stay masked.
    Local,
    /// `plan` and `apply`: commands and the hub too.
    Everything(&'a Cluster),
}

/// Why a reference has no value, and what to do about it. Never the value.
struct Unresolved {
    code: Code,
    message: String,
    fix: String,
}

type Resolution = Result<Option<Sensitive>, Unresolved>;

/// Resolves every reference of the profile; paths and commands count from its folder.
///
/// # Errors
/// A finding for each reference that cannot be resolved.
pub(super) async fn resolve(
    context: &Context,
    profile: &Profile,
    folder: &Path,
    reach: Reach<'_>,
) -> Result<Secrets, CliError> {
    let (mut values, mut findings) = (BTreeMap::new(), Vec::new());
    for (source, at) in collect(profile) {
        match one(context, folder, reach, &source).await {
            Ok(Some(value)) => {
                context.ui.redactor().register(&value);
                values.insert(source, value);
            }
            Ok(None) => {}
            Err(unresolved) => findings.push(finding(unresolved, &at)),
        }
    }
    if findings.is_empty() { Ok(Secrets::Resolved(values)) } else { Err(findings.into()) }
}

/// Makes the secrets that the profile itself carries known to the redactor.
pub(super) fn register_literals(context: &Context, profile: &Profile) {
    for source in collect(profile).keys() {
        if let SecretSource::Literal(value) = source {
            context.ui.redactor().register(value);
        }
    }
}

fn finding(unresolved: Unresolved, at: &Location) -> Finding {
    let Unresolved { code, message, fix } = unresolved;
    Finding::error(code, at, message, fix)
}

async fn one(context: &Context, folder: &Path, reach: Reach<'_>, source: &SecretSource) -> Resolution {
    let value = match (source, reach) {
        (SecretSource::Env(name), _) => Some(variable(name)?),
        (SecretSource::File(path), _) => Some(file(path.clone()).await?),
        (SecretSource::Literal(value), _) => Some(value.clone()),
        // The token of a spoke is made there.
        (SecretSource::SpokeToken { .. }, _)
        | (SecretSource::Exec(_) | SecretSource::SecretRef { .. }, Reach::Local) => None,
        (SecretSource::Exec(command), Reach::Everything(_)) => Some(output(context, folder, command).await?),
        (SecretSource::SecretRef { namespace, name, key }, Reach::Everything(cluster)) => {
            Some(on_hub(cluster, namespace, name, key).await?)
        }
    };
    Ok(value)
}

fn unresolved(message: impl Into<String>, fix: impl Into<String>) -> Unresolved {
    Unresolved { code: Code::SECRET_UNRESOLVED, message: message.into(), fix: fix.into() }
}

fn variable(name: &str) -> Result<Sensitive, Unresolved> {
    let value = secret_variable(name).filter(|value| !value.expose().is_empty());
    value.ok_or_else(|| {
        unresolved(
            format!("the environment variable `{name}` is not set, or empty"),
            format!("export {name}=..."),
        )
    })
}

async fn file(path: PathBuf) -> Result<Sensitive, Unresolved> {
    let shown = path.display().to_string();
    let read = tokio::task::spawn_blocking(move || read::bounded(&path, LARGEST_SECRET)).await;
    let bytes = read.unwrap_or_else(|error| Err(error.into())).map_err(|error| {
        unresolved(
            format!("the file `{shown}` cannot be read: {error}"),
            "check the path and its permissions",
        )
    })?;
    value_of(bytes, &format!("the file `{shown}`"))
}

/// Text without one trailing line break.
fn value_of(bytes: Vec<u8>, whose: &str) -> Result<Sensitive, Unresolved> {
    let text = String::from_utf8(bytes).map_err(|_| unresolved(format!("{whose} is no UTF-8 text"), ""))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(unresolved(format!("{whose} is empty"), "write the value into it"));
    }
    Ok(Sensitive::new(text))
}

/// The standard output of a command: no shell, no standard input, nothing of what it prints is shown.
async fn output(context: &Context, folder: &Path, command: &[String]) -> Result<Sensitive, Unresolved> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| unresolved("the credential command is empty", "name a program"))?;
    check_may_run(context, program)?;
    tracing::info!(program, "running a credential command");
    let ended =
        command::run(in_folder(program, arguments, folder), Audience::Nobody).await.map_err(|error| {
            unresolved(
                format!("`{program}` cannot be run: {error}"),
                "check that it is installed and on PATH",
            )
        })?;
    match ended {
        Ended::Finished(status, output) if status.success() => {
            value_of(output, &format!("the output of `{program}`"))
        }
        Ended::Finished(status, _) => Err(unresolved(
            format!("`{program}` failed ({status})"),
            "run it by hand to see why: bridge shows nothing that it prints",
        )),
        Ended::TooMuch => Err(unresolved(
            format!("`{program}` printed more than {} MiB", command::LARGEST_OUTPUT >> 20),
            "a credential is shorter",
        )),
        Ended::TooLong => Err(unresolved(
            format!("`{program}` did not end within {} s", Audience::Nobody.patience().as_secs()),
            "it may be waiting for an answer; bridge gives none",
        )),
    }
}

fn in_folder(program: &str, arguments: &[String], folder: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).current_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    command
}

fn check_may_run(context: &Context, program: &str) -> Result<(), Unresolved> {
    if context.environment.is_ci && !context.global.allow_exec {
        return Err(Unresolved {
            code: Code::EXEC_NOT_ALLOWED,
            message: format!("`{program}` was not run, because CI=true"),
            fix: "give --allow-exec if this profile is trusted".to_owned(),
        });
    }
    Ok(())
}

async fn on_hub(
    cluster: &Cluster,
    namespace: &Namespace,
    name: &ObjectName,
    key: &str,
) -> Result<Sensitive, Unresolved> {
    let whose = format!("the key `{key}` of the Secret {namespace}/{name}");
    let look = format!("look with: kubectl describe secret {name} -n {namespace}");
    let unresolved = |message, fix| Unresolved { code: Code::HUB_SECRET, message, fix };
    match cluster.secret_value(namespace.as_str(), name.as_str(), key).await {
        Ok(Some(bytes)) => value_of(bytes, &whose),
        Ok(None) => Err(unresolved(format!("{whose} does not exist"), look)),
        Err(error) => Err(unresolved(format!("{whose} cannot be read: {error}"), look)),
    }
}
