#!/usr/bin/env bash
# Killed in the middle of a write to Secrets Manager, which lands late: killed_write.sh ROTATOR EMULATOR. The service refuses no late
# write, so the next run waits as long as one may take before it reads anything, says so, and then goes on with what it finds.
# Consumers have a key that works at every moment. Takes two minutes: the wait is what is tested.
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
export ROTATOR=$1 EMULATOR=$2
# shellcheck source=tests/cli/lib.sh
. "$TOP/tests/cli/lib.sh"
# shellcheck source=tests/cli/secrets_lib.sh
. "$TOP/tests/cli/secrets_lib.sh"
secrets_config >"$config"
grant "$management_id" Writer
run 0 init prod
id=$(secret_of logs arbitrary edge | jq -r .id)
first=$(secret_of logs arbitrary edge | jq -r .payload)

fault "{\"match\":{\"method\":\"POST\",\"path\":\"/instances/$sm/api/v2/secrets/$id/versions\",\"times\":1},\"effect\":{\"late_ms\":3000}}"
rotator -c "$config" rotate prod >/dev/null 2>&1 </dev/null &
rotation=$!
until_met
kill -9 $rotation
wait $rotation 2>/dev/null
[ "$(versions edge)" = 1 ] || fail "the write landed before it was to"
consumer_works 'killed'
passed "killed while a write is under way"

start=$(date +%s)
rotator -c "$config" run >"$T/out" 2>"$T/err" </dev/null &
next=$!
while kill -0 $next 2>/dev/null; do
  consumer_works 'while the next run waits'
  sleep 1
done
wait $next
status=$?
took=$(($(date +%s) - start))
[ "$status" = 0 ] || fail "the next run ends with $status"
[ "$took" -ge 85 ] || fail "the next run waited $took s: a late write could have come after it"
[ "$(versions edge)" = 2 ] || fail "$(versions edge) versions: written again"
[ "$(secret_of logs arbitrary edge | jq -r .payload)" != "$first" ] || fail "the late write did not land"
passed "the next run waits as long as a write may take, and does not repeat it"

settle 'after the late write'
consumer_works 'at the end'
passed "the rotation ends with one key"
