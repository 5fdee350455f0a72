# shellcheck shell=bash
# Keys and certificates: one authority for the lab, made anew whenever its data are.

new_authority() {
    mkdir -p "$LAB/pki"
    chmod 700 "$LAB/pki"
    signed ca /CN=lab -addext basicConstraints=critical,CA:TRUE
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$LAB/pki/service-account.key" 2>/dev/null
    openssl pkey -in "$LAB/pki/service-account.key" -pubout -out "$LAB/pki/service-account.pub"
}

# certificate NAME SUBJECT [ALTERNATIVE-NAMES]: pki/NAME.crt and .key, signed by the authority.
certificate() {
    signed "$1" "$2" -CA "$LAB/pki/ca.crt" -CAkey "$LAB/pki/ca.key" -addext basicConstraints=critical,CA:FALSE \
        -addext extendedKeyUsage=clientAuth,serverAuth ${3:+-addext "subjectAltName=$3"}
}

signed() {
    local name=$1 subject=$2
    shift 2
    # No configuration but this: the machine's own would add extensions that contradict ours.
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj "$subject" "$@" \
        -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n') \
        -keyout "$LAB/pki/$name.key" -out "$LAB/pki/$name.crt" 2>/dev/null \
        || die "openssl could not make the certificate $name ($subject)"
}

# client NAME SUBJECT FILE: a certificate, and a kubeconfig that carries it.
client() {
    certificate "$1" "$2"
    (
        umask 077
        cat >"$3" <<KUBECONFIG
apiVersion: v1
kind: Config
current-context: lab
contexts: [{ name: lab, context: { cluster: lab, user: $1 } }]
clusters:
  - name: lab
    cluster:
      server: https://127.0.0.1:$LAB_PORT_APISERVER
      certificate-authority-data: $(base64 -w 0 "$LAB/pki/ca.crt")
users:
  - name: $1
    user:
      client-certificate-data: $(base64 -w 0 "$LAB/pki/$1.crt")
      client-key-data: $(base64 -w 0 "$LAB/pki/$1.key")
KUBECONFIG
    )
}
