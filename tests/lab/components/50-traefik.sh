# shellcheck shell=bash
# The router. It runs on the machine; pods come to it by Service traefik in namespace infra.

wants() { echo network kube-apiserver; }
ports() { echo LAB_PORT_ROUTER LAB_PORT_ROUTER_PING; }

build() {
    local module=github.com/traefik/traefik/v3 crds=$CACHE/share/traefik-crds.yml
    go_tools traefik
    if [[ ! $crds -nt $CACHE/stamps/traefik ]]; then
        mkdir -p "$CACHE/share"
        install -m 644 "$(GOWORK=off go list -C "$LAB_HOME/go/traefik" -m -f '{{.Dir}}' "$module")/docs/content/reference/dynamic-configuration/kubernetes-crd-definition-v1.yml" "$crds"
    fi
}

start() {
    apply <"$CACHE/share/traefik-crds.yml"
    # Else its first look for them fails, and it waits before the next.
    kube wait --for=condition=Established --timeout=30s -f "$CACHE/share/traefik-crds.yml" >/dev/null
    run_process env KUBECONFIG="$KUBECONFIG_FILE" "$BIN/traefik" \
        --providers.kubernetescrd \
        --entrypoints.web.address=":$LAB_PORT_ROUTER" \
        --entrypoints.traefik.address="127.0.0.1:$LAB_PORT_ROUTER_PING" --ping \
        --accesslog \
        --global.checknewversion=false --global.sendanonymoususage=false
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_ROUTER_PING/ping"; }
after() { host_service infra traefik 80 "$LAB_PORT_ROUTER"; }
