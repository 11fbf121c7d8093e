#!/usr/bin/env bash
# Prints the folder with an engine's data in which every image is, making it first where the cache has none for what is
# in this folder and in the tool modules.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
binaries=$(<"$STATE/binaries")

# Where the cache is makes no difference to an image.
key=$(find "$OFFLINE_KIND/images" "$OFFLINE_KIND/settings.sh" -type f -print0 | sort -z |
    xargs -0 sha256sum | sed "s#$OFFLINE_KIND##" |
    digest <(sed -E 's#^(\S+) .*/([^/]+/[^/]+)$#\1 \2#' <<<"$binaries"; codename))
store=$CACHE/offline-kind-images-$key
if [[ -e $store/data ]]; then
    touch "$store"
    echo "$store/data"
    exit 0
fi

# Other branches and older versions of this folder have stores of their own.
find "$CACHE" -maxdepth 1 -name 'offline-kind-images-*' -mtime +3 -exec rm -rf {} +
(($(df --output=avail -BG "$CACHE" | tail -1 | tr -dc 0-9) >= 4)) || fail "less than 4 GiB are free below $CACHE"
say "making the images of nodes and of Argo CD (3 to 4 minutes, only this once)"
. "$OFFLINE_KIND/engine/path.sh"
work=$store/partial
rm -rf "$work"
mkdir -p "$work"/{bin,tmp}
# kind leaves what it unpacked; here it goes with the rest.
export TMPDIR=$work/tmp
while read -r name path; do ln -s "$path" "$work/bin/$name"; done <<<"$binaries"
cc -static -Os -s -o "$work/wait" "$OFFLINE_KIND/images/wait.c"

trap '"$OFFLINE_KIND/engine/down.sh"; rm -rf "$work"' EXIT
"$OFFLINE_KIND/engine/up.sh" "$work/data"
for step in node-base control-plane node argocd companions registry; do
    started=$SECONDS
    "$OFFLINE_KIND/images/$step.sh" "$work"
    say "$step: $((SECONDS - started)) s"
done
# Nodes and the registry are what a run starts; the others are in them.
docker images --format '{{.Repository}}:{{.Tag}}' | grep -vxF -e "$NODE_IMAGE" -e "$REGISTRY_IMAGE:latest" |
    xargs docker rmi >/dev/null
"$OFFLINE_KIND/engine/down.sh"
mv "$work/data" "$store/data"
rm -rf "$work"
echo "$store/data"
