#!/usr/bin/env bash
# Prints where every binary and source folder is, one `NAME PATH` a line, building what the cache lacks.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
cd "$REPOSITORY"
exec cargo run --quiet -p bridge-e2e --bin controlplane -- fetch-kind
