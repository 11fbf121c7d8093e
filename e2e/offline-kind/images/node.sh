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
# kind names a remote base image by its first part; this one is of no registry.
"$work/bin/kind" build node-image --type file --base-image bridge-e2e/node-base:latest --image "$NODE_IMAGE" \
    "$work/kubernetes-server-linux-amd64.tar.gz" >&2
rm -f "$work/kubernetes-server-linux-amd64.tar.gz"
