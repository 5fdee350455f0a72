# shellcheck shell=bash
# Not a process: CRDs of other projects, out of their Go modules, for the tests that apply them.

running() { :; }

build() {
    local stamp=$CACHE/stamps/crds want
    want=$(module_hash crds "$(declare -f copy_crds copy_files)")
    if [[ ! -d $CACHE/share/crds || ! -e $stamp || $(<"$stamp") != "$want" ]]; then
        timed "copy crds" copy_crds
        mkdir -p "$CACHE/stamps"
        echo "$want" >"$stamp"
    fi
}

copy_crds() {
    local new=$CACHE/share/.crds.new
    rm -rf "$new"
    mkdir -p "$new"
    copy_files github.com/argoproj/argo-rollouts manifests/crds \
        {rollout,experiment,analysis-template,cluster-analysis-template}-crd.yaml
    copy_files knative.dev/serving config/core/300-resources {service,configuration}.yaml
    copy_files github.com/prometheus-operator/prometheus-operator example/prometheus-operator-crd \
        monitoring.coreos.com_{prometheuses,prometheusagents,alertmanagers,thanosrulers,prometheusrules,servicemonitors}.yaml
    # One of many in the file that its users apply; those on their own are not what its users get.
    copy_files github.com/elastic/cloud-on-k8s/v3 config/crds/v1 all-crds.yaml
    awk 'BEGIN { RS = "\n---\n" } /\n  name: elasticsearches\.elasticsearch\.k8s\.elastic\.co\n/' \
        "$new/all-crds.yaml" >"$new/elasticsearches.yaml"
    rm "$new/all-crds.yaml"
    rm -rf "$CACHE/share/crds"
    mv "$new" "$CACHE/share/crds"
}

# copy_files MODULE FOLDER FILE...: go.sum says whether the module is the one that is meant.
copy_files() {
    local module=$1 folder=$2 home=$LAB_HOME/go/crds log=$CACHE/logs/build-crds.log
    shift 2
    GOWORK=off quietly "$log" go mod download -C "$home" "$module"
    folder=$(GOWORK=off go list -C "$home" -m -f '{{.Dir}}' "$module")/$folder
    install -m 644 "${@/#/$folder/}" "$new/"
}
