#!/usr/bin/env bash
# argocd.sh WORK: the image that Argo CD's own Dockerfile describes, on Debian, without its web page and git-lfs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/images/image.sh"
work=$1
source=$work/bin/argocd-source
root=$work/argocd

"$OFFLINE_KIND/images/packages.sh" "$root" base-files dash bash coreutils libc-bin grep sed findutils \
    git openssh-client ca-certificates tini gnupg gpg-agent tzdata
debian_image_root "$root"
echo 'argocd:x:999:999::/home/argocd:/bin/sh' >>"$root/etc/passwd"
echo 'argocd:x:999:' >>"$root/etc/group"

bin=$root/usr/local/bin
install -D -m 0755 -t "$bin" "$work"/bin/{argocd,helm,kustomize} \
    "$source"/entrypoint.sh "$source"/hack/gpg-wrapper.sh "$source"/hack/git-verify-wrapper.sh
ln -s entrypoint.sh "$bin/uid_entrypoint.sh"
for role in server repo-server cmp-server application-controller dex notifications applicationset-controller k8s-auth \
    commit-server; do
    ln -s argocd "$bin/argocd-$role"
done

install -d -m 0775 -o 999 -g 0 "$root/home/argocd"
mkdir -p "$root"/app/config/{ssh,tls,gpg/source}
install -d -m 0700 -o 999 "$root/app/config/gpg/keys"
touch "$root/app/config/ssh/ssh_known_hosts"
ln -s /app/config/ssh/ssh_known_hosts "$root/etc/ssh/ssh_known_hosts"

image "$ARGOCD_IMAGE:$ARGOCD_VERSION" "$root" 'ENV USER=argocd' 'ENV GRPC_ENABLE_TXT_SERVICE_CONFIG=false' \
    'USER 999' 'WORKDIR /home/argocd' 'ENTRYPOINT ["/usr/bin/tini", "--"]'
docker tag "$ARGOCD_IMAGE:$ARGOCD_VERSION" "$ARGOCD_IMAGE:$ARGOCD_UPGRADE_FROM"
rm -rf "$root"
