//! What clusters take of the machine: memory, disk, inotify instances.
#![expect(clippy::disallowed_methods, reason = "the machine is what is looked at")]

use std::iter::Sum;
use std::path::Path;

use crate::code::Code;
use crate::kind::engine::{Engine, Info};
use crate::kind::problem::Problem;

/// Memory of a node without anything on it, and of Argo CD beside it: 0.45 GiB and 0.8 GiB, measured with Kubernetes 1.36
/// and Argo CD 3.5.
const NODE: u64 = 460 << 20;
const ARGO_CD: u64 = 820 << 20;

/// How many clusters there will be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    /// All of the profiles'.
    pub(super) all: usize,
    /// Those that are to be made, beside what is there.
    pub(super) new: usize,
    /// Those with Argo CD.
    pub(super) hubs: usize,
    /// Those of the new ones with Argo CD.
    pub(super) new_hubs: usize,
}

/// Of several profiles.
impl Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            all: sum.all + one.all,
            new: sum.new + one.new,
            hubs: sum.hubs + one.hubs,
            new_hubs: sum.new_hubs + one.new_hubs,
        })
    }
}

/// Warns where the machine may be too small for the new clusters beside the others.
#[must_use]
pub fn too_small(engine: Option<(&Engine, &Info)>, counts: Counts) -> Vec<Problem> {
    if counts.new == 0 {
        return Vec::new();
    }
    let meminfo = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let memory = engine.and_then(|(_, info)| memory(info, &meminfo, counts));
    let disk = engine.and_then(|(engine, info)| disk(engine, info, counts.new));
    inotify(counts.all).into_iter().chain(memory).chain(disk).collect()
}

/// Memory for all clusters, of what there is, and for the new ones, of what is left.
fn memory(info: &Info, meminfo: &str, counts: Counts) -> Option<Problem> {
    let Counts { all: clusters, new, hubs, new_hubs } = counts;
    let total = info.memory?;
    let all = ARGO_CD * hubs as u64 + NODE * clusters as u64;
    let more = NODE * new as u64 + ARGO_CD * new_hubs as u64;
    let mib = |bytes: u64| bytes >> 20;
    if total < all {
        let message = format!(
            "{clusters} kind cluster(s) with Argo CD take about {} MiB, and the engine's machine has {} MiB",
            mib(all),
            mib(total)
        );
        let fix = "give the engine's machine more memory (Docker Desktop: Settings, Resources), or take clusters out";
        return Some(Problem::warning(Code::KIND_RESOURCES, message).fix(fix));
    }
    let available = available(meminfo, total).filter(|available| *available < more)?;
    let message = format!(
        "{new} new kind cluster(s) take about {} MiB, and this machine has {} MiB available of its {} MiB",
        mib(more),
        mib(available),
        mib(total)
    );
    let fix = "`ps aux --sort=-rss | head` says what takes the rest: end some of it, or take clusters out";
    Some(Problem::warning(Code::KIND_RESOURCES, message).fix(fix))
}

/// What is available by `/proc/meminfo`, in bytes, where it is the engine's own: a virtual machine has another total.
fn available(meminfo: &str, total: u64) -> Option<u64> {
    let bytes = |what: &str| {
        let value = meminfo.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
    };
    bytes("MemAvailable").filter(|_| bytes("MemTotal") == Some(total))
}

/// A node without anything on it takes 1.5 GiB in the end, most of it images that its pods run. Only an engine of this
/// machine can be looked at.
fn disk(engine: &Engine, info: &Info, clusters: usize) -> Option<Problem> {
    const NODE: u64 = 1536 << 20;
    let root = info.root.as_ref()?;
    let free = free_bytes(root)?;
    let needed = NODE * clusters as u64;
    (free < needed).then(|| {
        let mib = |bytes: u64| bytes >> 20;
        let message = format!(
            "{clusters} kind cluster(s) take about {} MiB of disk, and {} has {} MiB left",
            mib(needed),
            root.display(),
            mib(free)
        );
        Problem::warning(Code::KIND_RESOURCES, message)
            .fix(format!("`{} system df` says what could go", engine.provider()))
    })
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail * stat.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

/// Each node runs a systemd, a containerd, a kubelet and their friends; most systems allow 128 instances for all of a user's.
fn inotify(clusters: usize) -> Option<Problem> {
    let read = |what: &str| -> Option<u64> {
        std::fs::read_to_string(format!("/proc/sys/fs/inotify/{what}")).ok()?.trim().parse().ok()
    };
    let (instances, watches) = (read("max_user_instances")?, read("max_user_watches")?);
    let is_enough = instances >= 64 * clusters as u64 && watches >= 8192 * clusters as u64;
    if is_enough {
        return None;
    }
    let message = format!(
        "{clusters} kind cluster(s) may need more inotify instances ({instances}) and watches ({watches}) than the kernel allows; pods would fail with `too many open files`"
    );
    let fix = "sudo sysctl fs.inotify.max_user_instances=512 fs.inotify.max_user_watches=524288";
    Some(Problem::warning(Code::KIND_RESOURCES, message).fix(fix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: usize, new: usize, hub_is_new: bool) -> Counts {
        Counts { all, new, hubs: 1, new_hubs: usize::from(hub_is_new) }
    }

    #[test]
    fn the_hubs_of_several_profiles_each_have_an_argo_cd() {
        let info = Info { memory: Some(2048 << 20), ..Info::default() };
        let one = counts(1, 1, true);
        assert!(memory(&info, "", one).is_none());
        let told = memory(&info, "", [one, one].into_iter().sum()).unwrap();
        assert!(told.message.starts_with("2 kind cluster(s) with Argo CD take about 2560 MiB"), "{told:?}");
    }

    #[test]
    fn little_memory_is_told_of() {
        let of = |mib: u64| Info { memory: Some(mib << 20), ..Info::default() };
        assert!(memory(&of(8192), "", counts(2, 2, true)).is_none());
        assert!(memory(&of(1024), "", counts(2, 2, true)).unwrap().is_warning);
        assert!(memory(&Info::default(), "", counts(9, 9, true)).is_none());
    }

    #[test]
    fn what_other_programs_take_counts_where_the_engine_has_no_machine_of_its_own() {
        let meminfo =
            "MemTotal:        8388608 kB\nMemFree:          204800 kB\nMemAvailable:    1048576 kB\n";
        let of = |mib: u64, clusters| {
            memory(&Info { memory: Some(mib << 20), ..Info::default() }, meminfo, clusters)
        };
        let told = of(8192, counts(2, 2, true)).unwrap();
        assert!(
            told.is_warning && told.message.contains("has 1024 MiB available of its 8192 MiB"),
            "{told:?}"
        );
        // What is there has its memory already.
        assert_eq!(of(8192, counts(3, 2, false)), None);
        // Docker Desktop's machine takes what it needs from this one only later.
        assert_eq!(of(7936, counts(2, 2, true)), None);
    }
}
