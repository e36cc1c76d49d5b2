#!/usr/bin/env bash
# The worked example of rotator-store-kubernetes(5), as it stands there: the commands make Secrets, account, rights and token, the
# configuration beside them is used by the shipped program from outside the cluster, and kubectl reads what it wrote.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
page=$TOP/backends/kubernetes/rotator-store-kubernetes.5
start_emulator
kubectl create namespace $space >/dev/null

# block N: the N-th literal block of EXAMPLES, as it is printed.
block() {
  sed -n '/^\.Sh EXAMPLES/,/^\.Sh DIAGNOSTICS/p' "$page" |
    awk -v n="$1" '/^\.Bd/{k++; on=1; next} /^\.Ed/{on=0} on && k == n' | sed 's/\\e/\\/g'
}
block 1 >"$T/commands"
[ "$(grep -c kubectl "$T/commands")" = 6 ] || fail "the example has other commands than expected"
(cd "$T" && sh -eu commands) >"$T/out" 2>"$T/err" || fail "the example's commands"
[ "$(stat -c %a "$T/token")" = 600 ] || fail "the token's file is not private"
passed "the example's commands work"

{
  head_of_config | grep -v '^targets:'
  block 2 | sed -e "s|https://kubernetes.example.com:6443|$CLUSTER_SERVER|" -e "s|/etc/rotator/kubernetes-ca.pem|$CLUSTER/ca.crt|" \
    -e "s|/etc/rotator/token|$T/token|" -e "s|    # \.\.\.|    instance: \"$crn\"\n    service_id: $sender_id|"
} >"$config"
run 0 check
run 0 init prod-logs
first=$(secret_value logs-agent IAM_API_KEY)
accepted "$first" || fail "the key that kubectl reads does not work"
run 0 rotate prod-logs --wait=retired
second=$(secret_value logs-agent IAM_API_KEY)
[ "$second" != "$first" ] && accepted "$second" || fail "not rotated"
run 0 status
passed "the example's configuration rotates the key"

sh -eu -c "$(block 3)" >"$T/out" || fail "the example's look"
out_has 'rotator.ibm-cloud-logs/IAM_API_KEY'
passed "what stands beside the key can be seen"

# --- what a person meets ---
kubectl --namespace=$space annotate secret logs-agent meta.helm.sh/release-name=agent >/dev/null
run 3 check
grep -q 'belongs to Helm release agent' "$T/out" "$T/err" || fail "check does not name the owner"
kubectl --namespace=$space annotate secret logs-agent meta.helm.sh/release-name- >/dev/null
kubectl --namespace=$space delete rolebinding rotator >/dev/null
sleep 1
run 3 check
grep -q 'may not get secrets/' "$T/out" "$T/err" || fail "check does not name the right"
grep -q 'verbs: \[get, patch\]' "$T/out" "$T/err" || fail "check does not name the rule"
passed "check names owner and right"
