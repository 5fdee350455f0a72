# shellcheck shell=bash
# Images: nothing is pulled. They are packed here, or come as files, and are imported.

# pack_image IMAGE FOLDER COMMAND OUT: the folder as a docker-archive of one layer.
pack_image() {
    local image=$1 root=$2 command=$3 out=$4 work config
    work=$(mktemp -d)
    # The same folder gives the same bytes: no times, no owners.
    tar -C "$root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/layer.tar" .
    printf '{"architecture":"%s","os":"linux","config":{"Cmd":["%s"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(dpkg --print-architecture)" "$command" "$(hash_of "$work/layer.tar")" >"$work/config.json"
    config=$(hash_of "$work/config.json").json
    mv "$work/config.json" "$work/$config"
    printf '[{"Config":"%s","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$config" "$image" >"$work/manifest.json"
    mkdir -p "${out%/*}"
    tar -C "$work" -cf "$out" manifest.json "$config" layer.tar
    rm -r "$work"
}

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

lab_ctr() { ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io "$@"; }

# import_image FILE: returns when the kubelet can see it; prints the names that came.
import_image() {
    local names name
    names=$(lab_ctr images import "$1" | sed -n 's/^unpacking \([^ ]*\) .*/\1/p') || die "containerd does not take $1 for an image"
    [[ -n $names ]] || die "$1 holds no named image: a docker-archive, or an OCI archive with a full name as its ref.name, has one"
    for name in $names; do wait_for 20 "image $name in the kubelet's list" is_managed "$name"; done
    printf '%s\n' "$names"
}

# containerd marks an image when its CRI half has taken note of it.
is_managed() { [[ $(lab_ctr images ls "name==$1") == *io.cri-containerd.image=managed* ]]; }

lab_image_load() {
    [[ -r $1 ]] || die "cannot read image file $1"
    local clock names NAME=containerd
    alive containerd || die "containerd does not run: lab up"
    begin_clock
    names=$(import_image "$1")
    say "load ${names//$'\n'/ } $(took)"
}
