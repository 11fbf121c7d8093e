#!/usr/bin/env bash
# up.sh DATA_ROOT: starts a container engine of this folder's own. Any other on this machine is left alone.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/engine/processes.sh"
. "$OFFLINE_KIND/engine/host.sh"
data_root=$1
. "$OFFLINE_KIND/engine/path.sh"

host_save "$STATE/before"
echo "$data_root" >"$STATE/data-root"
echo '{}' >"$STATE/daemon.json"
options=()
# The bounding set decides what any child may get; bit 24 is CAP_SYS_RESOURCE.
bounding=$(sed -nE 's/^CapBnd:\s*//p' /proc/self/status)
if (((0x$bounding >> 24 & 1) == 0)); then
    options=(--add-runtime "unprivileged=$OFFLINE_KIND/engine/runc" --default-runtime unprivileged)
fi
# A session of its own: Ctrl-C in a terminal ends the tests, and those the engine.
setsid dockerd --config-file "$STATE/daemon.json" --host "$DOCKER_HOST" \
    --data-root "$data_root" --exec-root "$STATE/exec" --pidfile "$STATE/docker.pid" \
    --storage-driver overlay2 --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$CGROUP" \
    "${options[@]}" >"$STATE/docker.log" 2>&1 </dev/null 9>&- &
record $! "$STATE/engine"

for ((i = 0; i < 600; i++)); do
    if docker version >/dev/null 2>&1; then exit 0; fi
    alive "$STATE/engine" >/dev/null || break
    sleep 0.1
done
tail -n 20 "$STATE/docker.log" >&2
fail "the engine does not answer; its log: $STATE/docker.log"
