//! The one table of exit codes.

/// How a run ends, as its caller sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything is as asked for.
    Done,
    /// Something failed.
    Failed,
    /// `plan --detailed-exitcode` found changes.
    ChangesPending,
    /// The command line or the profile is wrong.
    Usage,
    /// The hub cannot be reached or denies the request.
    Unreachable,
    /// Somebody has to decide first.
    Conflict,
    /// Applied, and not ready.
    NotReady,
    /// Stopped by a signal.
    Interrupted,
}

impl Exit {
    /// All of them, by their number.
    pub(super) const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::ChangesPending,
        Self::Usage,
        Self::Unreachable,
        Self::Conflict,
        Self::NotReady,
        Self::Interrupted,
    ];

    /// The exit code of the process.
    #[must_use]
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::ChangesPending => 2,
            Self::Usage => 3,
            Self::Unreachable => 4,
            Self::Conflict => 5,
            Self::NotReady => 6,
            Self::Interrupted => 130,
        }
    }

    /// What it means, for help and documentation.
    #[must_use]
    pub(super) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done, or in sync",
            Self::Failed => "failed, the plan was declined, or something is wrong (status)",
            Self::ChangesPending => "changes are pending (plan --detailed-exitcode)",
            Self::Usage => "wrong usage, or findings in the profile",
            Self::Unreachable => "the hub is unreachable, or forbids the request",
            Self::Conflict => "conflict, stale plan, lock held, or a delete that needs consent",
            Self::NotReady => "applied, but not ready (failed or timed out)",
            Self::Interrupted => "interrupted",
        }
    }

    /// The one that counts where several apply.
    #[must_use]
    pub(super) fn worst(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// 130, 3, 4, 5, 1, 6 in that order; then pending changes.
    fn weight(self) -> u8 {
        match self {
            Self::Interrupted => 7,
            Self::Usage => 6,
            Self::Unreachable => 5,
            Self::Conflict => 4,
            Self::Failed => 3,
            Self::NotReady => 2,
            Self::ChangesPending => 1,
            Self::Done => 0,
        }
    }
}

/// The table for `bridge --help`.
#[must_use]
pub(super) fn table() -> String {
    let rows = Exit::ALL.iter().map(|exit| format!("  {:>3}  {}\n", exit.code(), exit.meaning()));
    format!("Exit codes:\n{}Several at once: 130, 3, 4, 5, 1, 6, in that order.", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_documented() {
        insta::assert_snapshot!(table(), @r"
        Exit codes:
            0  done, or in sync
            1  failed, the plan was declined, or something is wrong (status)
            2  changes are pending (plan --detailed-exitcode)
            3  wrong usage, or findings in the profile
            4  the hub is unreachable, or forbids the request
            5  conflict, stale plan, lock held, or a delete that needs consent
            6  applied, but not ready (failed or timed out)
          130  interrupted
        Several at once: 130, 3, 4, 5, 1, 6, in that order.
        ");
    }

    #[test]
    fn the_worst_of_several_counts() {
        let mut all = Exit::ALL;
        all.sort_by_key(|exit| std::cmp::Reverse(exit.weight()));
        assert_eq!(all.map(Exit::code), [130, 3, 4, 5, 1, 6, 2, 0]);
        for (index, first) in all.iter().enumerate() {
            for second in &all[index..] {
                assert_eq!(first.worst(*second), *first);
                assert_eq!(second.worst(*first), *first);
            }
        }
    }
}
