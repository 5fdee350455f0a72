# shellcheck shell=bash
# The words that only look: `status`, `env`, `logs`.

lab_status() {
    components | while read -r name; do ask "$name" state; done
}

# state: one line about the component that is loaded.
state() {
    local pid="" state=down
    ! alive "$NAME" || pid=$(pid_in "$LAB/pids/$NAME")
    if running 2>/dev/null; then
        state="not ready"
        if ready >/dev/null 2>&1; then state=ready; fi
    fi
    printf '%-24s %-10s %-8s %s\n' "$NAME" "$state" "${pid:--}" "$([[ ! -e $(log_of "$NAME") ]] || log_of "$NAME")"
}

lab_env() {
    printf 'export %s=%q\n' \
        KUBECONFIG "$KUBECONFIG_FILE" \
        ROUTER_URL "http://127.0.0.1:$LAB_PORT_ROUTER" \
        ENVOY_URL "http://$LAB_SERVICE_ENVOY" \
        LOCALSTACK_URL "http://127.0.0.1:$LAB_PORT_LOCALSTACK" \
        MOTO_URL "http://127.0.0.1:$LAB_PORT_MOTO" \
        HELM3 "$BIN/helm3" \
        HELM4 "$BIN/helm4" \
        HELM_PLUGINS "$CACHE/plugins" \
        CRDS "$CACHE/share/crds"
    # shellcheck disable=SC2016 # The shell that reads this has the PATH to put it before.
    printf 'export PATH=%q:"$PATH"\n' "$BIN"
}

lab_logs() {
    local log
    log=$(log_of "$1")
    [[ -e $log ]] || die "$1 has no log at $log: it has not been started, or is no process"
    cat "$log"
}
