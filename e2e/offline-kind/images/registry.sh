#!/usr/bin/env bash
# registry.sh WORK: an image of a registry that already holds what Argo CD's manifest names. A running one needs no push.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/engine/processes.sh"
. "$OFFLINE_KIND/images/image.sh"
work=$1
root=$work/registry
install -D -m 0755 -t "$root/usr/local/bin" "$work/bin/registry"
install -D -m 0644 "$OFFLINE_KIND/images/registry.yaml" "$root/etc/registry.yaml"

# As a process of this machine first, with its storage in the folder that becomes the image.
log=$work/registry.log
OTEL_TRACES_EXPORTER=none REGISTRY_HTTP_ADDR=127.0.0.1:0 REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY="$root/var/lib/registry" \
    "$work/bin/registry" serve "$root/etc/registry.yaml" >"$log" 2>&1 </dev/null &
record $! "$work/registry.process"
trap 'finish 5 "$work/registry.process"' EXIT
for ((i = 0; i < 300; i++)); do
    address=$(grep -oE 'listening on 127\.0\.0\.1:[0-9]+' "$log" | head -1 | cut -d' ' -f3 || true)
    [[ -z $address ]] || break
    sleep 0.1
done
[[ -n $address ]] || fail "the registry did not start: $(tail -3 "$log")"

for image in "$ARGOCD_IMAGE:$ARGOCD_VERSION" "$ARGOCD_IMAGE:$ARGOCD_UPGRADE_FROM" "$DEX_IMAGE" "$REDIS_IMAGE"; do
    # A mirror is asked for the path; the host is the mirror's own.
    docker tag "$image" "$address/${image#*/}"
    docker push --quiet "$address/${image#*/}" >/dev/null
    docker rmi --no-prune "$address/${image#*/}" >/dev/null
    say "pushed $image"
done
finish 5 "$work/registry.process"
image "$REGISTRY_IMAGE" "$root" 'ENV OTEL_TRACES_EXPORTER=none' 'EXPOSE 5000' \
    'ENTRYPOINT ["/usr/local/bin/registry", "serve", "/etc/registry.yaml"]'
rm -rf "$root"
