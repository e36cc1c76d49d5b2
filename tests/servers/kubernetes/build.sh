#!/bin/sh
# Builds kube-apiserver and kube-controller-manager from their Go module, once, into a cache outside the tree, and prints the
# folder that holds them. KUBERNETES_BIN names a folder to take instead.
#
#   tests/servers/kubernetes/build.sh          how far it is, is told on standard error
#   tests/servers/kubernetes/build.sh --find   only if they are there: what tests ask
#
# go.mod and go.sum pin all of it. Debian's golang-go is the compiler and Debian's etcd-server the database; both are
# installed when they are missing and may be. A cold build takes some ten minutes on two cores; two callers share one. Exit
# status 77: there are no servers and none could be built.
set -eu
find=
[ "${1-}" != --find ] || find=1
here=$(cd "$(dirname "$0")" && pwd)
version=1.26.1
# shellcheck source=tests/servers/go.sh
. "$here/../go.sh"

both_in() { [ -x "$1/kube-apiserver" ] && [ -x "$1/kube-controller-manager" ]; }

if [ -n "${KUBERNETES_BIN:-}" ]; then
  both_in "$KUBERNETES_BIN" || lack Kubernetes "$KUBERNETES_BIN holds no kube-apiserver and kube-controller-manager"
  echo "$KUBERNETES_BIN"
  exit 0
fi
command -v etcd >/dev/null || { [ -z "$find" ] && want etcd etcd-server; } || lack Kubernetes "etcd-server is not installed"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/kubernetes-$version
if ! both_in "$cache"; then
  [ -z "$find" ] || lack Kubernetes "it is not built (tests/servers/kubernetes/build.sh)"
  mkdir -p "$cache" || lack Kubernetes "no cache at $cache"
  exec 9>"$cache/lock"
  flock -n 9 || { echo "kubernetes: another build of it is under way" >&2; flock 9; }
fi
if ! both_in "$cache"; then
  find_go || lack Kubernetes "golang-go is not installed"
  rm -rf "$cache/new"
  mkdir "$cache/new"
  go_build "kubernetes $version" "$here" "$cache/build.log" "$cache/new/" \
    k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager || lack Kubernetes "it could not be built"
  mv "$cache/new/kube-controller-manager" "$cache/new/kube-apiserver" "$cache/"
  rmdir "$cache/new"
fi
echo "$cache"
