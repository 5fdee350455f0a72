# shellcheck shell=bash
# The cluster's names, and the router for every host of the lab's domain. It runs on the machine, and pods come to
# it by Service kube-dns. There is no outside: any other name does not exist.

wants() { echo network kube-apiserver; }
ports() { echo LAB_PORT_DNS LAB_PORT_DNS_READY; }
build() { go_tools coredns; }

start() {
    cat >"$LAB/run/Corefile" <<COREFILE
cluster.local $LAB_DOMAIN {
    bind $LAB_GATEWAY
    errors
    ready 127.0.0.1:$LAB_PORT_DNS_READY
    rewrite stop {
        name regex ^(.+)\.${LAB_DOMAIN//./\\.}\.\$ traefik.infra.svc.cluster.local
        answer auto
    }
    kubernetes cluster.local {
        kubeconfig $KUBECONFIG_FILE
        ttl 1
    }
}
. {
    bind $LAB_GATEWAY
    errors
    template ANY ANY {
        rcode NXDOMAIN
    }
}
COREFILE
    run_process "$BIN/coredns" -conf "$LAB/run/Corefile" -dns.port "$LAB_PORT_DNS"
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_DNS_READY/ready"; }

after() {
    apply <<MANIFESTS
apiVersion: v1
kind: Service
metadata: { name: kube-dns, namespace: kube-system }
spec:
  clusterIP: $LAB_SERVICE_DNS
  ports:
    - { name: dns, port: 53, protocol: UDP, targetPort: $LAB_PORT_DNS }
    - { name: dns-tcp, port: 53, protocol: TCP, targetPort: $LAB_PORT_DNS }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: kube-dns
  namespace: kube-system
  labels: { kubernetes.io/service-name: kube-dns }
addressType: IPv4
ports:
  - { name: dns, port: $LAB_PORT_DNS, protocol: UDP }
  - { name: dns-tcp, port: $LAB_PORT_DNS, protocol: TCP }
endpoints: [{ addresses: [$LAB_GATEWAY] }]
MANIFESTS
}
