# shellcheck shell=bash
# The scheduler, of a single node.

wants() { echo kube-apiserver; }
ports() { echo LAB_PORT_SCHEDULER; }
build() { build_kubernetes; }

start() {
    client scheduler /CN=system:kube-scheduler "$LAB/pki/scheduler.kubeconfig"
    run_process "$BIN/kube-scheduler" --kubeconfig="$LAB/pki/scheduler.kubeconfig" \
        --bind-address=127.0.0.1 --secure-port="$LAB_PORT_SCHEDULER" --leader-elect=false
}

ready() { http_ok "https://127.0.0.1:$LAB_PORT_SCHEDULER/healthz"; }
