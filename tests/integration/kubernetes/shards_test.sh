#!/usr/bin/env bash
# components/shards: one indexed Job of four pods rotates a fleet, each target by one pod, and a pod that calls a person does not end
# the work of the others.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/integration/kubernetes/lib.sh
. "$TOP/tests/integration/kubernetes/lib.sh"
fleet=6 shares=4
start_emulator
secret_of() { echo "agent-$1"; }
id_of() { printf 'ServiceId-cccccccc-0000-4000-8000-%012d' "$1"; }
jq -n --argjson n $fleet --arg guid "$guid" '
  [range($n) | "ServiceId-cccccccc-0000-4000-8000-" + ("000000000000" + tostring)[-12:]] as $ids |
  {service_ids: [$ids[] | {id: ., name: .}], roles: [$ids[] | {identity: ., role: "Sender", instance: $guid}]}' >"$T/seed.json"
curl -sS --fail-with-body "$http/_control/seed" -d "@$T/seed.json" >/dev/null || fail "seed"
kube_target() {
  local i
  echo "targets:"
  for ((i = 0; i < fleet; i++)); do
    cat <<END
  - name: agent-$i
    instance: "$crn"
    service_id: $(id_of $i)
    home: {kubernetes: {name: agent-$i-rotation}}
    sinks:
      - kubernetes: {name: agent-$i, key: IAM_API_KEY}
END
  done
}
names() { local i; for ((i = 0; i < fleet; i++)); do echo "agent-$i"; echo "agent-$i-rotation"; done; }

# A server before 1.29 has no pods that fail alone: the rest of the component is tried there without that.
fails_alone=yes
kubectl explain job.spec.backoffLimitPerIndex >/dev/null 2>&1 || fails_alone=no
component=$TOP/contrib/kubernetes/components/shards/kustomization.yaml
mkdir -p "$T/older"
if [ $fails_alone = no ]; then
  grep -v -e backoffLimit -e FailIndex -e FailJob "$component" >"$T/older/kustomization.yaml"
else
  cp "$component" "$T/older/kustomization.yaml"
fi
components="../older"
install_rotator
for name in $(names); do must k create secret generic "$name"; done
rights=$(names | jq -Rnc '[inputs]')
must k patch role rotator --type=json --patch "[{\"op\": \"replace\", \"path\": \"/rules/0/resourceNames\", \"value\": $rights}]"
passed "the component is applied, every field is known"

for ((i = 0; i < fleet; i++)); do in_cluster 0 init "agent-$i"; done
for ((i = 0; i < fleet; i++)); do secret_value "agent-$i" IAM_API_KEY; echo; done >"$T/first"
[ "$(grep -c . "$T/first")" = $fleet ] || fail "not each target has a key"
passed "rotator-job is one pod for the whole fleet"

becomes_due
sharded() { # a Job as the CronJob makes it
  local name=sharded-$1
  must k create job "$name" --from=cronjob/rotator
  for ((i = 0; i < shares; i++)); do until_true 60 pod_of "$name" $i; done
}
sharded 1
for ((i = 0; i < shares; i++)); do
  run_pod_of sharded-1 $i
  [ "$code" = 0 ] || fail "share $i: exit code $code: $(cat "$T/pod-sharded-1-$i.log")"
  grep -o '"target":"agent-[0-9]*"' "$T/pod-sharded-1-$i.log" | sort -u | sed "s/$/ $i/"
done >"$T/who"
[ "$(wc -l <"$T/who")" = $fleet ] || fail "not each target was worked on by one pod: $(cat "$T/who")"
[ "$(cut -d' ' -f2 "$T/who" | sort -u | wc -l)" -ge 2 ] || fail "one pod did all: $(cat "$T/who")"
for ((i = 0; i < fleet; i++)); do
  now=$(secret_value "agent-$i" IAM_API_KEY)
  if grep -qxF "$now" "$T/first"; then fail "agent-$i was not rotated"; fi
  accepted "$now" || fail "agent-$i: the new key does not work"
done
until_true 60 condition sharded-1 Complete
passed "each target is rotated by one of $shares pods"

if [ $fails_alone = yes ]; then
  sick=$(sed -n 's/"target":"\(.*\)" .*/\1/p;q' "$T/who")
  share=$(sed -n 's/.* //p;q' "$T/who")
  k patch secret "$sick" --patch '{"stringData": {"IAM_API_KEY": "somebody-elses-key-somebody-elses-key-123456"}}' >/dev/null
  becomes_due
  sharded 2
  run_pod_of sharded-2 "$share"
  [ "$code" = 3 ] || [ "$code" = 4 ] || fail "the share with a foreign key: exit code $code"
  for ((i = 0; i < shares; i++)); do
    [ $i = "$share" ] || { run_pod_of sharded-2 $i; [ "$code" = 0 ] || fail "share $i beside it: exit code $code"; }
  done
  until_true 60 condition sharded-2 Failed
  k get job sharded-2 --output=json | jq -e --arg i "$share" --argjson n $shares '.status.failedIndexes == $i and .status.succeeded == $n - 1' >/dev/null ||
    fail "more than index $share failed: $(k get job sharded-2 --output=json | jq -c .status)"
  passed "a pod that calls a person fails alone"
fi
