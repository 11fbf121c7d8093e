#!/usr/bin/env bash
# companions.sh WORK: what Argo CD's manifest runs beside Argo CD: Debian's redis, and a dex that waits.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/images/image.sh"
work=$1

root=$work/redis
"$OFFLINE_KIND/images/packages.sh" "$root" base-files dash coreutils libc-bin redis-server redis-tools
debian_image_root "$root"
echo 'redis:x:999:999::/data:/bin/sh' >>"$root/etc/passwd"
install -d -o 999 -g 999 "$root/data"
image "$REDIS_IMAGE" "$root" 'USER 999' 'WORKDIR /data' 'ENTRYPOINT ["redis-server"]' 'EXPOSE 6379'
rm -rf "$root"

program_image "$DEX_IMAGE" "$work/wait" dex
