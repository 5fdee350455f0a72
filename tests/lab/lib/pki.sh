# shellcheck shell=bash
# Keys and certificates: authorities of the lab's own, made anew whenever its data are.

# new_authority: the cluster's, and the key that signs its tokens.
new_authority() {
    authority ca
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$LAB/pki/service-account.key" 2>/dev/null
    openssl pkey -in "$LAB/pki/service-account.key" -pubout -out "$LAB/pki/service-account.pub"
}

# authority NAME: pki/NAME.crt and .key, which sign certificates.
authority() {
    mkdir -p "$LAB/pki"
    chmod 700 "$LAB/pki"
    signed "$1" "/CN=lab $1" -addext basicConstraints=critical,CA:TRUE
}

# certificate NAME SUBJECT [ALTERNATIVE-NAMES]: pki/NAME.crt and .key, signed by the cluster's authority.
certificate() { certificate_by ca "$@"; }

# certificate_by AUTHORITY NAME SUBJECT [ALTERNATIVE-NAMES]
certificate_by() {
    signed "$2" "$3" -CA "$LAB/pki/$1.crt" -CAkey "$LAB/pki/$1.key" -addext basicConstraints=critical,CA:FALSE \
        -addext extendedKeyUsage=clientAuth,serverAuth ${4:+-addext "subjectAltName=$4"}
}

# names_of_service NAME NAMESPACE: by which pods may call it, as ALTERNATIVE-NAMES.
names_of_service() { echo "DNS:$1,DNS:$1.$2,DNS:$1.$2.svc,DNS:$1.$2.svc.cluster.local"; }

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
