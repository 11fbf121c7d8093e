//! What will be destroyed, one line an object, with what tells people whether they mean it.

use serde_json::Value;

use crate::desired::secret_data;
use crate::desired::wave::Wave;
use crate::plan::change::Change;
use crate::plan::live::Live;
use crate::plan::summary::Plan;
use crate::report::plan_text::{Detail, heading, telling_labels};
use crate::report::style::{self, paint, plain};
use crate::report::workloads_text;

/// Every object that will be destroyed, grouped by wave, in the order in which they go.
pub(super) fn section(plan: &Plan, detail: Detail) -> String {
    let deleted: Vec<&Live> = plan.changes.iter().filter_map(Change::deleted).collect();
    let waves = deleted.chunk_by(|a, b| Wave::of(a.object()) == Wave::of(b.object()));
    waves.map(|wave| self::wave(plan, wave, detail)).collect()
}

fn wave(plan: &Plan, wave: &[&Live], detail: Detail) -> String {
    let title = wave.first().map(|live| Wave::of(live.object()).title()).unwrap_or_default();
    let line = |live: &&Live| {
        let effects = workloads_text::lines(plan.workloads.of_change(live.id()), detail);
        // What is known of its Applications comes before what it says of itself.
        let telling =
            if effects.is_empty() || live.is_cluster_secret() { telling(live) } else { String::new() };
        let telling = paint(style::FAINT, &telling);
        format!("  {} {}{telling}\n", paint(style::DESTROY, "-"), live.id())
            + &effects.iter().map(|line| format!("      {line}\n")).collect::<String>()
    };
    heading(&format!("{title}: {} to destroy", wave.len()))
        + &wave.iter().map(line).collect::<String>()
        + "\n"
}

/// Which cluster goes, and what goes along with an ApplicationSet; nothing for other objects.
fn telling(live: &Live) -> String {
    if live.is_cluster_secret() {
        // An address with a user in it holds a password, too.
        let server = secret_data::text(live.body(), "server").filter(|server| !server.contains('@'));
        let server = server.map_or(String::new(), |server| format!(" server={server}"));
        return plain(&(server + &telling_labels(live.object())));
    }
    fate(live).map_or(String::new(), |fate| format!(" ({fate})"))
}

/// What happens to that which an ApplicationSet made, by what it says on the cluster: the profile may have changed since.
/// Argo CD's controller deletes its Applications with it, and gives them the finalizer that removes what they deployed
/// unless `preserveResourcesOnDeletion` is set.
pub(in crate::report) fn fate(live: &Live) -> Option<&'static str> {
    if live.id().group_kind.kind != "ApplicationSet" {
        return None;
    }
    let preserves =
        live.body().pointer("/spec/syncPolicy/preserveResourcesOnDeletion") == Some(&Value::Bool(true));
    Some(if preserves {
        "its Applications go; the workloads that they deployed stay"
    } else {
        "its Applications go, and the workloads that they deployed go with them"
    })
}
