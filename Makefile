# The two commands that the README has, and what stops the lab. What they do is in tests/.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

CACHE := $(or $(DEVSTACK_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/devstack)
# In the cache, so that a fresh clone builds only what is its own.
export CARGO_TARGET_DIR ?= $(CACHE)/target

.PHONY: demo test check image bench fuzz lab-down ours

# Builds everything, starts the lab, deploys base and copies, shows who answers what.
demo: ours
	@tests/lab/lab build tools $(if $(filter current,$(CLUSTER)),,check)
	@$(call step,build the demo,cargo build --quiet --locked -p acceptance --bin demo)
	@"$(CARGO_TARGET_DIR)/debug/demo"

# Every test, those on the cluster included; the lab is down at the end.
test: check
	@tests/lab/lab build
	@$(call step,build the tests,cargo test --quiet --locked --workspace --all-targets --no-run)
	@trap 'down=$$(tests/lab/lab down 2>&1) || echo "$$down" >&2' EXIT; \
	cargo test --locked --workspace --exclude acceptance --all-targets --no-fail-fast; \
	tests/lab/lab up; \
	cargo test --locked --workspace --test it --no-fail-fast -- --test-threads=2

# Format and lints.
check: ours
	@tests/lab/lab build tools
	@$(call step,rustfmt,cargo fmt --all --check)
	@$(call step,clippy,cargo clippy --quiet --locked --workspace --all-targets -- -D warnings)
	@$(call step,shellcheck,shellcheck --external-sources hooks/build-image hooks/build-static hooks/kafka-hook/configure-openssl tests/lab/lab tests/bench/build tests/lab/lib/*.sh tests/lab/components/*.sh helmfile-examples/ask-sweep helmfile-examples/wait-for-copy helmfile-examples/wait-until-gone tests/fuzz/fuzz)

# The image of the hooks, to TO: an OCI archive, or what else hooks/build-image takes, such as docker://HOST/NAME. With
# HELM, a static Helm, that of sweep.
image: ours
	@hooks/build-image $(if $(HELM),--helm="$(HELM)") "$(or $(TO),oci-archive:$(CARGO_TARGET_DIR)/image.tar:devstack/$(if $(HELM),sweep,hooks):dev)"

# devstack beside the tools that can do the same work; BENCH=write puts the tables into docs/benchmarks.md.
bench: ours
	@tests/lab/lab build tools localstack moto
	@tests/bench/build
	@$(call step,build the benchmark,cargo build --quiet --locked -p acceptance --bin bench)
	@trap 'down=$$(tests/lab/lab down 2>&1) || echo "$$down" >&2' EXIT; \
	eval "$$(tests/lab/lab env)"; BOTO3="$(CACHE)/moto/bin/python" "$(CARGO_TARGET_DIR)/debug/bench"

# Looks for inputs that break a promise: FUZZ_SECONDS (60) for each target.
fuzz:
	@DEVSTACK_CACHE="$(CACHE)" tests/fuzz/fuzz run

lab-down:
	@tests/lab/lab down

# Cargo goes by the times of sources: what another clone of this repository has built from newer files would be taken for
# what this one has to build.
ours:
	@clone="$(CARGO_TARGET_DIR)/clone"; \
	if [[ "$$(cat "$$clone" 2>/dev/null)" != "$(CURDIR)" ]]; then \
	    find . -name '*.rs' -not -path './target/*' -exec touch {} +; \
	    mkdir -p "$(CARGO_TARGET_DIR)"; echo "$(CURDIR)" >"$$clone"; \
	fi

# Runs a command and says what it was and how long it took.
define step
start=$$SECONDS; $(2); echo "$(1): $$((SECONDS - start)) s" >&2
endef
