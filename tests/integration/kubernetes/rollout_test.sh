#!/usr/bin/env bash
# The hook rollout-restart against a real API server and the real DaemonSet controller, with exactly the rights of
# components/rollout.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
hook=$TOP/contrib/kubernetes/rollout-restart
kubectl create namespace $space >/dev/null
k create serviceaccount rotator >/dev/null
must k apply --filename="$TOP/contrib/kubernetes/components/rollout/rbac.yaml"
must k patch rolebinding rotator-rollout --type=merge --patch '{"subjects":[{"kind":"ServiceAccount","name":"rotator","namespace":"'$space'"}]}'
mkdir "$T/account"
k create token rotator >"$T/account/token"
cp "$CLUSTER/ca.crt" "$T/account/ca.crt"
printf %s $space >"$T/account/namespace"

# hook STATUS KEY_ID ARGUMENT…: as the rotator runs it, no environment but PATH, the target on standard input.
hook() {
  local want=$1 id=$2
  shift 2
  printf '{"target":"prod-logs","key_id":"%s","generation":"2","epoch":"5","sinks":[]}' "$id" |
    env -i PATH="$PATH" "$hook" "--server=$CLUSTER_SERVER" "--credentials=$T/account" "$@" >"$T/out" 2>"$T/err"
  status=$?
  [ "$status" = "$want" ] || fail "rollout-restart $*: status $status, wanted $want"
}
workload() { # workload NAME [STRATEGY]
  cat <<END
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: $1}
spec:
  updateStrategy: {type: ${2:-RollingUpdate}}
  selector: {matchLabels: {app: $1}}
  template:
    metadata: {labels: {app: $1}}
    spec: {containers: [{name: agent, image: agent}]}
END
}
generation() { k get daemonset logs-agent --output=jsonpath='{.metadata.generation}'; }
workload logs-agent | k apply --filename=- >/dev/null

hook 0 ApiKey-1 daemonset/logs-agent --wait=20
[ "$(generation)" = 2 ] || fail "the template was not changed"
hook 0 ApiKey-1 daemonset/logs-agent --wait=20
[ "$(generation)" = 2 ] || fail "a repeat restarted the pods again"
hook 0 ApiKey-2 daemonset/logs-agent --wait=20
[ "$(generation)" = 3 ] || fail "another key did not restart the pods"
passed "each key replaces the pods once"

# A node, so that a pod is wanted, which nobody ever runs.
must kubectl create --filename=- <<END
{"apiVersion":"v1","kind":"Node","metadata":{"name":"nowhere"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}
END
must kubectl taint nodes nowhere node.kubernetes.io/not-ready:NoSchedule-
wanted() { [ "$(k get daemonset logs-agent --output=jsonpath='{.status.desiredNumberScheduled}')" = 1 ]; }
until_true 60 wanted
hook 1 ApiKey-3 daemonset/logs-agent --wait=3
err_has 'not every pod is replaced after 3 s'
hook 0 ApiKey-3 daemonset/logs-agent --wait=0
passed "a roll-out that does not end is not waited for beyond its time"

workload logs-agent OnDelete | k apply --filename=- >/dev/null || fail "the workload cannot be changed"
hook 1 ApiKey-4 daemonset/logs-agent --wait=20
err_has 'OnDelete'
workload other | k apply --filename=- >/dev/null
hook 1 ApiKey-4 daemonset/other
err_has 'HTTP 403 Forbidden'
hook 1 ApiKey-4 job/logs-agent
hook 1 ApiKey-4 daemonset
hook 1 ApiKey-4 daemonset/logs-agent --wait=soon
hook 1 ApiKey-4 daemonset/logs-agent --server=https://127.0.0.1:1
err_has 'no answer of https://127.0.0.1:1'
echo 'no JSON' | env -i PATH="$PATH" "$hook" "--server=$CLUSTER_SERVER" "--credentials=$T/account" daemonset/logs-agent \
  >"$T/out" 2>"$T/err" && fail "no JSON passed"
err_has "no hook's input"
if grep -qF "$(cat "$T/account/token")" "$T/out" "$T/err"; then fail "the token was printed"; fi
passed "what cannot be done is said"
