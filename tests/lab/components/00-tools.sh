# shellcheck shell=bash
# The clients: Helm 3 and 4, helmfile and kubectl, and buildah for the images that the cluster is to run.

needs() { echo buildah; }

build() {
    build_kubernetes
    go_tools helm3 -as helm3 -X helm.sh/helm/v3/internal/version.version=v3.22.0
    go_tools helm4 -as helm4 -X helm.sh/helm/v4/internal/version.version=v4.3.1
    go_tools helmfile
}

running() { :; }
