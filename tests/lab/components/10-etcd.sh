# shellcheck shell=bash
# The cluster's store. Its data go when the lab goes, so it need not wait for the disk.

needs() { echo etcd-server; }
ports() { echo LAB_PORT_ETCD LAB_PORT_ETCD_PEER; }

start() {
    local peer=http://127.0.0.1:$LAB_PORT_ETCD_PEER client=http://127.0.0.1:$LAB_PORT_ETCD
    run_process etcd --name lab --data-dir "$LAB/data/etcd" --unsafe-no-fsync \
        --listen-client-urls "$client" --advertise-client-urls "$client" \
        --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" --initial-cluster "lab=$peer"
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_ETCD/health"; }
