# shellcheck shell=bash  # sourced
# What an engine and kubelets change of the whole machine, noted before and put back afterwards.

# kubelets, the first processes of nodes (systemd), dockerd.
HOST_SETTINGS=(
    vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys
    kernel/keys/root_maxbytes kernel/core_pattern kernel/pid_max fs/nr_open fs/file-max
    fs/protected_fifos fs/protected_regular fs/protected_symlinks fs/protected_hardlinks fs/inotify/max_user_instances
    fs/inotify/max_user_watches net/netfilter/nf_conntrack_max net/ipv4/ip_forward net/ipv4/conf/all/route_localnet
    net/ipv6/conf/all/forwarding net/ipv6/conf/default/forwarding
    net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables
)

# Folders that the engine makes outside its own.
HOST_FOLDERS=(/etc/docker /run/docker /run/containerd /opt/containerd)

links() { ls /sys/class/net; }
shim_sockets() { ls /run/containerd/s 2>/dev/null || true; }

# host_save FOLDER: notes everything, once: what a killed run left is not what the machine was like.
host_save() {
    local name
    [[ ! -e $1/complete ]] || return 0
    mkdir -p "$1"
    for name in "${HOST_SETTINGS[@]}"; do
        [[ ! -r /proc/sys/$name ]] || echo "$name $(<"/proc/sys/$name")"
    done >"$1/settings"
    links >"$1/links"
    shim_sockets >"$1/shim-sockets"
    iptables-save >"$1/rules"
    ls -d "${HOST_FOLDERS[@]}" >"$1/folders" 2>/dev/null || true
    touch "$1/complete"
}

# host_restore FOLDER: puts back what host_save noted. Only what is different is written.
host_restore() {
    [[ -e $1/complete ]] || return 0
    remove_links "$1/links"
    restore_rules "$1/rules"
    local name value
    while read -r name value; do
        if [[ $(<"/proc/sys/$name") != "$value" ]]; then
            echo "$value" >"/proc/sys/$name" || say "could not put back $name: it was $value"
        fi
    done <"$1/settings"
    for name in $(shim_sockets | grep -vxFf "$1/shim-sockets"); do
        rm -f "/run/containerd/s/$name"
    done
    for name in $(printf '%s\n' "${HOST_FOLDERS[@]}" | grep -vxFf "$1/folders"); do
        rm -f /etc/docker/key.json
        find "$name" -depth \( -type d -o -type s \) -delete 2>/dev/null || true
    done
}

# Bridges and cables of docker's that were not there before.
remove_links() {
    local link
    for link in $(links | grep -vxFf "$1" | grep -xE 'docker0|br-[0-9a-f]{12}|veth[0-9a-f]+'); do
        ip link delete "$link" 2>/dev/null || true
    done
}

# Docker's chains, and docker's rules in others; whatever else came meanwhile stays. The policy of forwarding as it was.
restore_rules() {
    local before=$1 table policy
    # No `grep -q`: what it ends early counts as failed.
    if iptables-save | grep -vxFf "$before" | grep -E 'DOCKER|docker0|br-[0-9a-f]{12}' >/dev/null; then
        iptables-save | grep -vE 'DOCKER|[io] (docker0|br-[0-9a-f]{12}) ' |
            grep -vE -e '^-A POSTROUTING -s ([0-9.]+)/32 -d \1/32 .*-j MASQUERADE' | iptables-restore
    fi
    policy=$(sed -nE 's/^:FORWARD ([A-Z]+).*/\1/p' "$before" | tail -1)
    iptables -P FORWARD "${policy:-ACCEPT}"
    # An empty table is not nothing: with one for addresses the kernel keeps track of every connection.
    for table in filter nat; do
        if ! grep -qx "\*$table" "$before" && ! iptables-save -t $table | grep '^-A' >/dev/null; then
            nft delete table ip $table 2>/dev/null || true
        fi
    done
}
