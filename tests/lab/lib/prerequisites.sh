# shellcheck shell=bash
# What the lab cannot install by itself. All that is missing is said at once, with the way to get it.

check_prerequisites() {
    local missing=() longest="$CONTAINERD_SOCKET.ttrpc"
    ((EUID == 0)) || missing+=("root: containers, network interfaces and packages need it. Run as root")
    # Of several words `command -v` is content with one.
    { command -v apt-get && command -v dpkg-query; } >/dev/null || missing+=("apt-get: the lab installs Debian packages. Use Debian 12 or a descendant of it")
    command -v cargo >/dev/null || missing+=("cargo: see https://rustup.rs, and have ~/.cargo/bin in PATH")
    command -v go >/dev/null || missing+=("go: see https://go.dev/doc/install, and have /usr/local/go/bin in PATH")
    { command -v cc && command -v git; } >/dev/null || missing+=("cc and git: apt-get install build-essential git")
    [[ ! $(go env GOVERSION 2>/dev/null) =~ ^go1\.([0-9]+) ]] || ((BASH_REMATCH[1] >= 26)) \
        || missing+=("go 1.26 or newer, for $(go env GOVERSION): see https://go.dev/doc/install")
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
        || missing+=("python3, 3.11 or newer: apt-get install python3")
    # The kernel allows 107 bytes for a socket's path, and this is the longest one of the lab.
    ((${#longest} <= 107)) || missing+=("a shorter state folder, by $((${#longest} - 107)) characters: sockets lie in $LAB. Set DEVSTACK_LAB")
    [[ $CACHE$LAB != *[[:space:]]* ]] || missing+=("a state folder without blanks in its path, which $CACHE or $LAB has. Set DEVSTACK_CACHE or DEVSTACK_LAB")
    ((${#missing[@]} == 0)) || die "this machine lacks:$(printf '\n  - %s' "${missing[@]}")"
}
