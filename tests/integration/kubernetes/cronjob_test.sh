#!/usr/bin/env bash
# The shipped manifests in a real cluster: applied under the server's strict check, made into a Job and a Pod by the real
# controllers, and the pod's command run with its environment, mounts and user until the key is rotated.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
start_emulator

install_rotator "after_publish: {run: [/usr/libexec/rotator/rollout-restart, daemonset/logs-agent, --wait=20, \"--server=$CLUSTER_SERVER\"], timeout: 60s}"
sed 's/concurrencyPolicy/concurrencyPolicies/' "$T/manifest.yaml" >"$T/misspelt.yaml"
if kubectl apply --validate=strict --filename="$T/misspelt.yaml" >"$T/out" 2>"$T/err"; then fail "a misspelt field passed"; fi
err_has 'unknown field "spec.concurrencyPolicies"'
passed "the manifests are applied, every field is known"

# (the lines with brackets first are URLs that everybody may look at; the reviews ask for one's own rights; and newer servers show every
# account the authorities that the cluster makes known)
k auth can-i --list --as="$rotator_user" | grep -E '^[a-z]' | grep -v -e '^selfsubject' -e '^clustertrustbundles' | tr -s ' ' | sort >"$T/can"
diff - "$T/can" <<'END' || fail "the rotator has other rights than these"
daemonsets.apps [] [logs-agent] [get patch]
secrets [] [logs-agent-rotation] [get patch]
secrets [] [logs-agent] [get patch]
END
for right in 'list secrets' 'watch secrets' 'create secrets' 'get secrets/rotator-management' 'delete secrets/logs-agent' \
  'update secrets/logs-agent' 'patch secrets/other' 'create pods' 'patch daemonsets.apps/other' 'get configmaps'; do
  # shellcheck disable=SC2086
  [ "$(k auth can-i $right --as="$rotator_user" 2>/dev/null)" = no ] || fail "the rotator may $right"
done
passed "the rotator has the least rights"

agent_daemonset >"$T/agent.yaml"
must k apply --filename="$T/agent.yaml"

in_cluster 0 check
in_cluster 0 init prod-logs
first=$(secret_value logs-agent IAM_API_KEY)
accepted "$first" || fail "the first key does not work"
[ -n "$(secret_value logs-agent-rotation state)" ] || fail "no state in the home"
passed "init in the cluster puts the first key into the Secret"

becomes_due
k patch cronjob rotator --patch '{"spec":{"suspend":false}}' >/dev/null
# (rotator-job makes its jobs from the CronJob too, and kubectl says so)
made() {
  k get jobs --output=json | jq -re --arg but "${scheduled-}" 'first(.items[] | select(.metadata.ownerReferences[0].kind == "CronJob"
    and .metadata.annotations["cronjob.kubernetes.io/instantiate"] != "manual" and .metadata.name != $but)).metadata.name'
}
until_true 90 made
scheduled=$(made)
k patch cronjob rotator --patch '{"spec":{"suspend":true}}' >/dev/null
run_pod_of "$scheduled"
[ "$code" = 0 ] || fail "the scheduled run: exit code $code: $(cat "$T/pod-$scheduled.log")"
second=$(secret_value logs-agent IAM_API_KEY)
[ "$second" != "$first" ] || fail "the key was not rotated: $(cat "$T/pod-$scheduled.log")"
accepted "$second" || fail "the new key does not work"
until_true 30 condition "$scheduled" Complete
passed "the CronJob's own Job and Pod rotate the key"

id=$(k get daemonset logs-agent --output=json | jq -r '.spec.template.metadata.annotations["rotator.ibm-cloud-logs/prod-logs"]')
noted=$(k get secret logs-agent --output=json | jq -r '.metadata.annotations["rotator.ibm-cloud-logs/IAM_API_KEY"] | fromjson | .id')
[ "${id%/*}" = "$noted" ] || fail "the DaemonSet's pods were restarted for key $id, the Secret holds $noted"
active_keys | grep -qx "${id%/*}" || fail "key $id is not active: $(active_keys)"
passed "the consumer's pods are replaced for the new key"

in_cluster 0 run
if accepted "$first"; then fail "the old key still works"; fi
passed "the old key is gone after the next run"

# A configuration that cannot be used: no second try.
broken=$(job run "--config=/nowhere.yaml")
k get job "$broken" >/dev/null || fail "no job"
run_pod_of "$broken"
[ "$code" = 2 ] || fail "exit code $code of a broken configuration"
until_true 30 condition "$broken" Failed
k get job "$broken" --output=json | jq -e 'any(.status.conditions[]; .reason == "PodFailurePolicy")' >/dev/null ||
  fail "the job did not end by its failure policy"
passed "exit code 2 ends the Job at once"

# What the API server's own log says that we asked of it.
jq -r --arg u "$rotator_user" 'select(.user.username == $u and .stage == "ResponseComplete")
  | [.verb, .objectRef.resource, .objectRef.name] | join(" ")' "$CLUSTER/audit.log" | sort -u >"$T/asked"
sort >"$T/expected" <<'END'
get secrets logs-agent
get secrets logs-agent-rotation
patch daemonsets logs-agent
patch secrets logs-agent
patch secrets logs-agent-rotation
END
grep -v '^get daemonsets logs-agent$' "$T/asked" | diff "$T/expected" - || fail "the rotator asked for something else"
if grep -qF -e "$second" -e "$(printf '%s' "$second" | base64 -w0)" "$CLUSTER/audit.log" "$T"/pod-*.log; then
  fail "a key stands in a log"
fi
passed "nothing else is asked of the API server, and no log holds a key"

# --- two at once, on the same target ---
both_at_once() { # both_at_once JOB JOB
  local a b j
  (run_pod_of "$1"; echo "$code" >"$T/code-$1") &
  a=$!
  (run_pod_of "$2"; echo "$code" >"$T/code-$2") &
  b=$!
  wait $a && wait $b || fail "$when"
  for j in "$1" "$2"; do
    [ "$(cat "$T/code-$j")" = 0 ] || fail "$when: exit code $(cat "$T/code-$j"): $(cat "$T/pod-$j.log")"
  done
  now=$(secret_value logs-agent IAM_API_KEY)
  accepted "$now" || fail "$when: the key in the Secret does not work"
}
for round in 1 2 3; do
  when="round $round"
  becomes_due
  both_at_once "$(job run)" "$(job run)"
done
passed "two rotators at once do each other no harm"

# A Job made by hand does not keep the CronJob from starting its own beside it: `Forbid` looks only at what the CronJob made.
when="the CronJob's own beside one by hand"
keys_ever() { control GET keys | jq --arg i "iam-$sender_id" '[.keys[] | select(.iam_id == $i)] | length'; }
in_cluster 0 run
becomes_due
before=$(secret_value logs-agent IAM_API_KEY) ever=$(keys_ever)
by_hand=$(job run)
until_true 60 pod_of "$by_hand"
k patch cronjob rotator --patch '{"spec":{"suspend":false}}' >/dev/null
until_true 90 made
k patch cronjob rotator --patch '{"spec":{"suspend":true}}' >/dev/null
beside=$(made)
if condition "$by_hand" Complete >/dev/null; then fail "$when: the Job made by hand has ended before"; fi
both_at_once "$by_hand" "$beside"
[ "$now" != "$before" ] || fail "$when: not rotated"
[ "$(keys_ever)" = $((ever + 1)) ] || fail "$when: $(($(keys_ever) - ever)) keys were made, not 1"
passed "a Job made by hand runs beside the CronJob's own, and one key is made"
in_cluster 0 run
[ "$(all_keys | wc -l)" = 1 ] || fail "keys are left over: $(all_keys)"
passed "no key is left over"
