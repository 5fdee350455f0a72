# shellcheck shell=bash
# Not a process: the certificates of the back ends that speak TLS, and of their clients, by an authority that is not
# the cluster's. For tests of what must not be taken: another authority, and a name that is nobody's.

needs() { echo openssl; }

running() { [[ -e $LAB/pki/certificates ]]; }

start() {
    local name
    authority back-ends
    for name in kafka postgres localstack; do
        certificate_by back-ends "$name" "/CN=$name" "$(names_of_service "$name" infra),DNS:localhost,IP:127.0.0.1,IP:$LAB_GATEWAY"
    done
    certificate_by back-ends client "/CN=$LAB_POSTGRES_CERTIFIED"
    certificate_by back-ends nobody /CN=nobody DNS:nobody.invalid
    authority other
    certificate_by other stranger "/CN=$LAB_POSTGRES_CERTIFIED"
    touch "$LAB/pki/certificates"
}
