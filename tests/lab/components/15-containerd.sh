# shellcheck shell=bash
# containerd with runc: the lab's own, apart from any other on this machine. Nothing is pulled: the image that
# every pod needs, and busybox, are packed here and imported.

needs() { echo procps containerd runc containernetworking-plugins iptables musl-tools busybox-static; }
wants() { echo network; }

build() {
    local stamp=$CACHE/stamps/images want
    want=$(sha256sum <"$LAB_HOME/components/pause.c"; declare -f build_images pack_image; dpkg-query -W busybox-static)
    if [[ ! -e $stamp || $(<"$stamp") != "$want" ]]; then
        timed "build images" build_images
        mkdir -p "$CACHE/stamps"
        echo "$want" >"$stamp"
    fi
}

build_images() {
    local root tool
    root=$(mktemp -d)
    musl-gcc -static -Os -s -o "$root/pause" "$LAB_HOME/components/pause.c"
    pack_image "$LAB_PAUSE_IMAGE" "$root" /pause "$CACHE/images/pause.tar"
    rm "$root/pause"
    mkdir "$root/bin"
    mkdir -m 1777 "$root/tmp"
    cp /bin/busybox "$root/bin/"
    for tool in $(/bin/busybox --list); do [[ $tool == busybox ]] || ln -s busybox "$root/bin/$tool"; done
    pack_image "$LAB_BUSYBOX_IMAGE" "$root" /bin/sh "$CACHE/images/busybox.tar"
    rm -r "$root"
}

start() {
    mkdir -p "$LAB/run/containerd" "$LAB/run/cni"
    write_network
    write_settings
    run_process containerd --config "$LAB/run/containerd.toml"
}

write_network() {
    cat >"$LAB/run/cni/lab.conflist" <<CNI
{
  "cniVersion": "1.0.0",
  "name": "devstack",
  "plugins": [{
    "type": "bridge", "bridge": "$LAB_BRIDGE", "isGateway": true, "hairpinMode": true,
    "ipam": {
      "type": "host-local", "dataDir": "$LAB/run/cni/addresses",
      "ranges": [[{ "subnet": "$LAB_POD_CIDR", "gateway": "$LAB_GATEWAY" }]], "routes": [{ "dst": "0.0.0.0/0" }]
    }
  }]
}
CNI
}

write_settings() {
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE, no pod starts otherwise.
    # netns_mounts_under_state_dir: so that all that is mounted is found below one folder.
    cat >"$LAB/run/containerd.toml" <<TOML
version = 2
root = "$LAB/data/containerd"
state = "$LAB/run/containerd/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
address = "$CONTAINERD_SOCKET"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "$LAB_PAUSE_IMAGE"
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "$LAB/run/cni"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = "$LAB/run/containerd/runc"
TOML
}

ready() { lab_ctr version >/dev/null 2>&1; }

after() {
    import_image "$CACHE/images/pause.tar" >/dev/null
    import_image "$CACHE/images/busybox.tar" >/dev/null
}

# Containers outlive their containerd, so they are ended by what they are, whether it still runs or not.
stop() {
    local tries
    end_process containerd
    # Killed is not yet gone.
    for ((tries = 0; tries < 50; tries++)); do
        end_containers || break
        sleep 0.1
    done
    end_shims
    unmount_all
    # The pods' cgroups, now empty. Those of another kubelet are not, and stay.
    find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} + 2>/dev/null || true
    # What the network plugins remember of each sandbox, in the one folder that they share.
    grep -slF "$LAB/" /var/lib/cni/results/* | xargs -r rm || true
}

# end_containers: fails when there was none. A process of a pod has a view of mounts of its own, the root of which is a layer below the lab's folder.
end_containers() {
    local own process found=1
    own=$(readlink /proc/self/ns/mnt)
    for process in /proc/[0-9]*; do
        [[ $(readlink "$process/ns/mnt" 2>/dev/null || echo "$own") != "$own" ]] || continue
        if grep -qs " / / .*=$LAB/data/containerd/" "$process/mountinfo"; then
            kill -KILL "${process#/proc/}" 2>/dev/null || true
            found=0
        fi
    done
    return $found
}

# A shim is known by the socket of its containerd; its own socket lies elsewhere, under a name made of that and its id.
end_shims() {
    local process words i id=""
    for process in $(pgrep -f "^[^ ]*containerd-shim-runc-v2 .*-address $CONTAINERD_SOCKET" || true); do
        mapfile -t -d '' words <"/proc/$process/cmdline" || continue
        for ((i = 0; i + 1 < ${#words[@]}; i++)); do [[ ${words[i]} != -id ]] || id=${words[i + 1]}; done
        kill -KILL "$process" 2>/dev/null || true
        rm -f "/run/containerd/s/$(printf '%s/k8s.io/%s' "$CONTAINERD_SOCKET" "$id" | sha256sum | cut -d ' ' -f 1)"
    done
}

unmount_all() {
    local mounts
    # The last mounted first. --lazy: a process that was just killed may not be quite gone.
    mapfile -t mounts < <(awk -v under="$LAB/" 'index($2, under) == 1 { print $2 }' /proc/self/mounts | tac)
    ((${#mounts[@]} == 0)) || umount --lazy "${mounts[@]}" || true
}
