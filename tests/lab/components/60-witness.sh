# shellcheck shell=bash
# Not a process: the service behind the routes that are tested, as an image. What asks it is the same program.

wants() { echo containerd; }

build() {
    local image=$CACHE/images/witness.tar
    go_tools witness
    [[ $image -nt $BIN/witness ]] || timed "build image witness" build_image "$image"
}

build_image() {
    local root
    root=$(mktemp -d)
    install -m 755 "$BIN/witness" "$root/witness"
    pack_image "$LAB_WITNESS_IMAGE" "$root" /witness "$1"
    rm -r "$root"
}

# A newer one is imported over it.
running() { [[ $LAB/run/witness -nt $CACHE/images/witness.tar ]]; }

start() {
    local NAME=containerd
    import_image "$CACHE/images/witness.tar" >/dev/null
    touch "$LAB/run/witness"
}
