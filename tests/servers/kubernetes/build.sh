#!/bin/sh
# Builds kube-apiserver, kube-controller-manager and kubectl from their Go module, once, into a cache outside the tree, and
# prints the folder that holds them. KUBERNETES_BIN names a folder to take instead (it may be without kubectl).
#
#   tests/servers/kubernetes/build.sh          how far it is, is told on standard error
#   tests/servers/kubernetes/build.sh --find   only if they are there: what tests ask
#   ROTATOR_SERVERS=newest …                   the newest, in the place of the usual ones (../go.sh)
#
# go.mod and go.sum pin all of it. The compiler is found as for the other servers; Debian's etcd-server is the database, and is
# installed when it is missing and may be. A cold build takes some ten minutes on two cores; two callers share one. Exit status
# 77: there are no servers and none could be built.
set -eu
find=
[ "${1-}" != --find ] || find=1
servers=$(cd "$(dirname "$0")/.." && pwd)
name=kubernetes
# shellcheck source=tests/servers/go.sh
. "$servers/go.sh"
generation "$servers/kubernetes"

servers_in() { [ -x "$1/kube-apiserver" ] && [ -x "$1/kube-controller-manager" ]; }
all_in() { servers_in "$1" && [ -x "$1/kubectl" ]; }

if [ -n "${KUBERNETES_BIN:-}" ]; then
  servers_in "$KUBERNETES_BIN" || lack Kubernetes "$KUBERNETES_BIN holds no kube-apiserver and kube-controller-manager"
  echo "$KUBERNETES_BIN"
  exit 0
fi
command -v etcd >/dev/null || { [ -z "$find" ] && want etcd etcd-server; } || lack Kubernetes "etcd-server is not installed"

folder=$cache/kubernetes-$version
if ! all_in "$folder"; then
  [ -z "$find" ] || lack Kubernetes "it is not built (tests/servers/kubernetes/build.sh)"
  mkdir -p "$folder" || lack Kubernetes "no cache at $folder"
  exec 9>"$folder/lock"
  flock -n 9 || { echo "kubernetes: another build of it is under way" >&2; flock 9; }
fi
if ! all_in "$folder"; then
  find_go || lack Kubernetes "there is no Go ${least_go:-(golang-go is not installed)}"
  rm -rf "$folder/new"
  mkdir "$folder/new"
  go_build "$modules" "$folder/build.log" "$folder/new/" k8s.io/kubernetes/cmd/kube-apiserver \
    k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/kubernetes/cmd/kubectl || lack Kubernetes "it could not be built"
  mv "$folder/new/kubectl" "$folder/new/kube-controller-manager" "$folder/new/kube-apiserver" "$folder/"
  rmdir "$folder/new"
fi
echo "$folder"
