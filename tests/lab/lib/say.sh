# shellcheck shell=bash
# What the lab tells its user: on stderr, one line for each step, with the time that it took.

say() { printf '%s\n' "$*" >&2; }

# die TEXT: ends this (sub)shell with the reason.
die() {
    say "${unfinished_line:+$'\n'}lab: $*"
    exit 1
}

# begin_clock, then took: the seconds between the two, with one decimal. The caller says `local clock`.
begin_clock() { clock=${EPOCHREALTIME/./}; }
took() {
    local tenths=$(((${EPOCHREALTIME/./} - clock) / 100000))
    printf '%d.%d s' $((tenths / 10)) $((tenths % 10))
}

# timed WORDS COMMAND...: says what is being done, does it, and says how long it took.
timed() {
    local clock unfinished_line=yes
    printf '%s ... ' "$1" >&2
    shift
    begin_clock
    "$@"
    say "$(took)"
}

# quietly LOG COMMAND...: keeps the command's talk in a file, and shows the end of it when it fails.
quietly() {
    local log=$1
    shift
    mkdir -p "${log%/*}"
    "$@" >"$log" 2>&1 || die "failed: $*"$'\n'"the end of $log:"$'\n'"$(tail -n 20 "$log")"
}
