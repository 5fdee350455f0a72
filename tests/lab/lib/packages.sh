# shellcheck shell=bash
# Debian packages: installed only when missing, and without any of their daemons being started.

install_packages() { # install_packages PACKAGE...
    local missing=() package
    for package in "$@"; do
        [[ $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]} == 0)) || timed "install ${missing[*]}" quietly "$CACHE/logs/apt.log" apt_install "${missing[@]}"
}

apt_install() (
    export DEBIAN_FRONTEND=noninteractive
    # Packages ask this file whether they may start their daemon: it would take the lab's ports.
    local guard=/usr/sbin/policy-rc.d
    if [[ ! -e $guard ]]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$guard"
        chmod +x "$guard"
    fi
    apt-get update && apt-get install -y --no-install-recommends "$@" && disable_units "$@"
)

# The guard holds until the next boot only: what came with these packages stays off after it, too.
disable_units() {
    [[ -d /run/systemd/system ]] || return 0
    local units
    mapfile -t units < <(dpkg -L "$@" | sed -n 's|.*/systemd/system/\([^/@]*\.service\)$|\1|p')
    ((${#units[@]} == 0)) || systemctl disable "${units[@]}"
}
