#!/usr/bin/env bash
# K8: the consumer's start is always younger than its Secret, however often the key changes. The shipped program with the shipped
# hook rollout-restart and the shipped rights; the pods are those of the real DaemonSet controller, started by kubelet.py, and
# each holds the key that it read at its start.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
start_emulator
mkdir -p "$T/agent/held" "$T/account"
trap '[ -z "${kubelet-}" ] || kill "$kubelet" 2>/dev/null; clean_up' EXIT

# --- the world ---
kubectl create namespace $space >/dev/null
k create serviceaccount rotator >/dev/null
must k create secret generic logs-agent
must k create secret generic logs-agent-rotation
for file in base/rbac.yaml components/rollout/rbac.yaml; do must k apply --filename="$TOP/contrib/kubernetes/$file"; done
may_restart() {
  k patch rolebinding rotator-rollout --type=merge --patch '{"subjects":'"$1"'}' >/dev/null || fail "the rights cannot be changed"
  until_true 60 allowed "$2"
}
allowed() { [ "$(k auth can-i patch daemonsets.apps/logs-agent --as="$rotator_user" 2>/dev/null)" = "$1" ]; }
account='[{"kind":"ServiceAccount","name":"rotator","namespace":"'$space'"}]'
must k patch rolebinding rotator --type=merge --patch '{"subjects":'"$account"'}'
may_restart "$account" yes
(umask 077 && k create token rotator >"$T/account/token")
cp "$CLUSTER/ca.crt" "$T/account/ca.crt"
printf %s $space >"$T/account/namespace"
for node in one two; do
  must kubectl create --filename=- <<END
{"apiVersion":"v1","kind":"Node","metadata":{"name":"$node"},"status":{"conditions":[{"type":"Ready","status":"True"}]}}
END
  must kubectl taint nodes $node node.kubernetes.io/not-ready:NoSchedule-
done
{
  head_of_config "alert_after: 0s" | grep -v '^targets:'
  cat <<END
kubernetes: {server: "$CLUSTER_SERVER", ca_file: $CLUSTER/ca.crt, token_file: $T/account/token, namespace: $space}
END
  kube_target
  cat <<END
    after_publish:
      run: [$TOP/contrib/kubernetes/rollout-restart, daemonset/logs-agent, --wait=40, --server=$CLUSTER_SERVER, --credentials=$T/account]
      timeout: 60s
END
} >"$config"

# --- what is seen ---
running() { [ "$(k get pods --output=json | jq '[.items[] | select(.status.phase == "Running" and .metadata.deletionTimestamp == null)] | length')" = 2 ]; }
current() { secret_value logs-agent IAM_API_KEY; }
phase() { rotator -c "$config" status prod-logs --json 2>/dev/null | jq -r '.targets[0].phase'; }
# Every pod holds this key, and it works.
all_hold() {
  local pods pod
  pods=$(k get pods --output=json | jq -r '.items[] | select(.metadata.deletionTimestamp == null) | .metadata.name')
  [ "$(wc -w <<<"$pods")" = 2 ] || fail "$when: these are not two pods: $pods"
  for pod in $pods; do
    [ "$(cat "$T/agent/held/$pod" 2>/dev/null)" = "$1" ] || fail "$when: pod $pod started before the Secret was written"
  done
  accepted "$1" || fail "$when: the pods' key does not work"
}
# No pod is without a key that works, whatever goes on.
none_is_cut_off() {
  local file value
  for file in "$T"/agent/held/*; do
    value=$(cat "$file" 2>/dev/null) || continue # (a pod that has just gone)
    accepted "$value" || fail "$when: a running pod holds a key that does not work"
  done
}
try() { # try ARGUMENT…: a command of the rotator that may have to wait for something
  rotator -c "$config" "$@" --patience 1s >"$T/out" 2>"$T/err" </dev/null
  status=$?
  no_secrets
}

SPACE=$space "$TOP/tests/integration/kubernetes/kubelet.py" logs-agent IAM_API_KEY "$T/agent" 2>"$T/kubelet.log" &
kubelet=$!
agent_daemonset >"$T/agent.yaml"
must kubectl --namespace=$space apply --filename="$T/agent.yaml"
until_true 30 running
when="the first key"
run 0 init prod-logs
all_hold "$(current)"
passed "K8: pods that ran before the first key are replaced when it is there"

when="key after key"
for round in 1 2 3; do
  before=$(current)
  run 0 rotate prod-logs --wait=retired
  [ "$(current)" != "$before" ] || fail "$when: round $round: not rotated"
  if accepted "$before"; then fail "$when: round $round: the old key still works"; fi
  all_hold "$(current)"
done
passed "K8: key after key, every pod has started since its Secret was written, and before the old key ends"

# The API server's own order of events: each write of the Secret is over before the roll-out that follows it is asked for.
jq -rs --arg u "$rotator_user" 'map(select(.user.username == $u and .verb == "patch" and .stage == "ResponseComplete"
    and .objectRef.name == "logs-agent" and .responseStatus.code == 200 and (.requestURI | test("dryRun") | not)))
  | sort_by(.requestReceivedTimestamp) | .[] | [.objectRef.resource, .requestReceivedTimestamp, .stageTimestamp] | join(" ")' \
  "$CLUSTER/audit.log" >"$T/order"
awk '$1 == "secrets" {written = $3; owed = 1; n++} $1 == "daemonsets" {if (!owed || $2 < written) bad = 1; owed = 0; r++}
  END {exit bad || owed || n != 4 || r != 4}' "$T/order" || fail "not one roll-out after each write: $(cat "$T/order")"
passed "K8: the roll-out is asked for after the Secret is written, once for each"

# --- it fails half way: the pods are not marked ---
when="no right to restart"
first=$(current)
may_restart '[]' no
try rotate prod-logs
[ "$status" != 0 ] && [ "$(phase)" = publishing ] || fail "$when: status $status, phase $(phase)"
second=$(current)
[ "$second" != "$first" ] || fail "$when: the Secret was not written"
all_hold "$first"
# One pod starts anew meanwhile, and reads the new key.
must k delete "$(k get pods --output=name | head -n 1)"
holds_second() { grep -qxF "$second" "$T"/agent/held/*; }
until_true 30 running
until_true 30 holds_second
try run
[ "$(phase)" = publishing ] || fail "$when: went on though no pod was restarted: phase $(phase)"
none_is_cut_off
# The new key is taken back. The template still bears the mark of the first key, and one pod holds the second.
try rollback prod-logs
[ "$(current)" = "$first" ] || fail "$when: the Secret does not hold the first key again"
none_is_cut_off
may_restart "$account" yes
run 0 run
[ "$(phase)" = idle ] || fail "$when: phase $(phase)"
if accepted "$second"; then fail "$when: the key that was taken back still works"; fi
all_hold "$first"
passed "K8: taken back before its pods could be marked: they are replaced all the same"

# --- it fails half way: marked, and the pods do not come ---
when="pods that do not start"
sed -i 's/--wait=40/--wait=4/' "$config"
: >"$T/agent/paused"
try rotate prod-logs
[ "$status" != 0 ] && [ "$(phase)" = publishing ] || fail "$when: status $status, phase $(phase)"
none_is_cut_off
try rotate prod-logs --compromised # another key is wanted before the pods have this one
none_is_cut_off
try run
[ "$(phase)" = publishing ] || fail "$when: phase $(phase)"
rm "$T/agent/paused"
sed -i 's/--wait=4/--wait=40/' "$config"
until_true 30 running
run 0 run
run 0 run
[ "$(phase)" = idle ] || fail "$when: phase $(phase)"
[ "$(active_keys | wc -l)" = 1 ] || fail "$when: keys are left over: $(active_keys)"
all_hold "$(current)"
[ "$(current)" != "$first" ] || fail "$when: not rotated"
passed "K8: changed twice while the pods did not come: waited for, and every pod has the last key"
[ ! -s "$T/kubelet.log" ] || fail "kubelet.py: $(cat "$T/kubelet.log")"
