#!/usr/bin/env bash
# registry.sh: starts the registry beside the nodes, and writes down what tests need to know.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../settings.sh"
. "$OFFLINE_KIND/engine/path.sh"

# kind makes this network where it is missing, and uses it where it is not. Nodes know the registry by its name in it.
docker network create --driver bridge kind >/dev/null
docker run --detach --name registry --network kind --publish 127.0.0.1::5000 "$REGISTRY_IMAGE" >/dev/null
read -r registry < <(docker port registry 5000/tcp)

# By bash's own client: a machine need not have curl. In a process of its own: one that writes to a connection which
# docker's proxy has closed again is killed.
answers() {
    (
        exec 3<>"/dev/tcp/${registry%:*}/${registry#*:}"
        printf 'GET /v2/ HTTP/1.0\r\n\r\n' >&3
        read -r _ status _ <&3
        [[ $status == 200 ]]
    ) 2>/dev/null
}

for ((i = 0; i < 300; i++)); do
    if answers; then break; fi
    sleep 0.1
done
answers || fail "the registry does not answer: $(docker logs --tail 3 registry 2>&1)"

kind=$(sed -n 's/^kind //p' "$STATE/binaries")
cat >"$ENVIRONMENT" <<END
# Of $OFFLINE_KIND/start; gone after $OFFLINE_KIND/stop.
export DOCKER_HOST=$DOCKER_HOST
export DOCKER_CONFIG=$DOCKER_CONFIG
export PATH=$STATE/commands:\$PATH
export BRIDGE_KIND=$kind
export BRIDGE_E2E_NODE_IMAGE=$NODE_IMAGE
export BRIDGE_E2E_REGISTRY=$registry
export BRIDGE_E2E_OFFLINE_KIND=$STATE
END
mkdir -p "$STATE/commands" "$DOCKER_CONFIG"
ln -sf "$engine_root/usr/bin/docker" "$STATE/commands/docker"
