# shellcheck shell=bash
# The cluster's API, with the lab's certificates and the kubeconfig of its user.

needs() { echo openssl; }
wants() { echo network etcd; }
ports() { echo LAB_PORT_APISERVER; }
build() { build_kubernetes; }

start() {
    local pki=$LAB/pki
    # Kept while etcd is: whoever holds a token or a kubeconfig of this cluster goes on holding a good one.
    [[ -e $KUBECONFIG_FILE ]] || make_certificates
    run_process "$BIN/kube-apiserver" \
        --etcd-servers="http://127.0.0.1:$LAB_PORT_ETCD" \
        --secure-port="$LAB_PORT_APISERVER" --advertise-address="$LAB_GATEWAY" \
        --service-cluster-ip-range="$LAB_SERVICE_CIDR" \
        --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
        --client-ca-file="$pki/ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        --kubelet-client-certificate="$pki/apiserver-kubelet.crt" --kubelet-client-key="$pki/apiserver-kubelet.key" \
        --kubelet-preferred-address-types=InternalIP \
        --service-account-issuer=https://kubernetes.default.svc.cluster.local \
        --service-account-key-file="$pki/service-account.pub" \
        --service-account-signing-key-file="$pki/service-account.key" \
        --allow-privileged
}

make_certificates() {
    new_authority
    certificate apiserver /CN=kube-apiserver "$(names_of_service kubernetes default),DNS:localhost,IP:127.0.0.1,IP:$LAB_GATEWAY,IP:$LAB_SERVICE_APISERVER"
    certificate apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client
    client admin /O=system:masters/CN=admin "$KUBECONFIG_FILE"
}

ready() { http_ok "https://127.0.0.1:$LAB_PORT_APISERVER/readyz"; }

# infra: where the cluster finds what runs beside it, on the machine.
after() {
    apply <<MANIFEST
apiVersion: v1
kind: Namespace
metadata: { name: infra }
MANIFEST
}
