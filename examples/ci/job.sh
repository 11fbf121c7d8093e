#!/usr/bin/env bash
# What a CI job does with ephemeral clusters: up, a check, down. `job.sh [PROFILE]`; needs bridge, kind and an engine.
set -euo pipefail

profile=${1:-bridge.yaml}
bridge=${BRIDGE:-bridge}
child=

# run COMMAND...: beside the shell, which hears of a signal only between two commands, or while it waits for one.
run() {
    "$@" &
    child=$!
    wait "$child"
}

# Some CI systems end the shell alone: what it runs has to end first, or it would go on making what is being removed.
end() {
    trap '' INT TERM
    kill -TERM "$child" 2>/dev/null && wait "$child" || true
    exit "$1"
}

# Whatever happens, the clusters go; of a failure the state is shown first.
finish() {
    local code=$?
    trap '' INT TERM
    if ((code != 0)); then
        "$bridge" status -f "$profile" --all >&2 || true
    fi
    "$bridge" down -f "$profile" --auto-approve
    exit "$code"
}
trap 'end 130' INT
trap 'end 143' TERM
trap finish EXIT

run "$bridge" validate -f "$profile"
run "$bridge" up -f "$profile" --timeout "${TIMEOUT:-10m}"

# The check: nothing is left to do, and every cluster, ApplicationSet and Application is well.
run "$bridge" plan -f "$profile" --detailed-exitcode
deadline=$((SECONDS + ${PATIENCE:-300}))
until run "$bridge" status -f "$profile" --quiet >/dev/null; do
    if ((SECONDS > deadline)); then
        echo "not every Application is synced and healthy after ${PATIENCE:-300} s" >&2
        exit 1
    fi
    run sleep 5
done
