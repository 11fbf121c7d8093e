//! How an apply or a destroy ended, as people read it.

use crate::converge::outcome::{Failure, FailureClass, Outcome};
use crate::desired::id::ObjectId;
use crate::report::late_text;
use crate::report::style::{self, paint, plain};

/// More names than this are counted instead of listed.
const LISTED: usize = 10;

/// Which of the two it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `bridge apply`.
    Apply,
    /// `bridge destroy`.
    Destroy,
}

/// Whether everything that was asked for is done and ready.
#[must_use]
pub fn is_complete(outcome: &Outcome) -> bool {
    let Outcome {
        added: _,
        changed: _,
        destroyed: _,
        failures,
        not_tried,
        not_ready,
        remaining,
        interrupted,
        error,
    } = outcome;
    let is_clean =
        failures.is_empty() && not_tried.is_empty() && not_ready.is_empty() && remaining.is_empty();
    is_clean && !interrupted && error.is_none()
}

/// `Apply complete! Resources: 1 added, 0 changed, 0 destroyed.`
#[must_use]
pub fn summary(outcome: &Outcome, operation: Operation) -> String {
    let Outcome { added, changed, destroyed, .. } = outcome;
    let resources = match operation {
        Operation::Apply => format!("{added} added, {changed} changed, {destroyed} destroyed."),
        Operation::Destroy => format!("{destroyed} destroyed."),
    };
    let verb = match operation {
        Operation::Apply => "Apply",
        Operation::Destroy => "Destroy",
    };
    let (style, heading) = match (outcome.interrupted, is_complete(outcome)) {
        (true, _) => (style::WARNING, format!("{verb} interrupted.")),
        (false, true) => (style::SUCCESS, format!("{verb} complete!")),
        (false, false) => (style::ERROR, format!("{verb} incomplete.")),
    };
    format!("{} Resources: {resources}\n", paint(style, &heading))
}

/// Everything that did not end well; empty after a success.
#[must_use]
pub fn problems(outcome: &Outcome) -> String {
    let mut out: String = outcome.failures.iter().map(failure).collect();
    out.push_str(&outcome.not_ready.iter().map(late_text::late).collect::<String>());
    out.push_str(&outcome.remaining.iter().map(remaining).collect::<String>());
    out.push_str(&not_tried(&outcome.not_tried));
    out
}

fn failure(failure: &Failure) -> String {
    let Failure { id, message, fix, class } = failure;
    let what = if *class == FailureClass::Conflict { "conflict" } else { "failed" };
    let heading = paint(style::ERROR, &format!("{what}:"));
    let fix = if fix.is_empty() {
        String::new()
    } else {
        format!("  {} {}\n", paint(style::HINT, "fix:"), plain(fix))
    };
    format!("{heading} {id}: {}\n{fix}", plain(message))
}

fn remaining((id, why): &(ObjectId, String)) -> String {
    format!("{} {id} is still there: {}\n", paint(style::WARNING, "warning:"), plain(why))
}

fn not_tried(objects: &[ObjectId]) -> String {
    if objects.is_empty() {
        return String::new();
    }
    let shown: Vec<String> = objects.iter().take(LISTED).map(ToString::to_string).collect();
    let more = match objects.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let heading = paint(style::WARNING, "not tried:");
    format!("{heading} {}{more}; run the same command again to go on\n", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desired::id::GroupKind;

    fn id(name: &str) -> ObjectId {
        ObjectId {
            group_kind: GroupKind::parse("Secret"),
            namespace: Some("argocd".into()),
            name: name.into(),
        }
    }

    fn strip(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_success_is_one_line() {
        let outcome = Outcome { added: 3, changed: 1, ..Outcome::default() };
        assert_eq!(problems(&outcome), "");
        let line = strip(&summary(&outcome, Operation::Apply));
        assert_eq!(line, "Apply complete! Resources: 3 added, 1 changed, 0 destroyed.\n");
        assert_eq!(
            strip(&summary(&outcome, Operation::Destroy)),
            "Destroy complete! Resources: 0 destroyed.\n"
        );
    }

    #[test]
    fn an_interrupted_apply_says_what_was_done_and_what_was_not() {
        let not_tried = (0..12).map(|n| id(&format!("s{n:02}"))).collect();
        let failures = vec![Failure {
            id: id("bad"),
            message: "no".into(),
            fix: "yes".into(),
            class: FailureClass::Failed,
        }];
        let outcome = Outcome { added: 2, failures, not_tried, interrupted: true, ..Outcome::default() };
        insta::assert_snapshot!(strip(&(problems(&outcome) + &summary(&outcome, Operation::Apply))), @r"
        failed: Secret/argocd/bad: no
          fix: yes
        not tried: Secret/argocd/s00, Secret/argocd/s01, Secret/argocd/s02, Secret/argocd/s03, Secret/argocd/s04, Secret/argocd/s05, Secret/argocd/s06, Secret/argocd/s07, Secret/argocd/s08, Secret/argocd/s09 and 2 more; run the same command again to go on
        Apply interrupted. Resources: 2 added, 0 changed, 0 destroyed.
        ");
    }
}
