# shellcheck shell=bash
# A component is a file components/NN-NAME.sh that defines some of the functions below. Each is sourced in a
# subshell of its own, so that no component sees another.

# components: all names, in the order of their files.
components() {
    local file
    for file in "$LAB_HOME"/components/[0-9][0-9]-*.sh; do
        file=${file##*/[0-9][0-9]-}
        echo "${file%.sh}"
    done
}

is_component() { [[ " $(components | xargs) " == *" $1 "* ]]; }

# load NAME: the component's functions, over what holds for a component that does not define them.
load() {
    NAME=$1
    # shellcheck disable=SC2317 # Called by `ask` and `bring_up`.
    {
        needs() { :; }                  # Debian packages, printed
        wants() { :; }                  # components that must be ready first, printed
        ports() { :; }                  # the variables of the ports that it listens on, printed
        build() { :; }                  # whatever takes long and lasts
        running() { alive "$NAME"; }    # whether it has been started and is still there
        start() { :; }                  # with run_process, if it is one
        ready() { :; }                  # asked again and again
        after() { :; }                  # once it is ready: what it has to have applied
        stop() { end_process "$NAME"; } # also after a half-done start, and when nothing runs
    }
    # shellcheck source=/dev/null
    source "$LAB_HOME"/components/[0-9][0-9]-"$NAME".sh
}

# ask NAME FUNCTION: in a subshell.
ask() (
    load "$1"
    "$2"
)

# selection NAME...: these and all that they want, in the order of their files; all when none is named.
selection() {
    if (($# == 0)); then
        components
        return
    fi
    local open=("$@") name wanted=" "
    while ((${#open[@]} > 0)); do
        name=${open[0]}
        open=("${open[@]:1}")
        [[ $wanted != *" $name "* ]] || continue
        wanted+="$name "
        mapfile -t -O "${#open[@]}" open < <(ask "$name" wants | xargs -r -n 1)
    done
    components | while read -r name; do [[ $wanted != *" $name "* ]] || echo "$name"; done
}
