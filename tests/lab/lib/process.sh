# shellcheck shell=bash
# Processes: each with a pid file that says which process is meant, and a log file.

# run_process COMMAND...: starts the component's process in a session of its own.
run_process() {
    mkdir -p "$LAB/pids" "$LAB/logs"
    # The process writes its own pid file before it becomes the command, so that there is no moment without one.
    # A pid alone is not enough: pids are used again, and after a boot all of them are. Descriptor 9 is the lab's lock.
    # shellcheck disable=SC2016 # The inner shell expands it.
    setsid bash -c '
        read -ra stat </proc/self/stat
        echo "$$ ${stat[21]} $(</proc/sys/kernel/random/boot_id)" >"$0"
        unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
        exec "$@"' "$LAB/pids/$NAME" "$@" </dev/null >"$(log_of "$NAME")" 2>&1 9>&- &
    wait_until_written "$LAB/pids/$NAME" $!
}

wait_until_written() {
    until [[ $(pid_in "$1") == "$2" ]]; do
        kill -0 "$2" 2>/dev/null || die "$NAME did not start: see $(log_of "$NAME")"
        sleep 0.01
    done
}

log_of() { echo "$LAB/logs/$1.log"; }

pid_in() {
    local pid=""
    { read -r pid _ <"$1"; } 2>/dev/null || true
    echo "$pid"
}

# alive NAME: whether the very process that the component started is still there.
alive() {
    local pid began boot stat
    { read -r pid began boot <"$LAB/pids/$1"; } 2>/dev/null || return 1
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" ]] || return 1
    { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
    # Fields are counted behind the command's name, which may contain anything: 0 is the state, 17 the number of
    # threads, 19 the start time. A zombie keeps its ports for as long as threads of it are left.
    read -ra stat <<<"${stat##*) }"
    [[ ${stat[19]} == "$began" ]] && { [[ ${stat[0]} != Z ]] || ((stat[17] > 1)); }
}

# end_process NAME: asks it to end, then makes it.
end_process() {
    local signal tries
    for signal in TERM KILL; do
        alive "$1" || break
        kill "-$signal" "$(pid_in "$LAB/pids/$1")" 2>/dev/null || true
        for ((tries = 0; tries < 50; tries++)); do
            alive "$1" || break
            sleep 0.1
        done
    done
    ! alive "$1" || die "$1, process $(pid_in "$LAB/pids/$1"), does not end"
    rm -f "$LAB/pids/$1"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; ends with the tail of the log when it does not,
# at once when the component's process is gone.
wait_for() {
    local bound=$1 what=$2 end=$((SECONDS + $1))
    shift 2
    until "$@"; do
        if [[ -e $LAB/pids/$NAME ]] && ! alive "$NAME"; then
            die "$NAME ended before $what$(log_tail)"
        fi
        ((SECONDS < end)) || die "$NAME: no $what within $bound s$(log_tail)"
        sleep 0.1
    done
}

log_tail() {
    local log
    log=$(log_of "$NAME")
    [[ ! -e $log ]] || printf '\nthe end of %s:\n%s' "$log" "$(tail -n 20 "$log")"
}

# tcp_ok HOST PORT: whether somebody takes connections.
tcp_ok() { (: <>"/dev/tcp/$1/$2") 2>/dev/null; }

# http_ok URL: whether it answers with a success. The lab's own certificates are not the question here.
http_ok() { curl --noproxy '*' --insecure --fail --silent --output /dev/null --max-time 2 "$1"; }
