# shellcheck shell=bash
# SQS and SNS, and STS, which says whose they are, with TLS and without at one port. It runs on the machine; pods come
# to it by Service localstack in namespace infra.

needs() { venv_needs; }
wants() { echo network kube-apiserver certificates; }
ports() { echo LAB_PORT_LOCALSTACK; }

# The newest line that runs on Python 3.11 and asks for no token.
build() { python_package localstack 'localstack-core[runtime]==4.12.0' 2025-12-20; }

start() {
    mkdir -p "$LAB/data/localstack"
    # It cuts this in two again, beside it.
    (umask 077 && cat "$LAB"/pki/localstack.{key,crt} >"$LAB/data/localstack/tls.pem")
    # SQS_ENDPOINT_STRATEGY: a queue's URL has the host by which it was asked for, which is another for pods than
    # for this machine. OVERRIDE_IN_DOCKER: it may take this machine for a container, and write all over it.
    run_process env SERVICES=sqs,sns,sts EAGER_SERVICE_LOADING=1 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 \
        CUSTOM_SSL_CERT_PATH="$LAB/data/localstack/tls.pem" \
        SQS_ENDPOINT_STRATEGY=dynamic OVERRIDE_IN_DOCKER=0 FILESYSTEM_ROOT="$LAB/data/localstack" \
        GATEWAY_LISTEN="0.0.0.0:$LAB_PORT_LOCALSTACK" DNS_ADDRESS=0 \
        "$CACHE/localstack/bin/python" -m localstack.runtime.main
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_LOCALSTACK/_localstack/health"; }
after() { host_service infra localstack 4566 "$LAB_PORT_LOCALSTACK"; }
