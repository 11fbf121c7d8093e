#!/usr/bin/env bash
# sweep.sh: what an engine leaves that was killed: its own containerd and shims, the processes of containers, mounts, and
# empty cgroups. After an orderly end there is next to nothing of it.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

# processes: those in the cgroup of all containers, and those with this engine's own folder among their arguments.
processes() {
    find /sys/fs/cgroup -path "*/$CGROUP/*" -name cgroup.procs -exec cat {} + 2>/dev/null
    grep -lzaF "$STATE/exec" /proc/[0-9]*/cmdline 2>/dev/null | grep -oE '[0-9]+'
}

for ((i = 0; i < 100; i++)); do
    found=$(processes | sort -u | grep -vx "$$")
    [[ -n $found ]] || break
    # Paused ones die only when they go on.
    find /sys/fs/cgroup -path "*/$CGROUP/*" -name freezer.state -exec sh -c 'echo THAWED >"$1"' _ {} \; 2>/dev/null
    find /sys/fs/cgroup -path "*/$CGROUP/*" -name cgroup.freeze -exec sh -c 'echo 0 >"$1"' _ {} \; 2>/dev/null
    xargs -r kill -KILL <<<"$found" 2>/dev/null
    sleep 0.1
done

# mounts: the newest first.
folders=("$STATE" "$(cat "$STATE/data-root" 2>/dev/null || echo "$STATE")")
for folder in "${folders[@]}"; do
    awk -v folder="$folder/" 'index($5, folder) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do
        umount -l "$mount" 2>/dev/null
    done
done

for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [[ ! -d $hierarchy/$CGROUP ]] || find "$hierarchy/$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null
done
exit 0
