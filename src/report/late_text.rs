//! An object that is not ready, and why, as people read it.

use crate::converge::outcome::{Late, LateCause, LatePod, PodLog};
use crate::report::style::{self, paint, plain};

/// A longer line of a log is left out whole: of a part of it the redactor could not tell what it holds.
const LONGEST_LINE: usize = 1000;

/// The object, then what was found behind it, indented.
pub(super) fn late(late: &Late) -> String {
    let Late { id, cause, why, warning, pods, more_pods, not_seen } = late;
    let heading = paint(style::WARNING, "warning:");
    let verdict = match cause {
        LateCause::Failed | LateCause::TimedOut => "did not become ready",
        LateCause::Awaited => "is not ready yet",
        LateCause::NotAwaited => "is not ready yet, and was not waited for any longer",
    };
    let mut out = format!("{heading} {id} {verdict}: {}\n", text(why, 1));
    out.extend(warning.iter().map(|warning| format!("  last warning: {}\n", text(warning, 2))));
    out.extend(pods.iter().map(pod));
    if *more_pods > 0 {
        out.push_str(&format!("  {more_pods} more of its pods are not ready\n"));
    }
    out.extend(not_seen.iter().map(|what| format!("  could not be looked at: {}\n", text(what, 2))));
    out
}

fn pod(pod: &LatePod) -> String {
    let LatePod { name, why, warning, log } = pod;
    let mut out = format!("  pod {}: {}\n", plain(name), text(why, 2));
    out.extend(warning.iter().map(|warning| format!("    last warning: {}\n", text(warning, 3))));
    out.extend(log.iter().map(self::log));
    out
}

fn log(log: &PodLog) -> String {
    let PodLog { of, lines } = log;
    let run = if of.previous { " before it ended" } else { "" };
    let line = |line: &String| format!("      {} {}\n", paint(style::FAINT, "|"), log_line(line));
    let lines: String = lines.iter().map(line).collect();
    format!("    last lines of container {}{run}:\n{lines}", plain(&of.container))
}

/// A line of a log without control characters, or how long it is.
pub(super) fn log_line(line: &str) -> String {
    match line.chars().count() {
        longer if longer > LONGEST_LINE => format!("(a line of {longer} characters)"),
        _ => plain(line),
    }
}

/// A text from the cluster, whose further lines are indented by so many steps.
fn text(text: &str, steps: usize) -> String {
    plain(text.trim_end()).replace('\n', &format!("\n{}", "  ".repeat(steps)))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::desired::id::{GroupKind, ObjectId};
    use crate::plan::pod::LogOf;

    /// A Deployment whose only pod crashes.
    pub(in crate::report) fn crash_loop() -> Late {
        let id = ObjectId {
            group_kind: GroupKind::parse("Deployment.apps"),
            namespace: Some("argocd".into()),
            name: "argocd-server".into(),
        };
        let of = LogOf { container: "argocd-server".into(), previous: true };
        let lines = vec!["starting".into(), "panic: no\u{1b}[2J".into(), "x".repeat(1001)];
        let pod = LatePod {
            name: "argocd-server-1".into(),
            why: "container argocd-server: CrashLoopBackOff: back-off 10s\nrestarting".into(),
            warning: Some("BackOff: Back-off restarting failed container (3 times)".into()),
            log: Some(PodLog { of, lines }),
        };
        Late {
            id,
            cause: LateCause::TimedOut,
            why: "0 of 1 replicas are ready".into(),
            warning: Some("FailedCreate: quota".into()),
            pods: vec![pod],
            more_pods: 2,
            not_seen: vec!["events: not allowed: no".into()],
        }
    }

    #[test]
    fn a_late_object_says_all_that_was_found() {
        let shown = anstream::adapter::strip_str(&late(&crash_loop())).to_string();
        insta::assert_snapshot!(shown, @r"
        warning: Deployment/argocd/argocd-server did not become ready: 0 of 1 replicas are ready
          last warning: FailedCreate: quota
          pod argocd-server-1: container argocd-server: CrashLoopBackOff: back-off 10s
            restarting
            last warning: BackOff: Back-off restarting failed container (3 times)
            last lines of container argocd-server before it ended:
              | starting
              | panic: no\u{1b}[2J
              | (a line of 1001 characters)
          2 more of its pods are not ready
          could not be looked at: events: not allowed: no
        ");
    }

    #[test]
    fn what_was_not_waited_for_to_the_end_is_told_from_what_failed() {
        for (cause, words) in [
            (LateCause::Failed, "server did not become ready: 0 of 1"),
            (LateCause::Awaited, "server is not ready yet: 0 of 1"),
            (LateCause::NotAwaited, "server is not ready yet, and was not waited for any longer: 0 of 1"),
        ] {
            let shown = late(&Late { cause, ..crash_loop() });
            assert!(shown.contains(words), "{shown}");
        }
    }
}
