# shellcheck shell=bash
# SQS and SNS. It runs on the machine; pods come to it by Service localstack in namespace infra.

# The newest line that runs on Python 3.11 and asks for no token. Its dependencies are not pinned: a day pins them.
LOCALSTACK='localstack-core[runtime]==4.12.0'
LOCALSTACK_DAY=2025-12-20

# Debian's python3 comes without what makes a venv.
needs() { python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv; }
wants() { echo network kube-apiserver; }
ports() { echo LAB_PORT_LOCALSTACK; }

build() {
    local stamp=$CACHE/stamps/localstack want="$LOCALSTACK $LOCALSTACK_DAY $CACHE"
    [[ -e $stamp && $(<"$stamp") == "$want" && -x $CACHE/localstack/bin/python ]] || timed "build localstack" build_venv
    mkdir -p "$CACHE/stamps"
    echo "$want" >"$stamp"
}

build_venv() {
    local venv=$CACHE/localstack log=$CACHE/logs/build-localstack.log
    rm -rf "$venv"
    quietly "$log" python3 -m venv "$venv"
    quietly "$log" "$venv/bin/pip" install uv==0.13.8
    # Compiled now: else every start compiles it, where Python is told to write no bytecode.
    quietly "$log" "$venv/bin/uv" pip install --python "$venv/bin/python" --compile-bytecode \
        --exclude-newer "$LOCALSTACK_DAY" "$LOCALSTACK"
}

start() {
    mkdir -p "$LAB/data/localstack"
    # SQS_ENDPOINT_STRATEGY: a queue's URL has the host by which it was asked for, which is another for pods than
    # for this machine. OVERRIDE_IN_DOCKER: it may take this machine for a container, and write all over it.
    run_process env SERVICES=sqs,sns EAGER_SERVICE_LOADING=1 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 \
        SQS_ENDPOINT_STRATEGY=dynamic OVERRIDE_IN_DOCKER=0 FILESYSTEM_ROOT="$LAB/data/localstack" \
        GATEWAY_LISTEN="0.0.0.0:$LAB_PORT_LOCALSTACK" DNS_ADDRESS=0 \
        "$CACHE/localstack/bin/python" -m localstack.runtime.main
}

ready() { http_ok "http://127.0.0.1:$LAB_PORT_LOCALSTACK/_localstack/health"; }
after() { host_service infra localstack 4566 "$LAB_PORT_LOCALSTACK"; }
