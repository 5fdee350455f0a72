# shellcheck shell=bash
# The node.

needs() { echo iptables; }
wants() { echo kube-apiserver containerd; }
ports() { echo LAB_PORT_KUBELET LAB_PORT_KUBELET_HEALTH; }
build() { build_kubernetes; }

start() {
    mkdir -p "$LAB/data/kubelet" "$LAB/logs/pods"
    client kubelet "/O=system:nodes/CN=system:node:$LAB_NODE" "$LAB/pki/kubelet.kubeconfig"
    write_settings
    # The node's address is the bridge's: it is there on every machine, whatever other networks there are.
    run_process "$BIN/kubelet" --config="$LAB/run/kubelet.yaml" --kubeconfig="$LAB/pki/kubelet.kubeconfig" \
        --root-dir="$LAB/data/kubelet" --cert-dir="$LAB/pki/kubelet" \
        --hostname-override="$LAB_NODE" --node-ip="$LAB_GATEWAY"
}

write_settings() {
    # The image garbage collector would take what cannot be pulled again; a full disk is not the lab's business.
    cat >"$LAB/run/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
podLogsDir: $LAB/logs/pods
volumePluginDir: $LAB/data/kubelet/volume-plugins
address: $LAB_GATEWAY
port: $LAB_PORT_KUBELET
healthzBindAddress: 127.0.0.1
healthzPort: $LAB_PORT_KUBELET_HEALTH
authentication:
  anonymous: { enabled: false }
  webhook: { enabled: true }
  x509: { clientCAFile: $LAB/pki/ca.crt }
authorization: { mode: Webhook }
clusterDomain: cluster.local
clusterDNS: [$LAB_SERVICE_DNS]
cgroupDriver: cgroupfs
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
enforceNodeAllocatable: []
maxPods: 250
imageGCHighThresholdPercent: 100
evictionHard: { memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1% }
YAML
}

ready() {
    http_ok "http://127.0.0.1:$LAB_PORT_KUBELET_HEALTH/healthz" \
        && [[ $(kube get node "$LAB_NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>/dev/null) == True ]]
}

stop() {
    end_process kubelet
    drop_chains KUBE-
    # The links that it leaves for log collectors, and the folder that no setting moves.
    find /var/log/containers -lname "$LAB/*" -delete 2>/dev/null || true
    rmdir /var/lib/kubelet/device-plugins /var/lib/kubelet /var/log/containers 2>/dev/null || true
}
