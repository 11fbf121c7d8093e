#!/usr/bin/env bash
# clone.sh IMAGES DATA_ROOT: an engine's data with the same images, to be thrown away after a run. The layers, nearly all
# of it, are shared by hard links: an engine only ever reads them. What it writes to is copied.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
rm -rf "$2"
mkdir -p "$2"
find "$1" -mindepth 1 -maxdepth 1 ! -name overlay2 -exec cp -a -t "$2" {} +
cp -al "$1/overlay2" "$2/overlay2"
