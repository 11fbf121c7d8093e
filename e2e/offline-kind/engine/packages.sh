#!/usr/bin/env bash
# Prints the folder with an unpacked engine: dockerd, containerd, runc, the docker command, iptables, and debootstrap.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"

folder=$CACHE/offline-kind-engine-$(codename)-$(digest "${BASH_SOURCE[0]}" "$OFFLINE_KIND/images/packages.sh" </dev/null)
if [[ ! -e $folder/root ]]; then
    say "unpacking Debian's docker.io into the cache (half a minute, only this once; nothing is installed)"
    rm -rf "$folder"
    mkdir -p "$folder/partial"
    "$OFFLINE_KIND/images/packages.sh" "$folder/partial" \
        docker.io containerd runc iptables nftables iproute2 debootstrap debian-archive-keyring
    # The machine's own loader starts these programs, so the C library that goes with it has to be the machine's, too.
    dpkg-deb --contents "$CACHE/offline-kind-apt-$(codename)"/archives/libc6_*.deb | awk '$1 !~ /^d/ && /\.so/ { print $6 }' |
        (cd "$folder/partial" && xargs rm -f)
    # Links that the packages' scripts would have made.
    for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
        ln -sf xtables-nft-multi "$folder/partial/usr/sbin/$name"
    done
    mv "$folder/partial" "$folder/root"
fi
echo "$folder/root"
