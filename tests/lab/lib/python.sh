# shellcheck shell=bash
# Puts a Python package into the cache, in a virtual environment of its own.

# python_package NAME REQUIREMENT DAY: into $CACHE/NAME, once for each state of the three. What it depends on is
# pinned by nothing but the day: nothing that came out later is taken.
python_package() {
    local stamp=$CACHE/stamps/$1 want="$2 $3 $CACHE"
    [[ -e $stamp && $(<"$stamp") == "$want" && -x $CACHE/$1/bin/python ]] || timed "build $1" build_venv "$@"
    mkdir -p "$CACHE/stamps"
    echo "$want" >"$stamp"
}

# venv_needs: Debian's python3 comes without what makes a virtual environment.
venv_needs() { python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv; }

build_venv() {
    local venv=$CACHE/$1 requirement=$2 day=$3 log=$CACHE/logs/build-$1.log
    rm -rf "$venv"
    quietly "$log" python3 -m venv "$venv"
    quietly "$log" "$venv/bin/pip" install uv==0.13.8
    # Compiled now: else every start compiles it, where Python is told to write no bytecode.
    quietly "$log" "$venv/bin/uv" pip install --python "$venv/bin/python" --compile-bytecode \
        --exclude-newer "$day" "$requirement"
}
