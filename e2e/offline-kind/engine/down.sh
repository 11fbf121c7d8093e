#!/usr/bin/env bash
# down.sh: ends the engine that up.sh started, with every container, and puts the machine back as it was. Also after a
# crash: everything that it ends was noted, or lies in folders and a cgroup of this engine's own.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/engine/processes.sh"
. "$OFFLINE_KIND/engine/host.sh"
[[ -e $STATE/before ]] || exit 0
. "$OFFLINE_KIND/engine/path.sh"

# By docker itself where it still answers: it knows best what belongs to a container.
if alive "$STATE/engine" >/dev/null; then
    timeout 60 docker ps -aq 2>/dev/null | xargs -r timeout 60 docker rm -f -v >/dev/null 2>&1
    timeout 60 docker network prune -f >/dev/null 2>&1
fi
finish 20 "$STATE/engine"
"$OFFLINE_KIND/engine/sweep.sh"
host_restore "$STATE/before"
rm -rf "$STATE/before" "$STATE/exec" "$STATE"/docker.* "$STATE/daemon.json" "$STATE/engine" "$STATE/data-root"
