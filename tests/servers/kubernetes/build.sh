#!/bin/sh
# Builds kube-apiserver and kube-controller-manager from their Go module, once, into a cache outside the tree, and prints the
# folder that holds them (and a link to etcd). KUBERNETES_BIN names a folder to take instead.
#
# go.mod and go.sum pin all of it. Debian's golang-go (1.19) is the compiler and Debian's etcd-server the database; both are
# installed when they are missing and may be. A cold build takes some ten minutes on two cores; two callers share one. Exit
# status 77: there are no servers and none could be built.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=1.26.1

lack() {
  echo "SKIP: no Kubernetes API server: $*" >&2
  exit 77
}
want() {  # PROGRAM PACKAGE
  command -v "$1" >/dev/null && return 0
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1
}
both_in() { [ -x "$1/kube-apiserver" ] && [ -x "$1/kube-controller-manager" ]; }

if [ -n "${KUBERNETES_BIN:-}" ]; then
  both_in "$KUBERNETES_BIN" || lack "$KUBERNETES_BIN holds no kube-apiserver and kube-controller-manager"
  echo "$KUBERNETES_BIN"
  exit 0
fi
want etcd etcd-server || lack "etcd-server is not installed"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/kubernetes-$version
mkdir -p "$cache" || lack "no cache at $cache"
exec 9>"$cache/lock"
flock 9
if ! both_in "$cache"; then
  want /usr/lib/go-1.19/bin/go golang-go || command -v go >/dev/null || lack "golang-go is not installed"
  go=/usr/lib/go-1.19/bin/go
  [ -x "$go" ] || go=$(command -v go)
  echo "building kube-apiserver and kube-controller-manager $version, which takes some minutes" >&2
  rm -rf "$cache/new"
  mkdir "$cache/new"
  if ! (cd "$here" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly nice -n 10 "$go" build -trimpath \
    -ldflags='-s -w' -o "$cache/new/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager) >"$cache/build.log" 2>&1; then
    tail -n 20 "$cache/build.log" >&2
    lack "it could not be built"
  fi
  mv "$cache/new/kube-controller-manager" "$cache/new/kube-apiserver" "$cache/"
  rmdir "$cache/new"
fi
echo "$cache"
