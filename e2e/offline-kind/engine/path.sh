# shellcheck shell=bash disable=SC2034  # sourced after settings.sh
# The unpacked engine's programs, with their libraries, come first.
engine_root=$("$OFFLINE_KIND/engine/packages.sh") || exit 1
export PATH=$engine_root/usr/sbin:$engine_root/usr/bin:$PATH
export LD_LIBRARY_PATH=$engine_root/usr/lib/x86_64-linux-gnu XTABLES_LIBDIR=$engine_root/usr/lib/x86_64-linux-gnu/xtables
export DOCKER_HOST=unix://$STATE/docker.sock
# The user's own docker settings (a context, a proxy, credentials) are not for this engine.
export DOCKER_CONFIG=$STATE/docker-config
