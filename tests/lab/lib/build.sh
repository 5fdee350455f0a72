# shellcheck shell=bash
# The word `build`.

lab_build() {
    local names name packages
    check_prerequisites
    mapfile -t names < <(selection "$@")
    mkdir -p "$CACHE"
    exec 8>"$CACHE/build.lock"
    flock 8
    mapfile -t packages < <(
        # What the lab's own words use.
        printf '%s\n' curl iproute2
        for name in "${names[@]}"; do ask "$name" needs | xargs -r -n 1; done | sort -u
    )
    install_packages "${packages[@]}"
    for name in "${names[@]}"; do ask "$name" build; done
    exec 8>&-
}
