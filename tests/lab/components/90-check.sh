# shellcheck shell=bash
# Not a process: one short pod, once for each fresh cluster, which finds what every pod is promised to find.

wants() { echo kube-controller-manager kube-scheduler kubelet kube-proxy coredns traefik localstack kafka postgres; }

running() { [[ -e $LAB/run/checked ]]; }

start() {
    wait_for 30 "ServiceAccount default in infra" account_exists
    # One that an earlier try has left.
    kube --namespace infra delete pod lab-check --ignore-not-found >/dev/null
    check_pod | apply
    if ! kube --namespace infra wait pod/lab-check --for='jsonpath={.status.phase}=Succeeded' --timeout=60s >/dev/null 2>&1; then
        die "a pod does not find what it should:"$'\n'"$(kube --namespace infra describe pod lab-check | tail -n 15)"$'\n'"$(kube --namespace infra logs lab-check 2>&1 | tail -n 20)"
    fi
    kube --namespace infra delete pod lab-check --wait=false >/dev/null
    # The same Service addresses, from this machine.
    wait_for 10 "answer of Service localstack to this machine" \
        http_ok "http://$(kube --namespace infra get service localstack -o 'jsonpath={.spec.clusterIP}'):4566/_localstack/health"
    # The router takes HTTPRoutes.
    kube --namespace infra wait gateway/web --for=condition=Programmed --timeout=10s >/dev/null \
        || die "the router does not take Gateway web: $(kube --namespace infra get gateway web -o 'jsonpath={.status.conditions}')"
    touch "$LAB/run/checked"
}

account_exists() { kube --namespace infra get serviceaccount default >/dev/null 2>&1; }

check_pod() {
    cat <<YAML
apiVersion: v1
kind: Pod
metadata: { name: lab-check, namespace: infra }
spec:
  restartPolicy: Never
  activeDeadlineSeconds: 45
  terminationGracePeriodSeconds: 0
  containers:
    - name: check
      image: $LAB_BUSYBOX_IMAGE
      imagePullPolicy: Never
      command: [sh, -c]
      args:
        - |
          # Service addresses reach the packet filter a moment after the Services; what was asked before may never be answered.
          until_it_works() { until said=\$("\$@" 2>&1); do echo "\$said"; sleep 0.2; done; echo "works: \$*"; }
          router_answers() { timeout 2 wget -q -O- http://web.$LAB_DOMAIN/ 2>&1 | grep -q 'HTTP/1.1 404'; }
          until_it_works nslookup -timeout=1 -retry=1 kubernetes.default.svc.cluster.local
          until_it_works nslookup -timeout=1 -retry=1 web.$LAB_DOMAIN
          until_it_works timeout 2 wget -q -O- http://localstack.infra:4566/_localstack/health
          until_it_works nc -w 1 kafka.infra 9092 -e true
          # Where the broker says that it is.
          until_it_works nc -w 1 $LAB_GATEWAY $LAB_PORT_KAFKA -e true
          # A request for TLS, and its yes.
          until_it_works nc -w 1 postgres.infra 5432 -e sh -c 'printf "\0\0\0\010\004\322\026\057"; [ "\$(head -c 1)" = S ]'
          until_it_works router_answers
YAML
}
