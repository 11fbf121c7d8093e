#!/usr/bin/env bash
# What a CI job does with ephemeral clusters: up, a check, down. `job.sh [PROFILE]`; needs bridge, kind, an engine and kubectl.
set -euo pipefail

profile=${1:-bridge.yaml}
bridge=${BRIDGE:-bridge}

# Whatever happens, the clusters go; of a failure the state is shown first.
finish() {
    local code=$?
    if ((code != 0)); then
        "$bridge" status -f "$profile" --all >&2 || true
    fi
    "$bridge" down -f "$profile" --auto-approve
    exit "$code"
}
trap finish EXIT

"$bridge" validate -f "$profile"
"$bridge" up -f "$profile" --timeout "${TIMEOUT:-10m}"

# The check: nothing is left to do, and every cluster, ApplicationSet and Application is well.
"$bridge" plan -f "$profile" --detailed-exitcode
deadline=$((SECONDS + ${PATIENCE:-300}))
until "$bridge" status -f "$profile" --quiet >/dev/null; do
    if ((SECONDS > deadline)); then
        echo "not every Application is synced and healthy after ${PATIENCE:-300} s" >&2
        exit 1
    fi
    sleep 5
done
