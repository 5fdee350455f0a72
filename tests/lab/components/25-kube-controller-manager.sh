# shellcheck shell=bash
# The controllers: Deployments, Jobs, EndpointSlices, garbage collection.

wants() { echo kube-apiserver; }
ports() { echo LAB_PORT_CONTROLLER; }
build() { build_kubernetes; }

start() {
    client controller-manager /CN=system:kube-controller-manager "$LAB/pki/controller-manager.kubeconfig"
    run_process "$BIN/kube-controller-manager" \
        --kubeconfig="$LAB/pki/controller-manager.kubeconfig" \
        --bind-address=127.0.0.1 --secure-port="$LAB_PORT_CONTROLLER" \
        --use-service-account-credentials --service-account-private-key-file="$LAB/pki/service-account.key" \
        --root-ca-file="$LAB/pki/ca.crt" \
        --leader-elect=false
}

ready() { http_ok "https://127.0.0.1:$LAB_PORT_CONTROLLER/healthz"; }
