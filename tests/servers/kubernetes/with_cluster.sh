#!/bin/bash
# Runs a command beside a Kubernetes cluster of its own (etcd, kube-apiserver, kube-controller-manager; no kubelet, so nothing
# runs the pods), and takes it down afterwards. The exit status is the command's; 77 when there is no server (build.sh).
#
#   tests/servers/kubernetes/with_cluster.sh kubectl get namespaces
#
# The command finds
#   CLUSTER         a folder of its own: admin.token, admin.crt and admin.key, ca.crt, audit.log, *.log
#   CLUSTER_SERVER  https://127.0.0.1:PORT
#   KUBECONFIG      for kubectl, as a cluster administrator
#   PATH            with the kubectl of the servers' own version first
# ROTATOR_SERVERS=newest has the newest servers in the place of the usual ones (../go.sh).
# Where tests must not be left out (CI is set), a missing server is a failure: exit status 1.
set -u
here=$(cd "$(dirname "$0")" && pwd)
pids=()

die() {
  echo "with_cluster.sh: $*" >&2
  exit 1
}
bin=$("$here/build.sh" --find)
status=$?
if [ $status -ne 0 ]; then
  [ -n "${CI:-}" ] && die "there are no servers, and in CI this must not be passed over"
  exit $status
fi

CLUSTER=$(mktemp -d "${TMPDIR:-/tmp}/rotator-cluster.XXXXXX") || exit 1
clean_up() {
  local i
  # (asked politely, the API server waits a minute for those who watch)
  for ((i = ${#pids[@]} - 1; i >= 0; i--)); do kill -KILL "${pids[i]}"; done 2>/dev/null
  wait "${pids[@]}" 2>/dev/null
  [ -n "${CLUSTER_KEEP:-}" ] || rm -rf "$CLUSTER"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy

# Ports that are free now; taken by somebody else in between, the server does not start and the whole is tried again.
ports() {
  python3 - "$1" <<'END'
import socket, sys
s = [socket.socket() for _ in range(int(sys.argv[1]))]
for x in s:
    x.bind(("127.0.0.1", 0))
print(*[x.getsockname()[1] for x in s])
END
}
# begin NAME PROGRAM ARGUMENTS…
begin() {
  local name=$1
  shift
  setpriv --pdeathsig KILL "$@" >"$CLUSTER/$name.log" 2>&1 &
  pids+=($!)
}
api() { curl -sS --fail --cacert "$CLUSTER/ca.crt" -H "Authorization: Bearer $(cat "$CLUSTER/admin.token")" "$@"; }
until_ready() {
  local i
  for ((i = 0; i < 600; i++)); do
    [ "$(api "$CLUSTER_SERVER/readyz" 2>/dev/null)" = ok ] && return 0
    kill -0 "${pids[0]}" 2>/dev/null && kill -0 "${pids[1]}" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

make_keys() (
  umask 077
  openssl genrsa -out "$CLUSTER/sa.key" 2048 2>/dev/null
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=client-ca -keyout "$CLUSTER/client-ca.key" \
    -out "$CLUSTER/client-ca.crt" 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /O=system:masters/CN=admin -keyout "$CLUSTER/admin.key" 2>/dev/null |
    openssl x509 -req -days 2 -CA "$CLUSTER/client-ca.crt" -CAkey "$CLUSTER/client-ca.key" -set_serial 2 \
      -out "$CLUSTER/admin.crt" 2>/dev/null
  openssl rand -hex 16 >"$CLUSTER/admin.token"
  echo "$(cat "$CLUSTER/admin.token"),admin,1,system:masters" >"$CLUSTER/tokens.csv"
  # Secrets at level Metadata, as operators should: what a request looked like, never what was in it.
  cat >"$CLUSTER/audit.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources: [{group: "", resources: [secrets]}, {group: apps}]
  - level: None
END
)
make_config() {
  cat >"$CLUSTER/kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "$CLUSTER_SERVER", certificate-authority: "$CLUSTER/ca.crt"}}]
users: [{name: admin, user: {token: "$(cat "$CLUSTER/admin.token")"}}]
contexts: [{name: test, context: {cluster: test, user: admin}}]
current-context: test
END
}

start() {
  local client peer secure manager
  read -r client peer secure manager < <(ports 4)
  pids=()
  CLUSTER_SERVER=https://127.0.0.1:$secure
  begin etcd etcd --data-dir "$CLUSTER/etcd" --unsafe-no-fsync --listen-client-urls "http://127.0.0.1:$client" \
    --advertise-client-urls "http://127.0.0.1:$client" --listen-peer-urls "http://127.0.0.1:$peer" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer" --initial-cluster "default=http://127.0.0.1:$peer"
  begin apiserver "$bin/kube-apiserver" --etcd-servers="http://127.0.0.1:$client" --secure-port="$secure" \
    --bind-address=127.0.0.1 --endpoint-reconciler-type=none --cert-dir="$CLUSTER/certs" \
    --service-account-key-file="$CLUSTER/sa.key" --service-account-signing-key-file="$CLUSTER/sa.key" \
    --service-account-issuer=https://kubernetes.default.svc --token-auth-file="$CLUSTER/tokens.csv" \
    --client-ca-file="$CLUSTER/client-ca.crt" --authorization-mode=RBAC --service-cluster-ip-range=10.0.0.0/24 \
    --audit-policy-file="$CLUSTER/audit.yaml" --audit-log-path="$CLUSTER/audit.log"
  local i
  for ((i = 0; i < 300; i++)); do
    [ -s "$CLUSTER/certs/apiserver.crt" ] && break
    sleep 0.1
  done
  cp "$CLUSTER/certs/apiserver.crt" "$CLUSTER/ca.crt" 2>/dev/null && until_ready || return 1
  make_config
  begin manager "$bin/kube-controller-manager" --kubeconfig="$CLUSTER/kubeconfig" \
    --service-account-private-key-file="$CLUSTER/sa.key" --root-ca-file="$CLUSTER/ca.crt" --leader-elect=false \
    --controllers=cronjob,job,serviceaccount,serviceaccount-token,root-ca-cert-publisher,daemonset,garbagecollector,namespace \
    --secure-port="$manager"
}

make_keys
for try in 1 2 3; do
  start && break
  [ "$try" = 3 ] && { tail -n 20 "$CLUSTER"/*.log >&2; die "the cluster does not become ready"; }
  kill -KILL "${pids[@]}" 2>/dev/null
  wait "${pids[@]}" 2>/dev/null
  rm -rf "$CLUSTER/etcd" "$CLUSTER/certs"
done
export CLUSTER CLUSTER_SERVER KUBECONFIG=$CLUSTER/kubeconfig PATH=$bin:$PATH
"$@"
