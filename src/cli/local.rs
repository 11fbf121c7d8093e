//! The clusters of a profile that bridge makes itself: where their folder is, who makes them, and what stands there.

mod guide;
mod make;
mod remove;

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};

use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cluster::KubeconfigFiles;
use crate::code::Code;
use crate::kind::{Engine, Folder, Info, Kind, Problem, Spec, Tools, kubeconfig};
use crate::profile::finding::{Finding, Severity};
use crate::profile::model::Profile;
use crate::report::finding;
use crate::report::style::plain;

pub(super) use guide::guide;
pub(super) use make::make;
pub(super) use remove::{Removal, look, remove};

/// The context of a run with the kubeconfig that a profile's hub is found in: where bridge makes the hub, its own, and no
/// other. The cluster of somebody else may well have the same context name.
///
/// # Errors
/// When the profile's clusters were not made here.
pub(super) fn for_profile(context: &Context, ready: &Ready) -> Result<Context, CliError> {
    let is_named = context.global.kubeconfig.is_some() || context.global.in_cluster;
    if is_named || ready.profile.hub.kind_cluster.is_none() {
        return Ok(context.clone());
    }
    let file = kubeconfig(&state_folder(context, ready)?);
    if !is_there(&file) {
        let message = format!("the clusters of `{}` were not made here", plain(&ready.path));
        return Err(CliError::new(Code::KIND_NOT_UP, Exit::Unreachable, message)
            .hinted("`bridge up` makes them; `--kubeconfig FILE` names another way to them"));
    }
    let kubeconfig = KubeconfigFiles::new(vec![file]);
    Ok(Context { kubeconfig, ..context.clone() })
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
///
/// # Errors
/// When there are none.
pub(super) fn specs(ready: &Ready) -> Result<Vec<Spec>, CliError> {
    let profile: &Profile = &ready.profile;
    let specs = profile.clusters().filter_map(|cluster| cluster.kind_cluster.as_ref());
    let specs: Vec<Spec> = specs.map(|cluster| Spec::of(cluster)).collect();
    if profile.hub.kind_cluster.is_none() {
        let message = format!("the hub of `{}` is no cluster that bridge makes", plain(&ready.path));
        return Err(CliError::usage(Code::NO_KIND_CLUSTER, message)
            .hinted("write `provider: kind` into its entry of the profile, or run `bridge apply`"));
    }
    Ok(specs)
}

/// The profile's folder of clusters, held, and what they are made with; what is missing is told at once.
///
/// # Errors
/// When any of it is not there.
pub(super) async fn tools(context: &Context) -> Result<(Tools, Info), CliError> {
    let environment = &context.environment;
    let (kind, engine) =
        tokio::join!(Kind::find(environment.kind.as_deref()), Engine::find(environment.engine.as_deref()));
    match (kind, engine) {
        (Ok(kind), Ok((engine, info))) => Ok((Tools { kind, engine }, info)),
        (kind, engine) => Err(in_the_way(&kind.err().into_iter().chain(engine.err()).collect::<Vec<_>>())),
    }
}

/// Holds the profile's folder of clusters.
///
/// # Errors
/// When it cannot be written, or another bridge holds it.
pub(super) fn hold(context: &Context, ready: &Ready) -> Result<Folder, CliError> {
    let root = state_folder(context, ready)?;
    Folder::hold(&root, &profile_file(ready)?).map_err(|problem| in_the_way(&[problem]))
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
    if [Code::FOREIGN_KIND_CLUSTER, Code::KIND_DRIFT, Code::KIND_BUSY].contains(&problem.code) {
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
