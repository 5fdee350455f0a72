# shellcheck shell=bash
# A second opinion on SQS, SNS and STS, for tests: what it and LocalStack do alike is not one emulator's whim. It runs
# on the machine, and pods have no need of it.

needs() { venv_needs; }
ports() { echo LAB_PORT_MOTO; }
build() { python_package moto 'moto[server]==5.2.5' 2026-11-20; }
start() { run_process "$CACHE/moto/bin/moto_server" --host 127.0.0.1 --port "$LAB_PORT_MOTO"; }
ready() { http_ok "http://127.0.0.1:$LAB_PORT_MOTO/moto-api/"; }
