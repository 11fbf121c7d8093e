#!/usr/bin/env bash
# sweep.sh: what an engine leaves that was killed: its own containerd and shims, the processes of containers, mounts, and
# empty cgroups. After an orderly end there is next to nothing of it.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

mapfile -t containers < <(find /sys/fs/cgroup -maxdepth 2 -type d -name "$CGROUP")

# processes: those of containers, and those with this engine's own folder among their arguments. The brackets keep the
# search from finding itself.
processes() {
    ((!${#containers[@]})) || find "${containers[@]}" -name cgroup.procs -exec cat {} + 2>/dev/null
    grep -lzaE "[${STATE:0:1}]${STATE:1}/exec" /proc/[0-9]*/cmdline 2>/dev/null | grep -oE '[0-9]+'
}

# Paused ones die only when they go on.
((!${#containers[@]})) || find "${containers[@]}" \( -name freezer.state -exec sh -c 'echo THAWED >"$1"' _ {} \; \) -o \
    \( -name cgroup.freeze -exec sh -c 'echo 0 >"$1"' _ {} \; \) 2>/dev/null
for ((i = 0; i < 100; i++)); do
    found=$(processes | sort -u)
    [[ -n $found ]] || break
    xargs kill -KILL <<<"$found" 2>/dev/null
    sleep 0.1
done

# mounts: the newest first.
folders=("$STATE" "$(cat "$STATE/data-root" 2>/dev/null || echo "$STATE")")
for folder in "${folders[@]}"; do
    awk -v folder="$folder" '$5 == folder || index($5, folder "/") == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do
        umount -l "$mount" 2>/dev/null
    done
done

((!${#containers[@]})) || find "${containers[@]}" -depth -type d -exec rmdir {} + 2>/dev/null
exit 0
