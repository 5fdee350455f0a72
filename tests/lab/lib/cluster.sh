# shellcheck shell=bash
# What components write into the cluster.

kube() { "$BIN/kubectl" --kubeconfig "$KUBECONFIG_FILE" "$@"; }

# apply: the manifests on stdin. Its talk goes to the log of what is applied, and is shown when it fails.
apply() { quietly "$LAB/logs/$NAME-apply.log" kube apply --server-side --force-conflicts -f -; }

# host_service NAMESPACE NAME PORT TARGET: a Service without a selector, and the
# EndpointSlice that leads it to a port of this machine, which pods know by the bridge's address.
host_service() {
    apply <<MANIFESTS
apiVersion: v1
kind: Service
metadata: { name: $2, namespace: $1 }
spec:
  ports: [{ name: $2, port: $3, targetPort: $4 }]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: $2
  namespace: $1
  labels: { kubernetes.io/service-name: $2 }
addressType: IPv4
ports: [{ name: $2, port: $4 }]
endpoints: [{ addresses: [$LAB_GATEWAY] }]
MANIFESTS
}
