//! The status of a hub and its fleet, as people read it.

use std::collections::BTreeMap;

use crate::plan::status::application::{Health, Sync};
use crate::plan::status::fleet::ClusterStatus;
use crate::plan::status::{Count, GeneratedApplication, GeneratingSet, Origin, Status};
use crate::report::plan_text::Detail;
use crate::report::redact::Redactor;
use crate::report::status_words::{self as words, counted};
use crate::report::style::{self, paint, plain};

/// So many lines of a section are listed; of more, `--all` lists the rest.
const LISTED: usize = 20;
/// Longer lines are cut, unless everything is asked for.
const LONGEST_LINE: usize = 240;
/// Longer names push only their own line out of the column.
const WIDEST_NAME: usize = 40;

/// Whence it is known what Argo CD can read.
const DERIVED: &str = "What Argo CD can read is told by the Applications that deploy there; the state of its connections is in \
                       its cache, which `argocd cluster list` shows.";

/// One part, and how it is.
struct Line {
    mark: Mark,
    name: String,
    /// Beside the name.
    text: String,
    /// Below it.
    more: Vec<String>,
}

/// How one part is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Well,
    /// Nothing speaks against it, and nothing for it.
    Silent,
    Unwell,
}

impl Mark {
    fn of(is_well: bool) -> Self {
        if is_well { Self::Well } else { Self::Unwell }
    }

    fn sign(self) -> String {
        match self {
            Self::Well => paint(style::ADD, "✓"),
            Self::Silent => paint(style::CHANGE, "?"),
            Self::Unwell => paint(style::DESTROY, "✗"),
        }
    }
}

/// The whole status; ends in whether all is well. Lines are cut, so the redactor sees them first.
#[must_use]
pub fn render(status: &Status, detail: Detail, redactor: &Redactor) -> String {
    let page = Page { detail, redactor };
    let silent = status.clusters.iter().filter(|one| one.is_silent()).count();
    let mut out = page.section("Hub", &hub(status, detail), Shown::All);
    let clusters: Vec<Line> = status.clusters.iter().map(cluster).collect();
    let shown = if clusters.len() <= LISTED { Shown::All } else { Shown::Unwell };
    let mut heading = headed("Clusters", status.count_clusters());
    if silent > 0 {
        heading.push_str(&format!(", {silent} not answering from here"));
    }
    out.push_str(&page.section(&heading, &clusters, shown));
    let sets: Vec<Line> = status.sets.iter().map(set).collect();
    let shown = if sets.len() <= LISTED { Shown::All } else { Shown::Unwell };
    out.push_str(&page.section(&headed("ApplicationSets", status.count_sets()), &sets, shown));
    let applications: Vec<Line> = status.applications.iter().map(application).collect();
    let heading = headed("Applications", status.count_applications()) + &kinds(&status.applications);
    out.push_str(&page.section(&heading, &applications, Shown::Unwell));
    out + &footer(status)
}

/// Which lines are shown where not everything is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    All,
    Unwell,
}

struct Page<'a> {
    detail: Detail,
    redactor: &'a Redactor,
}

impl Page<'_> {
    /// A heading and its lines.
    fn section(&self, heading: &str, lines: &[Line], shown: Shown) -> String {
        let (limit, is_full) = match self.detail {
            Detail::Short => (LISTED, shown == Shown::All),
            Detail::Full => (usize::MAX, true),
        };
        let (title, rest) = heading.split_once('\n').unwrap_or((heading, ""));
        let rest: String = rest.lines().map(|line| format!("  {line}\n")).collect();
        let mut wanted: Vec<&Line> = lines.iter().filter(|line| is_full || line.mark != Mark::Well).collect();
        if !is_full {
            wanted.sort_by_key(|line| line.mark != Mark::Unwell);
        }
        let listed = &wanted[..wanted.len().min(limit)];
        let width =
            listed.iter().map(|line| line.name.chars().count()).max().unwrap_or_default().min(WIDEST_NAME);
        let mut out = format!("{}\n{rest}", paint(style::STRONG, &format!("# {title}")));
        out.extend(listed.iter().map(|line| self.line(line, width)));
        if listed.len() < wanted.len() {
            out.push_str(&format!("    … and {} more; --all lists them\n", wanted.len() - listed.len()));
        }
        out + "\n"
    }

    fn line(&self, Line { mark, name, text, more }: &Line, width: usize) -> String {
        let mark = mark.sign();
        let first = self.cut(&format!("{name:<width$}  {text}"));
        let more: String = more.iter().map(|line| format!("      {}\n", self.cut(line))).collect();
        format!("  {mark} {}\n{more}", first.trim_end())
    }

    fn cut(&self, text: &str) -> String {
        let clean = self.redactor.clean(&plain(text));
        match self.detail {
            Detail::Full => clean.text().to_owned(),
            Detail::Short if clean.cut(LONGEST_LINE) == clean.text() => clean.text().to_owned(),
            Detail::Short => format!("{}…", clean.cut(LONGEST_LINE)),
        }
    }
}

/// `Clusters: 3, 1 not well`
fn headed(what: &str, Count { total, unwell }: Count) -> String {
    if unwell == 0 { format!("{what}: {total}") } else { format!("{what}: {total}, {unwell} not well") }
}

fn hub(status: &Status, detail: Detail) -> Vec<Line> {
    let Status { owner, hub, .. } = status;
    let workloads = hub.argo_cd.workloads();
    let listed = workloads.iter().filter(|one| detail == Detail::Full || !one.is_well());
    let inventory = Line {
        mark: Mark::of(hub.has_own_inventory()),
        name: "inventory".to_owned(),
        text: words::inventory(&hub.inventory, owner),
        more: Vec::new(),
    };
    let argo_cd = Line {
        mark: Mark::of(hub.argo_cd.is_well()),
        name: "Argo CD".to_owned(),
        text: words::argo_cd(&hub.argo_cd, owner),
        more: listed.map(words::workload).collect(),
    };
    vec![inventory, argo_cd]
}

/// One line for a cluster that is well; more where there is a reason to read on.
fn cluster(cluster: &ClusterStatus) -> Line {
    let (name, parts) = (cluster.name.clone(), words::cluster(cluster));
    let mark = match (cluster.is_well(), cluster.is_silent()) {
        (true, false) => Mark::Well,
        (true, true) => Mark::Silent,
        (false, _) => Mark::Unwell,
    };
    if mark == Mark::Well {
        return Line { mark, name, text: parts.join("; "), more: Vec::new() };
    }
    let mut parts = parts.into_iter();
    let text = parts.next().unwrap_or_default();
    Line { mark, name, text, more: parts.collect() }
}

fn set(GeneratingSet { set, origin, applications }: &GeneratingSet) -> Line {
    let made = counted(*applications, "Application");
    let from = match origin {
        Origin::Profile => String::new(),
        Origin::Application(name) => format!(", deployed by the Application {name}"),
    };
    let text = format!("{made}{from}");
    let more =
        words::unready(&set.readiness).map(str::to_owned).into_iter().chain(words::stale(set)).collect();
    Line { mark: Mark::of(set.is_well()), name: set.id.name.clone(), text, more }
}

fn application(GeneratedApplication { application, set, cluster }: &GeneratedApplication) -> Line {
    let on = cluster.as_ref().map(|name| format!(" on {name}")).unwrap_or_default();
    let of = set.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
    Line {
        mark: Mark::of(application.is_well()),
        name: application.id.name.clone(),
        text: format!("{}, {}{on}{of}", application.sync, application.health),
        more: application.reason.iter().cloned().collect(),
    }
}

/// How many there are of each sync and health, one line for each.
fn kinds(applications: &[GeneratedApplication]) -> String {
    let mut counts: BTreeMap<(Sync, Health), usize> = BTreeMap::new();
    for GeneratedApplication { application, .. } in applications {
        *counts.entry((application.sync, application.health)).or_default() += 1;
    }
    let line = |((sync, health), count): (&(Sync, Health), &usize)| format!("\n{count:>5}  {sync}, {health}");
    counts.iter().map(line).collect()
}

fn footer(status: &Status) -> String {
    let mut out = String::new();
    let namespace = &status.owner.namespace;
    if status.others > 0 {
        let others = counted(status.others, "other Application");
        out.push_str(&format!("{others} in the namespace `{namespace}` did not come of this profile.\n"));
    }
    out.push_str(&paint(style::FAINT, DERIVED));
    out.push('\n');
    if let Some(first) = status.applications.iter().find(|one| !one.application.is_well()) {
        let name = &first.application.id.name;
        let kubectl = plain(&status.cluster.kubectl);
        let hint = paint(style::HINT, "hint:");
        out.push_str(&format!(
            "{hint} more of one: kubectl describe application -n {namespace} {name}{kubectl}\n"
        ));
    }
    out + &verdict(status)
}

fn verdict(status: &Status) -> String {
    if status.is_well() {
        let silent = status.clusters.iter().filter(|one| one.is_silent()).count();
        if silent > 0 {
            let unknown = format!("{} did not answer from here.", counted(silent, "cluster"));
            return format!("{} {unknown}\n", paint(style::CHANGE, "Well as far as can be seen:"));
        }
        return format!("{}\n", paint(style::SUCCESS, "All is well."));
    }
    let counts = [
        (usize::from(!status.hub.is_well()), "hub"),
        (status.count_clusters().unwell, "cluster"),
        (status.count_sets().unwell, "ApplicationSet"),
        (status.count_applications().unwell, "Application"),
    ];
    let parts = counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| match word {
        "hub" => "the hub".to_owned(),
        _ => counted(count, word),
    });
    let parts: Vec<String> = parts.collect();
    format!("{} {}.\n", paint(style::ERROR, "Not well:"), parts.join(", "))
}

#[cfg(test)]
mod tests;
