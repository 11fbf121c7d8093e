//! What will be deleted and created anew, and what can be done where bridge does not do that.

use crate::desired::id::ObjectId;
use crate::plan::change::{Change, Check, FieldChange, NotReplaced, Remedy};
use crate::plan::live::Live;
use crate::plan::replace::other_managers;
use crate::plan::summary::Plan;
use crate::report::diff_text::field_lines;
use crate::report::plan_text::blocked::{hint, keep_reason, quoted};
use crate::report::plan_text::{by_hand, heading, indented, named, not_checked};
use crate::report::style::{plain, replace_mark};

/// Every object that will be replaced.
pub(super) fn section(plan: &Plan) -> String {
    plan.changes.iter().filter_map(replaced).collect()
}

fn replaced(change: &Change) -> Option<String> {
    match change {
        Change::Replace { desired: _, live, fields, immutable, check } => {
            Some(text(live, fields, immutable, check))
        }
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

fn text(live: &Live, fields: &[FieldChange], immutable: &[String], check: &Check) -> String {
    let id = live.id();
    let mut out = heading(&format!("{id} must be replaced ({})", reason(immutable)));
    out.push_str(&format!("  {} {}\n", replace_mark(), consequence(id)));
    out.push_str(&indented(fields.iter().flat_map(field_lines)));
    let others = other_managers(live).iter().map(|name| plain(name)).collect();
    let lost = format!("(what {} set in it goes with it)", named(&others));
    let remarks = (!others.is_empty()).then_some(lost);
    out + &indented(remarks.into_iter().chain(unchecked(check))) + "\n"
}

/// What is to be said where the server has not seen the new object.
fn unchecked(check: &Check) -> Option<String> {
    match check {
        Check::ByServer => None,
        Check::OnWrite => Some("(the server checks the new object when it is created)".to_owned()),
        Check::NotChecked(why) => {
            Some(format!("(the new object is not checked by the server: {})", not_checked(why)))
        }
    }
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
            let option = format!("--replace {}", quoted(&id.to_string()));
            vec![
                format!("{}; the object has to be replaced, with {}", reason(immutable), hint(&option)),
                format!("it would be {}", consequence(id)),
            ]
        }
        Remedy::ByHand { why, immutable: _ } => {
            let cluster = plan.cluster.as_ref();
            let remarks = by_hand::remarks(cluster, id).into_iter().map(|remark| format!("({remark})"));
            let intro = format!("{}; by hand, if that is what you want:", not_replaced(id, why));
            let commands = by_hand::commands(cluster, id).map(|line| format!("  {}", hint(&plain(&line))));
            std::iter::once(intro).chain(remarks).chain(commands).collect()
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
