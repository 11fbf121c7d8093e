//! A plan as a comment on a pull request: `bridge plan --output markdown`.

use std::fmt::Write;

use crate::converge::spoke::Spoke;
use crate::plan::change::Change;
use crate::plan::summary::{ClusterIdentity, Plan};
use crate::report::plan_text::{self, View};
use crate::report::spoke_text;

/// A comment may have 65,536 characters on GitHub; the rest of it needs room too.
const LONGEST_DETAIL: usize = 60_000;

/// The comment: the verdict at once, the details folded.
#[must_use]
pub fn render<'a>(plan: &Plan, spokes: impl Iterator<Item = &'a Spoke>, view: &View<'_>) -> String {
    let mut out = format!("### `bridge plan`: {}\n\n", code(&plan.owner.profile));
    if let Some(ClusterIdentity { server, context, uid: _, kubectl: _ }) = &plan.cluster {
        writeln!(out, "Cluster {} at {}\n", code(context), code(server)).unwrap_or_default();
    }
    writeln!(out, "**{}**", verdict(plan, view)).unwrap_or_default();
    let shown = plan.changes.iter().filter(|change| !matches!(change, Change::Unchanged { .. })).count();
    if shown > 0 {
        out.push_str(&folded(plan, view, shown));
    }
    let spokes = spoke_text::render(spokes, view);
    if !spokes.is_empty() {
        writeln!(out, "\n{}", block(&spokes)).unwrap_or_default();
    }
    out
}

fn verdict(plan: &Plan, view: &View<'_>) -> String {
    if plan.is_empty() {
        plan_text::nothing(plan, view).to_owned()
    } else {
        plan_text::summary(&plan.counts())
    }
}

/// Text in backticks that it cannot break out of.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn folded(plan: &Plan, view: &View<'_>, shown: usize) -> String {
    let block = block(&plan_text::render(plan, view));
    let noun = if shown == 1 { "object" } else { "objects" };
    format!("\n<details><summary>{shown} {noun}</summary>\n\n{block}\n\n</details>\n")
}

fn block(text: &str) -> String {
    let text = anstream::adapter::strip_str(text).to_string();
    let lines: Vec<String> = text.lines().map(diff_line).collect();
    let detail = shortened(&lines.join("\n"));
    let fence = fence(&detail);
    format!("{fence}diff\n{detail}\n{fence}")
}

/// The symbol in the first column, where a `diff` block colours the line.
fn diff_line(line: &str) -> String {
    let bare = line.trim_start();
    let indent = &line[..line.len() - bare.len()];
    match bare.split_once(' ') {
        Some((symbol @ ("+" | "-" | "-/+" | "!"), rest)) => format!("{symbol}{indent}{rest}"),
        Some(("~", rest)) => format!("!{indent}{rest}"),
        Some(_) | None => line.to_owned(),
    }
}

fn shortened(text: &str) -> String {
    if text.len() <= LONGEST_DETAIL {
        return text.to_owned();
    }
    let kept: usize = text.lines().map(|line| line.len() + 1).scan(0, running_total).last().unwrap_or(0);
    format!("{}\n... the rest is left out: run `bridge plan`", &text[..kept.saturating_sub(1)])
}

/// Adds lengths up to the limit.
fn running_total(total: &mut usize, length: usize) -> Option<usize> {
    *total += length;
    (*total <= LONGEST_DETAIL).then_some(*total)
}

/// A fence that is longer than any run of backticks in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::live::Live;
    use crate::report::plan_text::tests::{SHORT, plan_of};

    fn plan(names: impl Iterator<Item = String>) -> Plan {
        let secret = |name| json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": name, "namespace": "argocd" } });
        plan_of(names.map(|name| Change::Delete { live: Live::new(secret(name)).unwrap() }).collect())
    }

    #[test]
    fn the_verdict_is_outside_of_the_fold() {
        insta::assert_snapshot!(render(&plan(std::iter::once("a```b".to_owned())), std::iter::empty(), &SHORT), @r"
        ### `bridge plan`: `acme`

        **Plan: 0 to add, 0 to change, 1 to destroy.**

        <details><summary>1 object</summary>

        ````diff
        Actions are indicated with the following symbols:
        -  destroy

        bridge will perform the following actions:

          # ConfigMaps and Secrets: 1 to destroy
        -  Secret/argocd/a```b

        Plan: 0 to add, 0 to change, 1 to destroy.
        ````

        </details>
        ");
    }

    #[test]
    fn a_huge_plan_still_fits_into_a_comment() {
        let text = render(&plan((0..5000).map(|n| format!("cluster-{n}"))), std::iter::empty(), &SHORT);
        assert!(text.len() < 65_536 && text.ends_with("</details>\n"), "{}", text.len());
    }
}
