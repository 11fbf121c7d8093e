//! What will be deleted and created anew, and what can be done where bridge does not do that.

use crate::desired::id::ObjectId;
use crate::plan::change::{Change, FieldChange, NotReplaced, Remedy};
use crate::plan::consent::shell_word;
use crate::plan::live::Live;
use crate::plan::replace::other_managers;
use crate::plan::summary::Plan;
use crate::report::diff_text::field_lines;
use crate::report::plan_text::blocked::{hint, keep_reason, quoted};
use crate::report::plan_text::{heading, indented, named};
use crate::report::style::{plain, replace_mark};

/// Every object that will be replaced.
pub(super) fn section(plan: &Plan) -> String {
    plan.changes.iter().filter_map(replaced).collect()
}

fn replaced(change: &Change) -> Option<String> {
    match change {
        Change::Replace { desired: _, live, fields, immutable } => Some(text(live, fields, immutable)),
        Change::Create { .. }
        | Change::Update { .. }
        | Change::Adopt { .. }
        | Change::Delete { .. }
        | Change::Unchanged { .. }
        | Change::Conflict { .. }
        | Change::Refused { .. }
        | Change::Terminating { .. }
        | Change::Keep { .. } => None,
    }
}

fn text(live: &Live, fields: &[FieldChange], immutable: &[String]) -> String {
    let id = live.id();
    let mut out = heading(&format!("{id} must be replaced ({})", reason(immutable)));
    out.push_str(&format!("  {} {}\n", replace_mark(), consequence(id)));
    out.push_str(&indented(fields.iter().flat_map(field_lines)));
    let others = other_managers(live).iter().map(|name| plain(name)).collect();
    let lost = format!("(what {} set in it goes with it)", named(&others));
    let remarks = (!others.is_empty()).then_some(lost);
    let unchecked = "(the server checks the new object when it is created)".to_owned();
    out + &indented(remarks.into_iter().chain([unchecked])) + "\n"
}

/// `spec.selector is immutable`
fn reason(immutable: &[String]) -> String {
    let verb = if immutable.len() == 1 { "is" } else { "are" };
    format!("{} {verb} immutable", plain(&immutable.join(", ")))
}

/// What it means that an object of this kind is gone for a moment.
pub(in crate::report) fn consequence(id: &ObjectId) -> &'static str {
    match (id.group_kind.group.as_str(), id.group_kind.kind.as_str()) {
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet") => {
            "deleted and created anew: its pods stop before the new ones start"
        }
        ("batch", "Job") => "deleted and created anew: its pods stop, and it runs once more",
        ("", "Service") => "deleted and created anew: its addresses go, and those that it gets may be others",
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            "deleted and created anew: until then nobody has the rights that it gives"
        }
        _ => "deleted and created anew",
    }
}

/// What the user can do about a refusal; nothing where the server's words say it.
pub(super) fn remedy(plan: &Plan, id: &ObjectId, remedy: &Remedy) -> Vec<String> {
    match remedy {
        Remedy::Correct => Vec::new(),
        Remedy::Replace { immutable } => {
            let option = format!("--replace {}", quoted(&format!("{}/{}", id.group_kind.kind, id.name)));
            vec![
                format!("{}; the object has to be replaced, with {}", reason(immutable), hint(&option)),
                format!("it would be {}", consequence(id)),
            ]
        }
        Remedy::ByHand(why) => {
            let intro = format!("{}; by hand, if that is what you want:", not_replaced(id, why));
            std::iter::once(intro).chain(manual_steps(plan, id)).collect()
        }
    }
}

/// Why bridge does not replace the object.
pub(in crate::report) fn not_replaced(id: &ObjectId, why: &NotReplaced) -> String {
    let kind = plain(&id.group_kind.kind);
    match why {
        NotReplaced::Kind(why) => format!("bridge never replaces an object of the kind {kind}: {why}"),
        NotReplaced::NotOurs => "bridge replaces only what it made, and what carries its label".to_owned(),
        NotReplaced::Protected(reason) => format!("bridge does not replace it: {}", keep_reason(id, reason)),
        NotReplaced::TakesVolumes => {
            "bridge does not replace it: by its persistentVolumeClaimRetentionPolicy its claims, and the data in them, would go with it".to_owned()
        }
    }
}

/// The object is kept in a file first: what others wrote into it is in no profile.
fn manual_steps(plan: &Plan, id: &ObjectId) -> [String; 3] {
    let ObjectId { group_kind, namespace, name } = id;
    let group = if group_kind.group.is_empty() { String::new() } else { format!(".{}", group_kind.group) };
    let namespace = namespace.as_ref().map_or(String::new(), |name| format!(" -n {}", shell_word(name)));
    let object = format!("{}{group} {}{namespace}", group_kind.kind.to_lowercase(), shell_word(name));
    let context = kubectl_context(plan);
    let file = shell_word(&format!("{}-{name}.yaml", group_kind.kind.to_lowercase()));
    let lines = [
        format!("kubectl{context} get {object} -o yaml > {file}"),
        format!("kubectl{context} delete {object}"),
        "bridge apply".to_owned(),
    ];
    lines.map(|line| format!("  {}", hint(&plain(&line))))
}

/// A deletion by hand must not hit the cluster that another tool has switched to.
fn kubectl_context(plan: &Plan) -> String {
    let context = plan.cluster.as_ref().map(|cluster| cluster.context.as_str());
    context
        .filter(|name| *name != "in-cluster")
        .map_or(String::new(), |name| format!(" --context {}", shell_word(name)))
}
