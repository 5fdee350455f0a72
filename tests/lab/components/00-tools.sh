# shellcheck shell=bash
# The clients: Helm 3 and 4, helmfile and kubectl; the acceptance suite's oracle and kubeconform; buildah for the images that the
# cluster is to run, and what checks the lists of what is in them; what checks the scripts of the lab.

needs() {
    echo buildah shellcheck
    venv_needs
}

build() {
    build_kubernetes
    # Helm 3 takes the Kubernetes that it renders for without a cluster from its build.
    local helm3=helm.sh/helm/v3 flags=(-X helm.sh/helm/v3/internal/version.version=v3.22.0)
    local package
    for package in pkg/chartutil pkg/lint/rules; do
        flags+=(-X "$helm3/$package.k8sVersionMajor=1" -X "$helm3/$package.k8sVersionMinor=34")
    done
    go_tools helm3 -as helm3 "${flags[@]}"
    go_tools helm4 -as helm4 -X helm.sh/helm/v4/internal/version.version=v4.3.1
    go_tools helmfile
    go_tools oracle
    go_tools kubeconform
    python_package cyclonedx 'cyclonedx-python-lib[json-validation]==11.12.0' 2026-11-20
}

running() { :; }
