# Everything here also works by hand: the targets only name the usual command lines.
SHELL := /bin/bash
.DEFAULT_GOAL := build
.PHONY: build controlplane controllers argocd demo e2e-kind test bench fmt clean require

build: require ## the bridge binary
	cargo build

controlplane: require ## etcd, kube-apiserver and Argo CD's manifests into the cache (minutes, once)
	cargo run --quiet -p bridge-e2e --bin controlplane -- fetch

controllers: require ## kube-controller-manager, kube-scheduler and kwok into the cache (minutes, once)
	cargo run --quiet -p bridge-e2e --bin controlplane -- fetch-controllers

argocd: require ## Argo CD's own servers, and redis, into the cache and onto this machine (minutes, once)
	cargo run --quiet -p bridge-e2e --bin controlplane -- fetch-argocd

demo: build controlplane ## the main job on a throwaway control plane
	cargo run --quiet -p bridge-e2e --bin demo

e2e-kind: build ## level L3: kind clusters, by the engine that is there or one of the project's own (minutes, once)
	e2e/scripts/kind images
	e2e/scripts/kind

test: require ## every test, level by level
	@e2e/scripts/test

bench: require controlplane ## bridge beside kubectl, on one apiserver
	cargo build --release
	BRIDGE_BIN="$${CARGO_TARGET_DIR:-target}/release/bridge" cargo run --quiet -p bridge-e2e --bin bench

fmt: require
	cargo fmt --all

clean: ## what cargo built; the binaries in the cache stay
	cargo clean

require:
	@e2e/scripts/require
