# shellcheck shell=bash  # sourced
# Processes are told by their id and the moment of their start: an id alone may be somebody else's by now.

# born PID: when it started, in the kernel's ticks; nothing for a process that is gone.
born() { awk '{ sub(/^.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null || true; }

# record PID FILE: notes a process.
record() { echo "$1 $(born "$1")" >"$2"; }

# alive FILE: the id of the noted process, if that process still is.
alive() {
    local pid birth
    read -r pid birth 2>/dev/null <"$1" || return 1
    [[ -n $birth && $(born "$pid") == "$birth" ]] || return 1
    echo "$pid"
}

# finish SECONDS FILE: ends the noted process, by force where it takes longer.
finish() {
    local pid
    pid=$(alive "$2") || return 0
    kill "$pid" 2>/dev/null || return 0
    for ((i = 0; i < $1 * 20; i++)); do
        alive "$2" >/dev/null || return 0
        sleep 0.05
    done
    kill -KILL "$pid" 2>/dev/null || true
}
