# shellcheck shell=bash  # sourced
# Images FROM scratch, without a Dockerfile: a folder, and what docker is to know about it.

# image NAME FOLDER [CHANGE...]: an image of what is in the folder; a change is a line as in a Dockerfile.
image() {
    local name=$1 folder=$2 change changes=()
    shift 2
    for change in "$@"; do changes+=(--change "$change"); done
    tar -C "$folder" --numeric-owner -c . | docker import "${changes[@]}" - "$name" >/dev/null
    say "image $name"
}

# program_image NAME BINARY PROGRAM: an image of one static binary, which may be started by the name PROGRAM.
program_image() {
    local folder
    folder=$(mktemp -d)
    install -D -m 0755 "$2" "$folder/usr/local/bin/$3"
    mkdir -m 1777 "$folder/tmp"
    image "$1" "$folder" 'ENV PATH=/usr/local/bin' "ENTRYPOINT [\"/usr/local/bin/$3\"]"
    rm -rf "$folder"
}

# debian_image_root FOLDER: what a package's own scripts would have done, as far as programs of an image need it.
debian_image_root() {
    local root=$1
    mkdir -p "$root"/{etc/ssl/certs,proc,sys,dev,run}
    mkdir -m 1777 "$root/tmp" 2>/dev/null || chmod 1777 "$root/tmp"
    echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
    echo 'root:x:0:' >"$root/etc/group"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
    [[ ! -d $root/usr/share/ca-certificates ]] ||
        find "$root/usr/share/ca-certificates" -name '*.crt' -exec cat {} + >"$root/etc/ssl/certs/ca-certificates.crt"
    ldconfig -r "$root"
}
