#!/usr/bin/env bash
# hold, resume, forget, history.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 history prod
out_has 'nothing has been done'
run 4 hold prod
err_has 'no state yet'
error_is_whole
run 0 init prod

run 0 hold prod --until 3d --reason "change freeze"
out_has 'held until 20'
run 0 status prod
out_has 'change freeze'
simple_config "rotate_every: 1s"
sleep 1
before=$(sink_value prod)
run 0 run
[ "$(sink_value prod)" = "$before" ] || fail "rotated in spite of the hold"
run 0 resume prod
run 0 run
[ "$(sink_value prod)" != "$before" ] || fail "not rotated after resume"
simple_config
run 0 run
passed "hold holds, resume lifts"

run 2 hold prod --until yesterday
run 2 hold prod --until 2020-01-01T00:00:00Z
err_has 'over already'
usage_is_whole
run 0 hold prod
out_has 'until resumed'
run 0 resume prod --json
json '.exit == 0'
passed "dates of a hold"

# --- everything at once ---
seed '{"service_ids":[{"id":"ServiceId-cccccccc-0000-4000-8000-000000000001","name":"another"}]}' >/dev/null
{ head_of_config; target prod; target fresh another; } >"$config"
run 2 hold
err_has 'a target, or --all'
run 2 hold --all prod
run 2 run --all
run 0 hold --all --until 3d --reason "freeze"
out_has '^prod: held until 20'
out_has '^fresh: never set up'
run 0 status prod
out_has 'freeze'
run 0 resume --all --json
json '.exit == 0 and ([.targets[].target] == ["prod"])'
simple_config
run 0 status prod
out_lacks 'freeze'
passed "hold --all, resume --all"

run 0 history prod
out_has 'hold'
out_has 'promote'
run 0 history prod --lines 2
[ "$(wc -l <"$T/out")" = 3 ] || fail "--lines 2 shows more"
run 0 history prod --json --lines 1
json '.targets[0].entries | length == 1'
[ "$(stat -c %a "$T/state/history/prod.jsonl")" = 600 ] || fail "the history is not private"
printf 'not json\n' >>"$T/state/history/prod.jsonl"
run 0 history prod
head -c 1100000 /dev/zero | tr '\0' '\n' >>"$T/state/history/prod.jsonl"
run 0 hold prod
run 0 resume prod
[ -e "$T/state/history/prod.jsonl.1" ] || fail "the history grows without bound"
run 0 history prod
out_has 'promote'
passed "history is kept, bounded, private"

run 2 forget prod
err_has 'give --yes'
err_lacks 'onsumers'
err_has '^  nothing was changed$' # looked it has, before it asked
err_has '^next: .* --yes$'
value=$(sink_value prod)
run 0 forget prod --yes
out_has 'stays active in IAM'
[ "$(sink_value prod)" = "$value" ] && [ "$(active_keys | wc -l)" = 1 ] || fail "forget touched the key"

passed "forget leaves the key"
