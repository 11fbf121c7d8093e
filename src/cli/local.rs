//! The clusters of a profile that bridge makes itself: where their folder is, who makes them, and what stands there.

mod contexts;
mod guide;
mod make;
mod remove;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::target;
use crate::cluster::KubeconfigFiles;
use crate::code::Code;
use crate::kind::{Engine, Folder, Info, Kind, Problem, Spec, Tools, kubeconfig};
use crate::profile::finding::{Finding, Severity};
use crate::profile::model::{Cluster, Connection, Profile};
use crate::report::finding;
use crate::report::style::plain;

pub(super) use guide::guide;
pub(super) use make::{look as look_at, make, warn_of_size};
pub(super) use remove::{Removal, look as look_for_removal, remove};

/// The context of a run with the kubeconfig that a profile's hub is found in: where bridge makes the hub, its own first of
/// all. The cluster of somebody else may well have the same context name.
///
/// # Errors
/// When the profile's clusters were not made here.
pub(super) fn for_profile(context: &Context, ready: &Ready) -> Result<Context, CliError> {
    let is_named = context.global.kubeconfig.is_some() || context.global.in_cluster;
    if is_named || ready.profile.hub.kind_cluster.is_none() {
        return Ok(context.clone());
    }
    // Whoever names another cluster is told that first.
    target::choose(context, &ready.profile)?;
    let file = kubeconfig(&state_folder(context, ready)?);
    let made =
        if is_there(&file) { KubeconfigFiles::new(vec![file.clone()]).contexts()?.0 } else { Vec::new() };
    let kind = ready.profile.clusters().filter_map(|cluster| cluster.kind_cluster.as_ref());
    let mut missing = kind.map(|cluster| cluster.name.context()).filter(|name| !made.contains(name));
    let needs_others = has_other_contexts(&ready.profile);
    // What is not in bridge's own file must not be found in another one.
    if let Some(missing) =
        missing.find(|name| needs_others || Some(name) == ready.profile.hub_context.as_ref())
    {
        let message =
            format!("`{}` has a cluster that was not made here: there is no {missing}", plain(&ready.path));
        return Err(CliError::new(Code::KIND_NOT_UP, Exit::Unreachable, message)
            .hinted("`bridge up` makes it; `--kubeconfig FILE` names another way to it"));
    }
    let others = context.kubeconfig.paths().iter().filter(|_| needs_others).cloned();
    let kubeconfig = KubeconfigFiles::new(std::iter::once(file).chain(others).collect());
    Ok(Context { kubeconfig, ..context.clone() })
}

/// Whether a cluster that bridge does not make is known by a context of the user's kubeconfig.
fn has_other_contexts(profile: &Profile) -> bool {
    let is_other = |cluster: &Cluster| {
        cluster.kind_cluster.is_none() && matches!(cluster.connection, Connection::Context(_))
    };
    profile.clusters().any(is_other)
}

/// An error of a connection, with what helps where bridge made the cluster.
pub(super) fn hint(ready: &Ready, error: CliError) -> CliError {
    if ready.profile.hub.kind_cluster.is_some() && error.exit() == Exit::Unreachable {
        return error.hinted("`bridge up` starts the clusters again, and makes those that are gone");
    }
    error
}

#[expect(clippy::disallowed_methods, reason = "whether the clusters were made is seen by their kubeconfig")]
fn is_there(file: &Path) -> bool {
    file.is_file()
}

/// The folder of a profile's clusters. It is the profile file's own, so that two profiles never share a cluster.
///
/// # Errors
/// When there is no home folder, or the profile is no file.
pub(super) fn state_folder(context: &Context, ready: &Ready) -> Result<PathBuf, CliError> {
    let base = match &context.environment.state_dir {
        Some(folder) => std::path::absolute(folder).unwrap_or_else(|_| folder.clone()),
        None => home_state()?,
    };
    let profile = profile_file(ready)?;
    let stem = profile.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    // It becomes part of a mount.
    let stem: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let digest = Sha256::digest(profile.as_os_str().as_encoded_bytes());
    let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Ok(base.join("kind").join(format!("{stem}-{digest}")))
}

fn home_state() -> Result<PathBuf, CliError> {
    let missing = || {
        CliError::usage(Code::KIND_FOLDER, "there is no home folder to keep the clusters' records in")
            .hinted("set BRIDGE_STATE_DIR")
    };
    let strategy = etcetera::choose_base_strategy().map_err(|error| missing().caused_by(&error))?;
    Ok(strategy.state_dir().ok_or_else(missing)?.join("bridge"))
}

/// The profile's file under the one name that it has however it was called.
#[expect(clippy::disallowed_methods, reason = "whose clusters they are is told by the profile's path")]
fn profile_file(ready: &Ready) -> Result<PathBuf, CliError> {
    let path = Path::new(&ready.path);
    path.canonicalize().ok().filter(|path| path.is_file()).ok_or_else(|| {
        let message =
            format!("`{}` is no file, and clusters are remembered by their profile's", plain(&ready.path));
        CliError::usage(Code::KIND_FOLDER, message).hinted("write the profile into a file")
    })
}

/// The profile's clusters that bridge makes, the hub first.
pub(super) fn specs(ready: &Ready) -> Vec<Spec> {
    let specs = ready.profile.clusters().filter_map(|cluster| cluster.kind_cluster.as_ref());
    specs.map(|cluster| Spec::of(cluster)).collect()
}

/// Refuses a profile whose hub bridge does not make.
///
/// # Errors
/// When it is one.
pub(super) fn check_hub(ready: &Ready) -> Result<(), CliError> {
    if ready.profile.hub.kind_cluster.is_some() {
        return Ok(());
    }
    let message = format!("the hub of `{}` is no cluster that bridge makes", plain(&ready.path));
    Err(CliError::usage(Code::NO_KIND_CLUSTER, message)
        .hinted("write `provider: kind` into its entry of the profile, or run `bridge apply`"))
}

/// Refuses profiles of one run that want the same kind cluster, or the same port: the second one could not be made once the
/// first one is.
///
/// # Errors
/// When two of them do.
pub(super) fn check_names(all: &[Ready]) -> Result<(), CliError> {
    let mut files = BTreeMap::new();
    for ready in all {
        if let Some(first) = files.insert(profile_file(ready)?, ready) {
            let (first, second) = (plain(&first.path), plain(&ready.path));
            return Err(CliError::usage(
                Code::KIND_NAME_TWICE,
                format!("`{first}` and `{second}` are the same file"),
            )
            .hinted("name it once"));
        }
    }
    let mut wanted: Vec<(Spec, &Ready)> = Vec::new();
    for (spec, ready) in all.iter().flat_map(|ready| specs(ready).into_iter().map(move |spec| (spec, ready)))
    {
        for (other, first) in &wanted {
            let (code, what, hint) = if other.name == spec.name {
                let hint = "give one of them another name: `kind: { name: ... }`";
                (Code::KIND_NAME_TWICE, format!("a kind cluster `{}`", spec.name), hint)
            } else if let Some(port) = spec.port_of(other) {
                let what = format!("the port {}:{}/{}", port.address, port.host, port.protocol.as_str());
                (Code::PORT_TWICE, what, "write another port in `host` of `kind.ports` of one of them")
            } else {
                continue;
            };
            let (first, second) = (plain(&first.path), plain(&ready.path));
            return Err(
                CliError::usage(code, format!("`{first}` and `{second}` both want {what}")).hinted(hint)
            );
        }
        wanted.push((spec, ready));
    }
    Ok(())
}

/// Whether bridge makes every cluster of the profile, so that nobody has to be asked about them.
pub(super) fn is_own(profile: &Profile) -> bool {
    profile.clusters().all(|cluster| cluster.kind_cluster.is_some())
}

/// What local clusters are made with, and what the engine says of itself.
///
/// # Errors
/// Everything of it that is missing.
pub(super) async fn tools(context: &Context) -> Result<(Tools, Info), Vec<Problem>> {
    let environment = &context.environment;
    let (kind, engine) =
        tokio::join!(Kind::find(environment.kind.as_deref()), Engine::find(environment.engine.as_deref()));
    match (kind, engine) {
        (Ok(kind), Ok((engine, info))) => Ok((Tools { kind, engine }, info)),
        (kind, engine) => Err(kind.err().into_iter().chain(engine.err()).collect()),
    }
}

/// Holds the profile's folder of clusters, which are this engine's.
///
/// # Errors
/// When it cannot be written, another bridge holds it, or another engine has the clusters.
pub(super) fn hold(
    context: &Context,
    ready: &Ready,
    engine: &Engine,
    info: &Info,
) -> Result<Folder, CliError> {
    let root = state_folder(context, ready)?;
    let held = Folder::hold(&root, &profile_file(ready)?)
        .and_then(|folder| folder.on_engine(engine.provider(), &info.id).map(|()| folder));
    held.map_err(|problem| in_the_way(&[problem]))
}

/// What is in the way, as an error; warnings that come with it are shown with it.
pub(super) fn in_the_way(problems: &[Problem]) -> CliError {
    let exits = problems.iter().filter(|problem| !problem.is_warning).map(exit);
    let exit = exits.fold(Exit::Failed, Exit::worst);
    CliError::Preflight { findings: problems.iter().map(finding).collect(), exit }
}

/// Shows warnings.
pub(super) fn warn(context: &Context, problems: &[Problem]) {
    let findings: Vec<Finding> = problems.iter().map(finding).collect();
    context.ui.say(&finding::render(&findings, context.ui.redactor()));
}

/// Where somebody has to decide about a cluster that is there, it is a conflict.
fn exit(problem: &Problem) -> Exit {
    if [Code::FOREIGN_KIND_CLUSTER, Code::KIND_DRIFT, Code::KIND_BUSY, Code::KIND_OTHER_ENGINE]
        .contains(&problem.code)
    {
        Exit::Conflict
    } else {
        Exit::Failed
    }
}

fn finding(problem: &Problem) -> Finding {
    let Problem { code, message, fixes, is_warning } = problem;
    let severity = if *is_warning { Severity::Warning } else { Severity::Error };
    Finding { location: None, severity, code: *code, message: message.clone(), fix: fixes.join("; ") }
}
