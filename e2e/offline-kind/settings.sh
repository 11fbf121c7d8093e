# shellcheck shell=bash disable=SC2034  # sourced by every step
# Names and folders. Reading this file changes nothing.

OFFLINE_KIND=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPOSITORY=$(cd "$OFFLINE_KIND/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/bridge-e2e

# What runs: process ids, sockets, what the host was like before. One engine a machine, so no part of anybody's cache.
STATE=/run/bridge-e2e-kind
# The cgroup of all containers.
CGROUP=bridge-e2e-kind
# What tests read.
ENVIRONMENT=$STATE/env

NODE_IMAGE=bridge-e2e/node:v1.36.3
REGISTRY_IMAGE=bridge-e2e/registry
# The images of Argo CD's official manifest, as it names them.
ARGOCD_VERSION=v3.5.3
# The same image once more, for tests of an upgrade: no other 3.5 can be built from the Go module alone.
ARGOCD_UPGRADE_FROM=v3.5.2
ARGOCD_IMAGE=quay.io/argoproj/argocd
DEX_IMAGE=ghcr.io/dexidp/dex:v2.45.1
REDIS_IMAGE=public.ecr.aws/docker/library/redis:8.2.3-alpine

say() { echo "offline kind: $*" >&2; }

# fail WHAT: one line, and the end.
fail() {
    say "$*"
    exit 1
}

# Debian's own name of this machine's release, such as bookworm.
codename() { (. /etc/os-release && echo "$VERSION_CODENAME"); }

# digest FILE...: twelve digits that change with any byte of the files and of standard input.
digest() { cat "$@" - | sha256sum | cut -c1-12; }
