//! Saved plans: made by `plan --out`, and applied by `apply PLANFILE` exactly, or not at all.
#![expect(clippy::disallowed_methods, reason = "a plan file says when it was made")]

use serde_json::{Value, json};

use crate::cli::context::Context;
use crate::cli::converged::Planned;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::prepare::Ready;
use crate::cli::secret_references;
use crate::code::Code;
use crate::plan::consent::Consent;
use crate::plan::digest::{NoDigest, SALT_BYTES, digest, hexadecimal};
use crate::plan::saved::changes::{changes, hidden};
use crate::plan::saved::{FORMAT, Given, SavedChange, SavedPlan};
use crate::plan::stale::{Moved, blocked, moved};
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::profile::model::Profile;

/// The parts of the document that are random, so that nothing in them is a secret.
const RANDOM: [&str; 3] = ["salt", "profileDigest", "secretsDigest"];
/// More objects than that are counted, not named.
const NAMED: usize = 20;

/// The document of a plan, ready to be written.
///
/// # Errors
/// When the system gives no random numbers, or no memory.
pub(super) fn document(
    context: &Context,
    ready: &Ready,
    planned: &Planned,
    consent: &Consent,
) -> Result<Value, CliError> {
    let Some(cluster) = &planned.plan.cluster else {
        return Err(CliError::usage(Code::USAGE, "a plan without a cluster cannot be saved"));
    };
    let salt = salt()?;
    let saved = SavedPlan {
        format: FORMAT.to_owned(),
        bridge_version: env!("CARGO_PKG_VERSION").to_owned(),
        time: jiff::Timestamp::now().to_string(),
        profile: planned.plan.owner.profile.clone(),
        is_destroy: planned.plan.is_destroy,
        cluster: cluster.into(),
        given: given(context, ready),
        consent: consent.into(),
        profile_digest: digest(&salt, ready.texts.iter())?,
        secrets_digest: secrets_digest(&salt, planned)?,
        salt,
        changes: changes(&planned.plan),
    };
    Ok(scrubbed(context, json!(saved)))
}

fn salt() -> Result<String, CliError> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| {
        CliError::new(Code::INTERNAL, Exit::Failed, "the system gives no random numbers").caused_by(&error)
    })?;
    Ok(hexadecimal(&salt))
}

fn given(context: &Context, ready: &Ready) -> Given {
    Given {
        profile: ready.path.clone(),
        vars: context.global.var.clone(),
        var_files: context.global.var_file.clone(),
        context: context.named_context().map(str::to_owned),
        in_cluster: context.global.in_cluster,
    }
}

fn secrets_digest(salt: &str, Planned { plan, secrets, spokes: _ }: &Planned) -> Result<String, NoDigest> {
    let hidden = hidden(plan);
    digest(salt, secrets.values().chain(&hidden))
}

/// Takes known secrets out, as out of everything that leaves the process.
fn scrubbed(context: &Context, document: Value) -> Value {
    let random: Vec<Value> = RANDOM.iter().map(|key| document[*key].clone()).collect();
    let mut document = context.ui.redactor().scrub_document(document);
    for (key, value) in RANDOM.iter().zip(random) {
        document[*key] = value;
    }
    document
}

/// The run that the plan was made in, where this command line does not say otherwise.
///
/// # Errors
/// When several profiles are named.
pub(super) fn resume(context: &Context, saved: &SavedPlan) -> Result<Context, CliError> {
    let Given { profile, vars, var_files, context: hub, in_cluster } = saved.given.clone();
    let mut resumed = context.clone();
    let global = &mut resumed.global;
    if global.profile.len() > 1 {
        let message = "a plan file is of one profile, and several are given";
        return Err(CliError::usage(Code::USAGE, message).hinted("leave `-f` out: the plan file names it"));
    }
    if global.profile.is_empty() {
        global.profile = vec![profile];
    }
    (global.var, global.var_file) = (vars, var_files);
    let says_where = context.named_context().is_some() || global.in_cluster;
    if !says_where {
        global.in_cluster = in_cluster && global.kubeconfig.is_none();
        global.context = hub;
    }
    Ok(resumed)
}

/// Refuses to write to spokes, of which nothing is in the plan file.
///
/// # Errors
/// When a token has come to its end meanwhile, or somebody changed the account of Argo CD on a spoke.
pub(super) fn check_spokes(planned: &Planned) -> Result<(), CliError> {
    if !planned.spokes.have_changes() {
        return Ok(());
    }
    let message = "the plan is stale: a spoke needs a new token or another account by now";
    Err(CliError::new(Code::STALE_PLAN, Exit::Conflict, message)
        .hinted("`bridge apply` without the plan file shows and does it"))
}

/// Refuses another profile than the plan's.
///
/// # Errors
/// When its name or its text is another one.
pub(super) fn check_profile(saved: &SavedPlan, ready: &Ready) -> Result<(), CliError> {
    let is_same = saved.profile == ready.profile.name.as_str()
        && digest(&saved.salt, ready.texts.iter())? == saved.profile_digest;
    if is_same {
        return Ok(());
    }
    let message = "the profile is not the one that the plan was made from; nothing was written";
    Err(stale(Code::STALE_INPUT, message).hinted(
        "its files, its templates and the values of its variables count; `-f` names it where it moved",
    ))
}

/// Refuses another cluster than the plan's.
///
/// # Errors
/// When it has another uid.
pub(super) fn check_cluster(saved: &SavedPlan, found: &ClusterIdentity) -> Result<(), CliError> {
    if saved.cluster.uid == found.uid {
        return Ok(());
    }
    let (planned, ClusterIdentity { server, context, uid, kubectl: _ }) = (&saved.cluster, found);
    let message = format!("{server} is another cluster than the plan's; nothing was written");
    Err(stale(Code::ANOTHER_CLUSTER, message)
        .hinted(format!(
            "the plan was made for {} (context {}, uid {})",
            planned.server, planned.context, planned.uid
        ))
        .hinted(format!(
            "the context {context} leads to the uid {uid}; `--context NAME` chooses another one"
        )))
}

/// Refuses what is not the saved plan any more.
///
/// # Errors
/// When a change, or a secret, is another one than it was.
pub(super) fn check_plan(
    context: &Context,
    saved: &SavedPlan,
    profile: &Profile,
    planned: &Planned,
) -> Result<(), CliError> {
    let moved = what_moved(context, saved, &planned.plan)?;
    if !moved.is_empty() {
        return Err(objects_moved(profile, &moved));
    }
    if secrets_digest(&saved.salt, planned)? == saved.secrets_digest {
        return Ok(());
    }
    let message = "a secret is another one than when it was planned; nothing was written";
    Err(stale(Code::STALE_INPUT, message).with_causes(vec![other_secrets(profile)]))
}

fn objects_moved(profile: &Profile, moved: &[Moved]) -> CliError {
    let message =
        format!("{} of the objects moved since the plan was saved; nothing was written", moved.len());
    let causes = moved.iter().map(Moved::to_string).collect();
    let error = stale(Code::STALE_PLAN, message).with_causes(shortened(causes));
    let names = references(profile);
    // Other changes mask other values, so nobody can tell any more whether a secret is the same.
    if names.is_empty() || moved.iter().all(|moved| moved.object.kind != "Secret") {
        return error;
    }
    error.hinted(format!("a reference of the profile with another value moves them, too: {names}"))
}

fn what_moved(context: &Context, saved: &SavedPlan, plan: &Plan) -> Result<Vec<Moved>, CliError> {
    let now = context.ui.redactor().scrub_document(json!(changes(plan)));
    let now: Vec<SavedChange> = serde_json::from_value(now).map_err(|error| {
        CliError::new(Code::INTERNAL, Exit::Failed, "the plan cannot be compared").caused_by(&error)
    })?;
    let blocked = blocked(plan);
    let is_blocked = |moved: &Moved| blocked.iter().any(|blocked| blocked.object == moved.object);
    let moved = moved(&saved.changes, &now).into_iter().filter(|moved| !is_blocked(moved));
    Ok(moved.chain(blocked.iter().cloned()).collect())
}

/// One digest over all of them cannot say which: that is what keeps it from being guessed.
fn other_secrets(profile: &Profile) -> String {
    let references = match references(profile).as_str() {
        "" => String::new(),
        names => format!(" ({names})"),
    };
    format!(
        "one of the secrets that the profile holds or refers to{references}, or one that the plan replaces on the hub"
    )
}

/// Where the profile's secrets are, in words.
fn references(profile: &Profile) -> String {
    let sources = secret_references::collect(profile);
    shortened(sources.keys().filter_map(secret_references::name).collect()).join(", ")
}

fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let more = lines.len().saturating_sub(NAMED);
    lines.truncate(NAMED);
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines
}

fn stale(code: Code, message: impl Into<String>) -> CliError {
    CliError::new(code, Exit::Conflict, message)
        .hinted("look at a new plan, and save it: bridge plan --out FILE")
}

impl From<NoDigest> for CliError {
    fn from(error: NoDigest) -> Self {
        Self::usage(Code::PLAN_FILE, "the plan file cannot be checked").caused_by(&error)
    }
}
