#!/usr/bin/env bash
# clear.sh: the engine, and all that a run wrote.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
data=$(cat "$STATE/data-root" 2>/dev/null || true)
"$OFFLINE_KIND/engine/down.sh" || exit 1
# A store that was being built goes by its own hand.
[[ $data != */offline-kind-run ]] || rm -rf "$data"
rm -rf "$STATE"
