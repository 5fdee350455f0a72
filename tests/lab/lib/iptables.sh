# shellcheck shell=bash
# What Kubernetes leaves in the packet filter.

# drop_chains PREFIX: the chains whose names begin so, and every rule that leads into one of them. Nothing else.
drop_chains() {
    local command
    for command in iptables ip6tables; do
        command -v "$command-save" >/dev/null || continue
        "$command-save" 2>/dev/null | removal_of "$1" | "$command-restore" --noflush 2>/dev/null \
            || die "$command could not remove the chains $1*"
    done
}

# From the output of iptables-save, the input of iptables-restore that undoes it: in each table, first the rules of
# others that lead there, then the contents of the chains, which may name one another, then the chains.
removal_of() {
    awk -v prefix="$1" '
        /^\*/ { table = $0; leads = contents = chains = "" }
        index($1, ":" prefix) == 1 { name = substr($1, 2); contents = contents "-F " name "\n"; chains = chains "-X " name "\n" }
        $1 == "-A" && index($2, prefix) != 1 && index($0, "-j " prefix) { sub(/^-A/, "-D"); leads = leads $0 "\n" }
        /^COMMIT/ && chains != "" { printf "%s\n%s%s%sCOMMIT\n", table, leads, contents, chains }
    '
}
