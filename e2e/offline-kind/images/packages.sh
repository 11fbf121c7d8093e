#!/usr/bin/env bash
# packages.sh ROOT PACKAGE...: unpacks Debian packages and all that they depend on into ROOT. None of their scripts runs
# and nothing is installed on this machine: apt gets a state of its own, in which no package is there yet.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
root=$1
shift

apt_state=$CACHE/offline-kind-apt-$(codename)
mkdir -p "$apt_state"/lists/partial "$apt_state"/archives/partial "$apt_state"/nothing/partial
: >"$apt_state/status"
options=(
    -o Dir::State="$apt_state" -o Dir::State::status="$apt_state/status" -o Dir::State::lists="$apt_state/lists"
    -o Dir::Cache="$apt_state" -o Dir::Cache::archives="$apt_state/archives"
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Acquire::Retries=3 -o Acquire::http::Timeout=20
)

# A third-party source that cannot be reached is no obstacle: whether Debian's own lists are there shows below.
if [[ -z $(find "$apt_state/lists" -name '*_Packages*' -mmin -240 -print -quit) ]]; then
    apt-get -qq "${options[@]}" update >&2 || true
fi
# It lists what is to be downloaded, so the list is made as if nothing had been.
wanted=$(apt-get -qq "${options[@]}" -o Dir::Cache::archives="$apt_state/nothing" --print-uris install usr-is-merged "$@" |
    cut -d' ' -f2) || fail "Debian's archive does not give: $*"
apt-get -qq -y "${options[@]}" --download-only install usr-is-merged "$@" >&2

# As on an installed system: /bin and the like are links into /usr, which unpacking must not replace.
for folder in bin sbin lib lib64; do
    mkdir -p "$root/usr/$folder"
    [[ -e $root/$folder ]] || ln -s "usr/$folder" "$root/$folder"
done
for package in $wanted; do
    dpkg-deb --fsys-tarfile "$apt_state/archives/$package" |
        tar -x --keep-directory-symlink -C "$root"
done
rm -rf "$root"/usr/share/{doc,man,info,locale,lintian,bug}
