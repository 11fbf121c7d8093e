#!/usr/bin/env bash
# node.sh WORK: kind's own `build node-image`, from a release that this machine made. Nothing is pulled.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
work=$1
server=$work/release/kubernetes/server/bin
cp "$work"/bin/{kubeadm,kubelet,kubectl} "$server/"
echo "${NODE_IMAGE##*:}" >"$work/release/kubernetes/version"
tar -C "$work/release" -c kubernetes | gzip -1 >"$work/kubernetes-server-linux-amd64.tar.gz"
rm -rf "$work/release"
"$work/bin/kind" build node-image --type file --base-image bridge-e2e/node-base --image "$NODE_IMAGE" \
    "$work/kubernetes-server-linux-amd64.tar.gz" >"$work/kind.log" 2>&1 ||
    fail "kind cannot build its node image: $(tail -n 20 "$work/kind.log")"
say "image $NODE_IMAGE"
rm -f "$work/kubernetes-server-linux-amd64.tar.gz"
