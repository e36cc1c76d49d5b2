#!/usr/bin/env bash
# The scheduled job: silent when nothing is due, does what is due, tells a passing fault only when it
# has lasted, lets another run work, ends at SIGTERM, and works around a broken target.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 init prod

seen=$(requests_seen)
run 0 run
silent
[ "$(requests_seen)" = "$seen" ] || fail "a run with nothing due asked somebody"
run 0 run --json
json '.exit == 0 and .targets[0].why == "not_due" and .targets[0].changed == false'
run 0 status --offline
[ "$(requests_seen)" = "$seen" ] || fail "status --offline asked somebody"
run 0 status
[ "$(requests_seen)" != "$seen" ] || fail "status of one target did not look at IAM"
passed "nothing due: silent, and nobody is asked"

if command -v strace >/dev/null; then
  strace -f -e trace=socket,connect -o "$T/trace" rotator -c "$config" run 2>/dev/null
  ! grep -q 'AF_INET' "$T/trace" || fail "a run with nothing due opened a socket"
  passed "nothing due: no socket is opened"
fi

sleep 2
simple_config "rotate_every: 2s"
before=$(sink_value prod)
run 0 run --dry-run
out_has 'staging a new key'
[ "$(sink_value prod)" = "$before" ] || fail "a dry run rotated"
run 0 run
out_has 'is deleted'
[ "$(sink_value prod)" != "$before" ] || fail "the key was not rotated"
[ "$(active_keys | wc -l)" = 1 ] || fail "not one active key"
sleep 2
run 0 run --json
json '.targets[0].changed and .targets[0].phase == "idle"'
passed "a due key is rotated"

# --- a fault that passes ---
simple_config "alert_after: 1h"
look_again prod
fault '{"match":{"path":"/identity/token"},"effect":{"status":503}}'
run 0 run --patience 0s
silent
simple_config "alert_after: 1s"
sleep 1
run 75 run --patience 0s
err_has 'IAM gave no answer'
err_has 'status 503'
err_has 'Consumers have a working key: ApiKey-'
error_is_whole
no_faults
run 0 run
silent
run 0 run
passed "a passing fault is told when it has lasted"

# --- at once ---
fault '{"match":{"path":"/identity/token","times":1},"effect":{"delay_ms":5000}}'
look_again prod
rotator -c "$config" rotate prod >"$T/first.out" 2>"$T/first.err" &
first=$!
until_met
run 0 run
silent
run 5 rotate prod
err_has 'another run works on this target'
error_is_whole
no_faults
wait $first || fail "the first rotate failed: $(cat "$T/first.err")"
passed "two at once: the scheduled one goes, the one by hand says so"

# --- SIGTERM ---
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"delay_ms":3000}}'
before=$(sink_value prod)
rotator -c "$config" rotate prod >"$T/out" 2>"$T/err" &
first=$!
until_met
kill -TERM $first
start=$SECONDS
wait $first
status=$?
[ $status = 75 ] || fail "SIGTERM: status $status"
[ $((SECONDS - start)) -le 10 ] || fail "SIGTERM: it took $((SECONDS - start)) s"
no_faults
[ "$(sink_value prod)" = "$before" ] || fail "the sink was changed after SIGTERM"
error_is_whole
[ "$(sink_value prod)" != "$before" ] || fail "the rotation did not go on"
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "keys are left over: $(active_keys)"
passed "SIGTERM ends it; the next run goes on"

# --- a broken file beside the good ones ---
mkdir "$T/targets.d"
{ echo "version: 1"; echo "targets:"; target broken | sed 's/instance:.*/instance: "crn:nonsense"/'; } >"$T/targets.d/broken.yaml"
run 3 run
err_has 'broken.yaml:[0-9]+'
error_is_whole
run 0 run prod
silent
run 2 run broken
err_has 'broken.yaml:[0-9]+'
error_is_whole
run 3 status
out_has 'prod'
rm -r "$T/targets.d"
passed "a broken target stops itself only"

# --- a clock that is wrong by a day: IAM's counts ---
if [ -n "$faketime" ]; then
  simple_config
  run 0 run
  simple_config "rotate_every: 12h"
  before=$(sink_value prod)
  at '+1d' rotator -c "$config" run >"$T/out" 2>"$T/err" ||
    fail "a clock wrong by a day"
  [ "$(sink_value prod)" = "$before" ] || fail "a clock wrong by a day made the key due"
  at '-1d' rotator -c "$config" run >"$T/out" 2>"$T/err" ||
    fail "a clock wrong by a day"
  run 0 rotate prod
  run 0 run
  [ "$(active_keys | wc -l)" = 1 ] || fail "not one active key"
  passed "a clock wrong by a day rotates nothing"
fi

# --- many ---
ids=()
entries=
for i in $(seq 12); do
  ids+=("ServiceId-bbbbbbbb-0000-4000-8000-$(printf '%012d' "$i")")
  entries+="${entries:+,}{\"id\":\"${ids[-1]}\",\"name\":\"agent-$i\"}"
done
seed "{\"service_ids\":[$entries]}" >/dev/null
roles=
for id in "${ids[@]}"; do
  roles+="${roles:+,}{\"identity\":\"$id\",\"role\":\"Sender\",\"instance\":\"$guid\"}"
done
seed "{\"roles\":[$roles]}" >/dev/null
{ head_of_config; for i in $(seq 12); do target "t$i" "agent-$i"; done; } >"$config"
for i in $(seq 12); do run 0 init "t$i"; done
run 0 rotate $(seq -f 't%g' 12) --jobs 4
[ "$(grep -c 'is deleted; .* is current' "$T/out")" = 12 ] || fail "not all were rotated"
run 0 run
seen=$(requests_seen)
run 0 run
silent
[ "$(requests_seen)" = "$seen" ] || fail "names of service IDs were looked up again"
run 0 status
[ "$(grep -c ' yes      at rest ' "$T/out")" = 12 ] || fail "status does not show twelve targets"
passed "twelve targets, named, four at a time"
