#!/usr/bin/env bash
# control-plane.sh WORK: the images that run on every node, as the tarballs of a Kubernetes release, for `kind build`.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/images/image.sh"
work=$1
bin=$work/bin
version=${NODE_IMAGE##*:}
server=$work/release/kubernetes/server/bin
mkdir -p "$server"

# named PATTERN: the one image of this name that kubeadm asks for.
named() { "$bin/kubeadm" config images list --kubernetes-version "$version" 2>/dev/null | grep "/$1:"; }
# What kind's own manifests name, and the pause of its containerd configuration.
mapfile -t stand_ins < <(grep -ohE 'docker.io/kindest/(kindnetd|local-path-provisioner|local-path-helper):[^"]+' \
    "$bin"/kind-source/pkg/build/nodeimage/*.go | sort -u)
pause=$(sed -nE 's/^ *sandbox_image = "(.*)"/\1/p' "$bin/kind-source/images/base/files/etc/containerd/config.toml")

for program in kube-apiserver kube-controller-manager kube-scheduler; do
    program_image "$(named $program)" "$bin/$program" $program
done
program_image "$(named etcd)" "$bin/etcd" etcd
program_image "$(named coredns)" "$bin/coredns" coredns
program_image "$pause" "$work/wait" pause
for name in "${stand_ins[@]}"; do
    program=${name##*/}
    program_image "$name" "$work/wait" "${program%%:*}"
done

# kube-proxy drives nftables by the iptables command.
root=$work/kube-proxy
"$OFFLINE_KIND/images/packages.sh" "$root" iptables nftables conntrack kmod
debian_image_root "$root"
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -sf xtables-nft-multi "$root/usr/sbin/$name"
done
install -D -m 0755 -t "$root/usr/local/bin" "$bin/kube-proxy"
image "$(named kube-proxy)" "$root" 'ENTRYPOINT ["/usr/local/bin/kube-proxy"]'
rm -rf "$root"

# kind reads the names in a tarball from its first entry, so the one tarball that carries what a release does not gets
# an entry with all full names; docker itself writes names that lack the host.
save() { docker save --output "$server/$1.tar" "${@:2}"; }
for program in kube-controller-manager kube-scheduler kube-proxy; do
    save $program "$(named $program)"
done
carried=("$(named kube-apiserver)" "$(named etcd)" "$(named coredns)" "$pause" "${stand_ins[@]}")
save several "${carried[@]}"
unpacked=$work/several
mkdir "$unpacked"
tar -xf "$server/several.tar" -C "$unpacked"
printf '%s\n' "${carried[@]}" | sed -E 's/^(.*):([^:]+)$/"\1":{"\2":"-"}/' | paste -sd, | sed 's/.*/{&}/' >"$unpacked/repositories"
(cd "$unpacked" && tar -cf "$server/kube-apiserver.tar" repositories ./*/ ./*.json)
rm -rf "$unpacked" "$server/several.tar"
