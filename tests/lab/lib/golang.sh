# shellcheck shell=bash
# Builds the tools of a module into the cache, once for each state of module, flags and compiler.

# go_tools MODULE [-as NAME] [LDFLAG...]: its tools, under their own names or, if it is one, as NAME.
go_tools() {
    local module=$1 name="" stamp=$CACHE/stamps/$1 want
    shift
    if [[ ${1-} == -as ]]; then
        name=$2
        shift 2
    fi
    local flags="-s -w $*"
    flags=${flags% }
    want=$(module_hash "$module" "$name" "$flags")
    is_built "$stamp" "$want" || timed "build $module" build_module "$module" "$name" "$flags" "$stamp" "$want"
}

# module_folder MODULE: in go/, but for the oracle, which needs no cluster and lies beside the lab.
module_folder() {
    case $1 in
        oracle) echo "$LAB_HOME/../oracle" ;;
        *) echo "$LAB_HOME/go/$1" ;;
    esac
}

module_hash() (
    cd "$(module_folder "$1")" || exit
    { find . -type f -print0 | sort -z | xargs -0 sha256sum && go version && printf '%s\n' "$@"; } | sha256sum
)

# A stamp is the hash, and the names of the binaries that were built from it.
is_built() {
    local binaries binary
    [[ -e $1 && $(head -n 1 "$1") == "$2" ]] || return 1
    mapfile -t binaries < <(tail -n +2 "$1")
    for binary in "${binaries[@]}"; do [[ -x $BIN/$binary ]] || return 1; done
}

build_module() {
    local module=$1 name=$2 flags=$3 stamp=$4 want=$5 out binary names=()
    mkdir -p "$BIN" "$CACHE/stamps"
    out=$(mktemp -d "$BIN/.new.XXXXXX")
    CGO_ENABLED=0 GOWORK=off quietly "$CACHE/logs/build-$module.log" \
        go build -C "$(module_folder "$module")" -trimpath -buildvcs=false -ldflags "$flags" -o "$out/" tool
    for binary in "$out"/*; do
        names+=("${name:-${binary##*/}}")
        # A rename, so that a running process keeps the file that it was started from.
        mv -f "$binary" "$BIN/${names[-1]}"
    done
    rmdir "$out"
    printf '%s\n' "$want" "${names[@]}" >"$stamp"
}

# Kubernetes is one module and one build, which each of its components asks for.
build_kubernetes() {
    local version=k8s.io/component-base/version
    go_tools kubernetes -X $version.gitVersion=v1.34.4 -X $version.gitMajor=1 -X $version.gitMinor=34
}
