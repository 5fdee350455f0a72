# shellcheck shell=bash
# Every path, port and address of the lab, in one place. A variable that is set already stands.

# What was built, which survives `down`; and what runs, of which only the logs do. Without links in them, because
# mounts are found by their real paths.
CACHE=$(realpath -m "${DEVSTACK_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/devstack}")
LAB=$(realpath -m "${DEVSTACK_LAB:-$CACHE/lab}")

BIN=$CACHE/bin
KUBECONFIG_FILE=$LAB/kubeconfig
CONTAINERD_SOCKET=$LAB/run/containerd/containerd.sock

: "${LAB_PORT_ROUTER:=8000}"         # traefik, where requests go in: all addresses
: "${LAB_PORT_ROUTER_PING:=8001}"    # traefik, its own readiness: 127.0.0.1
: "${LAB_PORT_LOCALSTACK:=4566}"     # localstack: all addresses
: "${LAB_PORT_MOTO:=5000}"          # moto: 127.0.0.1
: "${LAB_PORT_KAFKA:=9092}"         # kafka, without TLS: all addresses
: "${LAB_PORT_KAFKA_SSL:=9093}"     # kafka, with client certificates: all addresses
: "${LAB_PORT_KAFKA_SASL:=9094}"    # kafka, with passwords and without TLS: all addresses
: "${LAB_PORT_KAFKA_SASL_SSL:=9095}" # kafka, with passwords over TLS: all addresses
: "${LAB_PORT_KAFKA_CONTROLLER:=9096}" # kafka, its controller: 127.0.0.1
: "${LAB_PORT_KAFKA_GATED:=9097}"   # kafka, behind the gate: 127.0.0.1
: "${LAB_PORT_KAFKA_GATE:=9098}"    # the gate, where nobody listens but a test: 127.0.0.1
: "${LAB_PORT_POSTGRES:=5432}"      # postgres, with TLS and without: all addresses
: "${LAB_PORT_APISERVER:=6443}"      # kube-apiserver: all addresses
: "${LAB_PORT_ETCD:=2379}"           # etcd, clients: 127.0.0.1
: "${LAB_PORT_ETCD_PEER:=2380}"      # etcd, peers, of which there are none: 127.0.0.1
: "${LAB_PORT_CONTROLLER:=10257}"    # kube-controller-manager, health: 127.0.0.1
: "${LAB_PORT_SCHEDULER:=10259}"     # kube-scheduler, health: 127.0.0.1
: "${LAB_PORT_KUBELET:=10250}"       # kubelet, logs and exec: the gateway
: "${LAB_PORT_KUBELET_HEALTH:=10248}" # kubelet, health: 127.0.0.1
: "${LAB_PORT_PROXY_HEALTH:=10256}"  # kube-proxy, health: 127.0.0.1
: "${LAB_PORT_PROXY_METRICS:=10249}" # kube-proxy, metrics: 127.0.0.1
: "${LAB_PORT_DNS:=10053}"           # coredns, to which Service kube-dns leads: the gateway
: "${LAB_PORT_DNS_READY:=10054}"     # coredns, readiness: 127.0.0.1

: "${LAB_BRIDGE:=devstack0}"             # the network interface on which all pods are
: "${LAB_POD_CIDR:=10.213.0.0/16}"       # addresses of pods
: "${LAB_GATEWAY:=10.213.0.1}"           # this machine as pods see it: the bridge's own address
: "${LAB_SERVICE_CIDR:=10.214.0.0/16}"   # addresses of Services
: "${LAB_SERVICE_APISERVER:=10.214.0.1}" # the first of them is always Service kubernetes
: "${LAB_SERVICE_DNS:=10.214.0.10}"      # Service kube-dns
: "${LAB_SERVICE_ENVOY:=10.214.0.20}"    # Service envoy, where requests go in as at the router

LAB_NODE=lab                               # the node's name; nothing resolves it, its address is used
LAB_DOMAIN=example.com                     # pods find every host below it at the router
LAB_PAUSE_IMAGE=lab.local/pause:1          # what holds a pod's network namespace
LAB_BUSYBOX_IMAGE=lab.local/busybox:1      # for the lab's own check, and for whoever needs a shell in a pod
LAB_ENVOY_IMAGE=lab.local/envoy:1          # the second router
LAB_WITNESS_IMAGE=lab.local/witness:1      # the service behind the routes that are tested

LAB_KAFKA_USER=lab                         # who may come with a password
LAB_KAFKA_PASSWORD=only-for-the-lab
LAB_POSTGRES_PASSWORD=only-for-the-lab     # of both superusers: postgres, and
LAB_POSTGRES_CERTIFIED=certified           # this one, who has to show a client certificate, too
