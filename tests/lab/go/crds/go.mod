// Nothing is built from this module: it pins those whose CRDs the tests apply. See ../../components/.
module devstack.test/lab/crds

go 1.26.1

require (
	github.com/argoproj/argo-rollouts v1.10.1
	github.com/elastic/cloud-on-k8s/v3 v3.5.0
	github.com/prometheus-operator/prometheus-operator v0.85.0
	knative.dev/serving v0.51.0
)
