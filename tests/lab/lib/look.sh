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
        KAFKA_BOOTSTRAP "$LAB_GATEWAY:$LAB_PORT_KAFKA" \
        KAFKA_SSL_BOOTSTRAP "$LAB_GATEWAY:$LAB_PORT_KAFKA_SSL" \
        KAFKA_SASL_BOOTSTRAP "$LAB_GATEWAY:$LAB_PORT_KAFKA_SASL" \
        KAFKA_SASL_SSL_BOOTSTRAP "$LAB_GATEWAY:$LAB_PORT_KAFKA_SASL_SSL" \
        KAFKA_GATED_BOOTSTRAP "127.0.0.1:$LAB_PORT_KAFKA_GATED" \
        KAFKA_GATE "127.0.0.1:$LAB_PORT_KAFKA_GATE" \
        KAFKA_USER "$LAB_KAFKA_USER" \
        KAFKA_PASSWORD "$LAB_KAFKA_PASSWORD" \
        POSTGRES_URL "postgresql://postgres:$LAB_POSTGRES_PASSWORD@$LAB_GATEWAY:$LAB_PORT_POSTGRES/postgres" \
        POSTGRES_CERTIFIED_URL "postgresql://$LAB_POSTGRES_CERTIFIED:$LAB_POSTGRES_PASSWORD@$LAB_GATEWAY:$LAB_PORT_POSTGRES/postgres" \
        POSTGRES_LOG "$(log_of postgres)" \
        TLS_CA "$LAB/pki/back-ends.crt" \
        TLS_CERT "$LAB/pki/client.crt" \
        TLS_KEY "$LAB/pki/client.key" \
        TLS_NOBODY_CERT "$LAB/pki/nobody.crt" \
        TLS_NOBODY_KEY "$LAB/pki/nobody.key" \
        TLS_OTHER_CA "$LAB/pki/other.crt" \
        TLS_OTHER_CERT "$LAB/pki/stranger.crt" \
        TLS_OTHER_KEY "$LAB/pki/stranger.key" \
        HELM3 "$BIN/helm3" \
        HELM4 "$BIN/helm4" \
        HELM_PLUGINS "$CACHE/plugins" \
        CRDS "$CACHE/share/crds" \
        CYCLONEDX "$CACHE/cyclonedx/bin/python"
    # shellcheck disable=SC2016 # The shell that reads this has the PATH to put it before.
    printf 'export PATH=%q:"$PATH"\n' "$BIN"
}

lab_logs() {
    local log
    log=$(log_of "$1")
    [[ -e $log ]] || die "$1 has no log at $log: it has not been started, or is no process"
    cat "$log"
}
