#!/usr/bin/env bash
# audit: each effect of a run is one log line in the target's instance, sent with the token of a key that was proven in that run; what
# becomes of it is no matter for the rotation; and no line is there twice.
. "$(dirname "$0")/lib.sh"
start_emulator
lines() { control GET "logs?instance=$guid" | jq -c '[.logs[] | select(.subsystem == "audit")]'; }
steps() { lines | jq -r '.[].text | if type == "string" then fromjson else . end | .step'; }
# noted: what the history has of the effects of the engine.
noted() { jq -r 'select(.phase != null) | .what' "$T/state/history/prod.jsonl"; }
same_as_history() {
  [ "$(steps)" = "$(noted)" ] || fail "$1: in Cloud Logs: $(steps | tr '\n' ' '); in the history: $(noted | tr '\n' ' ')"
}
singles() { control GET requests | jq '[.requests[] | select(.path | endswith("/logs/v1/singles"))] | length'; }
mkdir "$T/prom"
figures() { sed -n "s/^rotator_run_audit_lines{result=\"$1\"} //p" "$T/prom/rotator.prom"; }

simple_config
run 0 init prod
before=$(singles)
run 0 rotate prod --wait=retired
tests=$(($(singles) - before)) # of a whole rotation
[ "$(lines)" = '[]' ] || fail "lines that nobody asked for"
passed "without audit there are test logs alone"

rm -rf "$T/state" "$T/sinks/prod.env"
delete_by_hand "$(active_keys)"
simple_config 'audit: true'
sed -i "1a metrics_file: $T/prom/rotator.prom" "$config"
run 0 init prod
same_as_history "init"
for step in first create note enable promote publish settle; do
  steps | grep -qx $step || fail "init: no line of $step: $(steps | tr '\n' ' ')"
done
run 0 rotate prod --wait=retired
same_as_history "a rotation"
for step in retire disable delete retired; do
  [ "$(steps | grep -cx $step)" = 1 ] || fail "a rotation: not one line of $step"
done
lines | jq -e --arg i "$(active_keys)" --arg host "$host_id" 'map(.text | if type == "string" then fromjson else . end) |
  all(.[]; .message == "effect of the key rotation" and .result == "done" and (.text | length > 3) and (.at | test("^20.*Z$")) and
    (.step == "first" or (.rotation | test("^[0-9a-f]{16}-[0-9]+$")))) and
  (map(select(.step == "publish")) | all(.[]; .sink == "file")) and (map(select(.step == "promote")) | last | .key_id == $i)' >/dev/null ||
  fail "the form of the lines: $(lines | head -c 1500)"
lines | jq -e --arg m "iam-$management_id" --arg i "iam-$sender_id" 'all(.[]; .iam_id == $i and .application == "rotator")' >/dev/null ||
  fail "the lines are not the sender's own"
lines >"$T/out"
no_secrets
passed "each effect is one line, sent by the sender's own key"

run 0 run
[ "$(figures sent)" = 0 ] && [ "$(figures lost)" = 0 ] || fail "a run at rest counts lines"
all=$(steps | wc -l)
# Nothing is proven when a sink is only mended: there is no token, and that is said.
rm "$T/sinks/prod.env"
run 0 run
err_has "audit: [0-9]+ of [0-9]+ lines are not in Cloud Logs, or not known to be \('rotator history prod' has them\): no key was proven in this run"
[ "$(figures lost)" -gt 0 ] || fail "lost lines are not counted"
[ "$(steps | wc -l)" = "$all" ] || fail "a line without a proof"
key_works "the mended sink" "$(sink_value prod)"
passed "without a proof the lines are lost, and that is said and counted"

# Ingestion refuses, is slow or gives no answer once the proofs are made: the rotation stands, and nothing is sent twice.
for effect in '"status":503' '"status":403' '"drop_before":true' '"lose_answer":true' '"delay_ms":60000'; do
  all=$(steps | wc -l)
  fault "{\"match\":{\"path\":\"*/logs/v1/singles\",\"after\":$tests},\"effect\":{$effect}}"
  value=$(sink_value prod) began=$SECONDS
  run 0 rotate prod --wait=retired
  no_faults
  [ $((SECONDS - began)) -lt 20 ] || fail "$effect: it took $((SECONDS - began)) s"
  err_has 'audit: ([0-9]+) of \1 lines are not in Cloud Logs, or not known to be'
  [ "$(sink_value prod)" != "$value" ] && [ "$(active_keys | wc -l)" = 1 ] || fail "$effect: the rotation does not stand"
  new=$(($(steps | wc -l) - all))
  case $effect in
    *lose_answer*) [ "$(steps | tail -n $new | sort | uniq -d | grep -vx publish)" = '' ] && [ $new -gt 5 ] || fail "$effect: $new lines" ;;
    *) [ $new = 0 ] || fail "$effect: $new lines" ;;
  esac
done
passed "what becomes of the lines is no matter for the rotation, and none is sent twice"

printf '    audit: maybe\n' >>"$config"
run 2 check --offline
out_has 'audit: expected'
passed "a wrong setting"
