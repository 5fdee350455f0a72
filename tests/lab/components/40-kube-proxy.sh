# shellcheck shell=bash
# Service addresses, for pods and for this machine alike.

needs() { echo iptables; }
wants() { echo kube-apiserver; }
ports() { echo LAB_PORT_PROXY_HEALTH LAB_PORT_PROXY_METRICS; }
build() { build_kubernetes; }

start() {
    client proxy /CN=system:kube-proxy "$LAB/pki/proxy.kubeconfig"
    # conntrack: the table's size is the machine's business, and often not allowed to be set.
    cat >"$LAB/run/kube-proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: { kubeconfig: $LAB/pki/proxy.kubeconfig }
mode: iptables
nodePortAddresses: [primary]
clusterCIDR: $LAB_POD_CIDR
hostnameOverride: $LAB_NODE
bindAddress: $LAB_GATEWAY
healthzBindAddress: 127.0.0.1:$LAB_PORT_PROXY_HEALTH
metricsBindAddress: 127.0.0.1:$LAB_PORT_PROXY_METRICS
oomScoreAdj: 0
conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s }
YAML
    # It waits for its node by growing steps, so it is worth being there just after it.
    wait_for 60 "node $LAB_NODE" node_exists
    run_process "$BIN/kube-proxy" --config="$LAB/run/kube-proxy.yaml"
}

node_exists() { kube get node "$LAB_NODE" >/dev/null 2>&1; }

ready() { http_ok "http://127.0.0.1:$LAB_PORT_PROXY_HEALTH/healthz"; }

stop() {
    end_process kube-proxy
    drop_chains KUBE-
}
