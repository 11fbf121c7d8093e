#!/usr/bin/env bash
# Prints a tarball with Debian as nodes need it, installed by debootstrap from this machine's own package source.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/engine/path.sh"

# What kind's Dockerfile installs, without network storage, and with what minbase lacks; runc is Debian's.
PACKAGES=systemd,systemd-sysv,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,libseccomp2,e2fsprogs
PACKAGES+=,bash,ca-certificates,curl,jq,procps,runc,hostname,tar,gzip,pigz

folder=$CACHE/offline-kind-debian-$(codename)-$(digest "${BASH_SOURCE[0]}" </dev/null)
if [[ ! -e $folder/node.tar ]]; then
    say "installing Debian for nodes into the cache (about 1 minute, only this once)"
    # shellcheck disable=SC2016  # apt fills it in
    source=$(apt-get -o Dir::State="$CACHE/offline-kind-apt-$(codename)" indextargets --format '$(REPO_URI)' \
        'Created-By: Packages' 'Origin: Debian' "Codename: $(codename)" | head -1)
    [[ -n $source ]] || fail "apt has no source of Debian $(codename)"
    rm -rf "$folder"
    mkdir -p "$folder/root"
    DEBOOTSTRAP_DIR=$engine_root/usr/share/debootstrap debootstrap --variant=minbase --include="$PACKAGES" \
        --keyring="$engine_root/usr/share/keyrings/debian-archive-keyring.gpg" \
        "$(codename)" "$folder/root" "$source" >"$folder/log" 2>&1 ||
        fail "debootstrap failed; its log: $folder/log"
    rm -rf "$folder/root"/var/cache/apt/* "$folder/root"/var/lib/apt/lists/* "$folder/root"/usr/share/{doc,man,info,locale} \
        "$folder/root"/dev/*
    tar -C "$folder/root" --numeric-owner -cf "$folder/partial.tar" .
    rm -rf "$folder/root"
    mv "$folder/partial.tar" "$folder/node.tar"
fi
echo "$folder/node.tar"
