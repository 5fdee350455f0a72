# shellcheck shell=bash
# The router, for IngressRoute, Ingress and Gateway API. It runs on the machine; pods come to it by Service
# traefik in namespace infra, HTTPRoutes by Gateway web there.

GATEWAY_CRDS=(backendtlspolicies gatewayclasses gateways grpcroutes httproutes listenersets referencegrants tcproutes tlsroutes udproutes)

wants() { echo network kube-apiserver; }
ports() { echo LAB_PORT_ROUTER LAB_PORT_ROUTER_PING; }

build() {
    local stamp=$CACHE/stamps/router-crds want
    go_tools traefik
    want=$(module_hash traefik "$(declare -p GATEWAY_CRDS)" "$(declare -f copy_crds)")
    if [[ ! -e $CACHE/share/router-crds.yml || ! -e $stamp || $(<"$stamp") != "$want" ]]; then
        copy_crds
        echo "$want" >"$stamp"
    fi
}

# copy_crds: its own, and those of Gateway API in the version that it was built with: with an older one, its
# provider never starts.
copy_crds() {
    local own gateway
    own=$(folder_of github.com/traefik/traefik/v3)/docs/content/reference/dynamic-configuration
    gateway=$(folder_of sigs.k8s.io/gateway-api)/config/crd/standard/gateway.networking.k8s.io_
    mkdir -p "$CACHE/share"
    {
        cat "$own/kubernetes-crd-definition-v1.yml"
        for name in "${GATEWAY_CRDS[@]}"; do printf -- '---\n' && cat "$gateway$name.yaml"; done
    } >"$CACHE/share/router-crds.yml"
}

folder_of() { GOWORK=off go list -C "$LAB_HOME/go/traefik" -m -f '{{.Dir}}' "$1"; }

start() {
    apply <"$CACHE/share/router-crds.yml"
    # Else its first look for them fails, and it waits before the next.
    kube wait --for=condition=Established --timeout=30s -f "$CACHE/share/router-crds.yml" >/dev/null
    apply_classes
    run_process env KUBECONFIG="$KUBECONFIG_FILE" "$BIN/traefik" \
        --providers.kubernetescrd --providers.kubernetesingress --providers.kubernetesgateway \
        --entrypoints.web.address=":$LAB_PORT_ROUTER" \
        --entrypoints.traefik.address="127.0.0.1:$LAB_PORT_ROUTER_PING" --ping \
        --accesslog \
        --global.checknewversion=false --global.sendanonymoususage=false
}

# A listener's port is that of an entry point, not the one by which pods come.
apply_classes() {
    apply <<MANIFESTS
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: { name: traefik }
spec: { controller: traefik.io/ingress-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: traefik }
spec: { controllerName: traefik.io/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: web, namespace: infra }
spec:
  gatewayClassName: traefik
  listeners:
    - name: web
      protocol: HTTP
      port: $LAB_PORT_ROUTER
      allowedRoutes: { namespaces: { from: All } }
MANIFESTS
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_ROUTER_PING/ping"; }
after() { host_service infra traefik 80 "$LAB_PORT_ROUTER"; }
