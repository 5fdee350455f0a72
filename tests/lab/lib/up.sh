# shellcheck shell=bash
# The words `up` and `down`.

# A component starts as soon as those that it wants have left their mark here, and all others at the same time.
marks=$LAB/run/up

lab_up() {
    local clock names name down=() children=() failed=
    lab_build "$@"
    begin_clock
    mapfile -t names < <(selection "$@")
    lock_lab
    # Before anything is cleared away: who listens on our ports may be another cluster.
    for name in "${names[@]}"; do ask "$name" running || down+=("$name"); done
    # shellcheck disable=SC2046 # Words on purpose.
    ((${#down[@]} == 0)) || check_ports $(for name in "${down[@]}"; do ask "$name" ports; done)
    # The cluster's state is etcd's. Without it, whatever else still runs belongs to a cluster that is gone.
    if [[ " ${names[*]} " == *" etcd "* ]] && ! alive etcd; then clear_away; fi
    mkdir -p "$LAB"/{pids,logs,data,run}
    rm -rf "$marks"
    mkdir "$marks"
    for name in "${names[@]}"; do
        bring_up "$name" &
        children+=($!)
    done
    # Without job control, children do not hear the terminal's Ctrl-C.
    trap 'kill "${children[@]}" 2>/dev/null; exit 130' INT TERM
    for name in "${children[@]}"; do wait "$name" || failed=yes; done
    [[ -z $failed ]] || die "not up: what runs was left running, to be looked at; lab down ends it"
    say "lab up $(took)"
}

bring_up() {
    local clock name
    load "$1"
    trap 'touch "$marks/failed"' EXIT
    for name in $(wants); do await_mark "$name"; done
    if running && ready; then
        touch "$marks/$NAME"
    else
        begin_clock
        # What runs but is not ready is either about to be or broken. Only one that is gone is started.
        if ! running; then
            rm -f "$LAB/pids/$NAME"
            start
        fi
        wait_for 60 readiness ready
        after
        touch "$marks/$NAME"
        say "  $NAME $(took)"
    fi
    trap - EXIT
}

await_mark() {
    until [[ -e $marks/$1 ]]; do
        # Whoever failed has said why.
        [[ ! -e $marks/failed ]] || exit 1
        sleep 0.05
    done
}

lab_down() {
    local clock
    begin_clock
    lock_lab
    clear_away
    say "lab down $(took)"
}

# clear_away: ends all that the lab started, last component first, and drops its data. Also right when there is
# nothing, when a start broke off half way, and when the machine has been booted since.
clear_away() {
    local name names
    # Where no lab has been, what there is belongs to somebody else.
    [[ -e $LAB/run || -e $LAB/data || -e $LAB/pids ]] || return 0
    mapfile -t names < <(components | tac)
    for name in "${names[@]}"; do ask "$name" stop; done
    if grep -q " $LAB/" /proc/self/mounts; then
        die "still mounted, so nothing is deleted: $(awk -v under="$LAB/" 'index($2, under) == 1 { print $2 }' /proc/self/mounts | xargs)"
    fi
    rm -rf --one-file-system "$LAB"/{run,data,pids,pki,kubeconfig}
}

# One `up` or `down` at a time. The lock goes with this process; those that it starts do not inherit it.
lock_lab() {
    mkdir -p "$LAB"
    exec 9>"$LAB/lock"
    flock --nonblock 9 || {
        say "another lab up or lab down is at work: waiting for it"
        flock 9
    }
}
