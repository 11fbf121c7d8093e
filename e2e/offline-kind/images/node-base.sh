#!/usr/bin/env bash
# node-base.sh WORK: the image that nodes start from: Debian with systemd, kind's own files, containerd, CNI plugins.
# It is kind's images/base/Dockerfile, step by step, with four additions (see README.md).
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/images/image.sh"
work=$1
root=$work/node
base=$work/bin/kind-source/images/base
mkdir -p "$root"
tar -xf "$("$OFFLINE_KIND/images/debian.sh")" -C "$root"

# kind's files; a Go module's are read-only and have no run bits.
cp -r --no-preserve=mode,ownership "$base/files/." "$root/"
chmod 0755 "$root"/usr/local/bin/* "$root"/kind/bin/*

# No service but these three.
rm -f "$root"/lib/systemd/system/{multi-user,local-fs,basic}.target.wants/* "$root"/etc/systemd/system/*.wants/* \
    "$root"/lib/systemd/system/sockets.target.wants/*{udev,initctl}* \
    "$root"/lib/systemd/system/sysinit.target.wants/systemd-tmpfiles-setup.service
echo 'ReadKMsg=no' >>"$root/etc/systemd/journald.conf"
ln -sf /usr/lib/systemd/systemd "$root/sbin/init"
chroot "$root" systemctl --quiet enable kubelet.service containerd.service undo-mount-hacks.service
chroot "$root" systemctl --quiet mask systemd-binfmt.service

install -m 0755 "$work"/bin/{containerd,containerd-shim-runc-v2,ctr} "$root/usr/local/bin/"
install -D -m 0755 -t "$root/opt/cni/bin" "$work"/bin/{ptp,loopback,host-local,portmap}
"$work/bin/ctr" oci spec |
    chroot "$root" jq 'del(.process.rlimits) | .hooks.createContainer += [{"path": "/kind/bin/mount-product-files.sh"}]' \
        >"$root/etc/containerd/cri-base.json"

# The additions.
cp -r --no-preserve=ownership "$OFFLINE_KIND/images/node/." "$root/"
sed -i 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' "$root/etc/containerd/config.toml"
printf '\n[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n' \
    >>"$root/etc/containerd/config.toml"
sed -i 's/^KUBELET_EXTRA_ARGS=/&--fail-cgroupv1=false /' "$root/etc/default/kubelet"

mkdir -p "$root/etc/kubernetes/manifests"
image bridge-e2e/node-files "$root" 'ENV container=docker' 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]'
# What `docker import` cannot say: systemd ends on this signal.
printf 'FROM bridge-e2e/node-files\nSTOPSIGNAL SIGRTMIN+3\n' | DOCKER_BUILDKIT=0 docker build --quiet -t bridge-e2e/node-base - >/dev/null
rm -rf "$root"
