# shellcheck shell=bash
# Ports: a busy one is an error before anything is started.

# check_ports VARIABLE...: all that are busy, each with its owner and the variable that moves it.
check_ports() {
    local variable owner busy=()
    for variable in "$@"; do
        owner=$(listener "${!variable}")
        [[ -z $owner ]] || busy+=("${!variable} is used by $owner: end that, or set $variable to a free port")
    done
    ((${#busy[@]} == 0)) || die "busy ports:$(printf '\n  - %s' "${busy[@]}")"
}

# listener PORT: who listens there, as ss shows it, or nothing.
listener() {
    ss -Htulnp "sport = :$1" | awk '{ print ($7 == "" ? "a process that ss cannot see" : $7) " on " $5; exit }'
}
