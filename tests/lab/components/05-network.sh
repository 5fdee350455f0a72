# shellcheck shell=bash
# The bridge on which all pods are, and this machine's address on it, by which pods know it. It is made before
# everything else, so that the others can listen there before there is a pod.

needs() { echo iproute2; }

running() { ip link show dev "$LAB_BRIDGE" >/dev/null 2>&1; }

start() {
    ip link add name "$LAB_BRIDGE" type bridge
    ip address add "$LAB_GATEWAY/${LAB_POD_CIDR#*/}" dev "$LAB_BRIDGE"
    ip link set dev "$LAB_BRIDGE" up
    echo 1 >/proc/sys/net/ipv4/ip_forward
    # A pod that asks a Service is answered by a pod on the same bridge: the answer has to pass iptables as well.
    [[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]] || modprobe br_netfilter
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
}

ready() { [[ -n $(ip -4 address show dev "$LAB_BRIDGE" to "$LAB_GATEWAY") ]]; }

stop() {
    local link
    running || return 0
    # Pods that were ended take their ends with them; this is for those of a broken start.
    for link in $(ip -o link show master "$LAB_BRIDGE" | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do
        ip link delete dev "$link" 2>/dev/null || true
    done
    ip link delete dev "$LAB_BRIDGE"
}
