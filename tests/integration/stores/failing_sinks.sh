#!/usr/bin/env bash
# Sinks in Vault, in Kubernetes and in a file, each of which fails in turn: before a rotation begins (then no key is made), while
# it is published, and in the grace before the old key is retired. Each time the rotation is held and says by which sink, the old key
# stays alive, the other sinks are written, and once the sink is mended the next run brings it to its end with one key left.
# failing_sinks.sh ROTATOR EMULATOR, run by with_cluster.sh
# shellcheck source=tests/integration/stores/lib.sh
. "$(dirname "$0")/lib.sh"
keys=$work/demo/keys
trap 'chattr -i "$keys" 2>/dev/null; vault_stop KILL; sandbox_stop; rm -rf "$work"' EXIT
run_limit=120 # a run that is held ends by itself, with the patience that it is given
rotator_run() {
  env -u VAULT_ADDR -u VAULT_TOKEN timeout $run_limit "$rotator" --config "$work/rotator.yaml" "$@" >"$work/out" 2>"$work/err"
}
stores_start
stores_config 1h

# --- ways to fail ---

# fails WAY: takes the sink away; mends WAY: gives it back. "silent" gives no answer, "hidden" may not be read, "fixed" may be
# read but not written.
fails() {
  case $1 in
    fleet-hidden) vault_rights ;;
    fleet-fixed) vault_rights '"read"' ;;
    pods-hidden) kube_rights ;;
    pods-fixed) kube_rights get ;;
    pods-silent) sed -i "s|server: \"[^\"]*\"|server: \"https://127.0.0.1:1\"|" rotator.yaml ;;
    host-hidden) mv "$keys" "$work/demo/away" ;;
    host-link) mv "$keys/edge.env" "$work/demo/edge.env" && ln -s "$work/demo/edge.env" "$keys/edge.env" ;;
    host-fixed) chattr +i "$keys" ;;
  esac
}
mends() {
  case $1 in
    fleet-*) vault_whole ;;
    pods-silent) sed -i "s|server: \"[^\"]*\"|server: \"$CLUSTER_SERVER\"|" rotator.yaml ;;
    pods-*) kube_whole ;;
    host-hidden) mv "$work/demo/away" "$keys" ;;
    host-link) rm "$keys/edge.env" && mv "$work/demo/edge.env" "$keys/edge.env" ;;
    host-fixed) chattr -i "$keys" ;;
  esac
}
place_of() {
  case $1 in
    fleet-*) echo 'secret/logs/edge' ;;
    pods-*) echo 'Secret ibm-observe/logs-agent' ;;
    host-*) echo 'keys/edge.env' ;;
  esac
}

# --- what must hold ---

phase() { "$rotator" --config rotator.yaml status edge --json 2>/dev/null | jq -r '.targets[0].phase'; }
# shows SINK HOLDS: what status says of each sink, as a pattern.
shows() {
  rotator_run status edge --json || true
  jq -e --arg n "$1" --arg h "$2" '.targets[0].sinks | length == 3 and any(.[]; .name == $n and (.holds | test($h)))' out >/dev/null ||
    fail "$way, $when: status does not show $1 as '$2'"
}
# held ARGUMENT…: the run ends, fails, and names the sink and no other.
held() {
  local got=0 others
  rotator_run "$@" --patience 1s || got=$?
  case $got in
    3 | 75) ;;
    124) fail "$way, $when: rotator $* does not end within $run_limit s" ;;
    *) fail "$way, $when: rotator $*: exit $got, not 3 or 75" ;;
  esac
  err_has "$(place_of "$way")"
  others=$(sed "s/($name)//g" err | grep -oE '\((fleet|pods|host)\)' || true)
  [ -z "$others" ] || fail "$way, $when: the message names the sink $others"
  if grep -q 'role Sender' err; then fail "$way, $when: the message blames the role Sender for what a store refused"; fi
  accepted "$old" || fail "$way, $when: the old key does not work any more"
  for who in in_fleet in_pods in_host; do
    [ "$who" = in_host ] && [ ! -e "$keys/edge.env" ] || accepted "$($who)" || fail "$way, $when: $who reads a key that does not work"
  done
}
# others_hold VALUE: all sinks but the failing one.
others_hold() {
  for who in fleet pods host; do
    [ $who = "$name" ] || [ "$("in_$who")" = "$1" ] || fail "$way, $when: $who holds another key"
  done
}
later() { sandbox_control POST clock '{"advance_s": 7200}' >/dev/null; } # longer than the grace
# ends: the sink is whole again; one run publishes, and after the grace one run retires.
ends() {
  run 0 run
  [ "$(phase)" != grace ] || later
  run 0 run
  [ "$(phase)" = idle ] || fail "$way, $when: mended, and not at an end but in $(phase)"
  [ "$(live_keys)" = 1 ] || fail "$way, $when: $(live_keys) keys are left"
  value=$(in_fleet)
  [ "$value" != "$old" ] || fail "$way, $when: not rotated"
  for who in in_pods in_host; do [ "$($who)" = "$value" ] || fail "$way, $when: the sinks differ"; done
  [ "$(id_of "$value")" = "$(current_id)" ] || fail "$way, $when: the sinks hold another key than the current one"
  if accepted "$old"; then fail "$way, $when: the old key still works"; fi
}
# begin WAY STEP
begin() {
  way=$1 name=${1%-*} when=$2
  old=$(in_fleet)
  run 0 status edge
}
# stage: a rotation is under way, whose key could not be made yet; `unstage` lets it go on.
stage() {
  sandbox_control POST faults '{"match": {"method": "POST", "path": "/v1/apikeys"}, "effect": {"status": 503}}' >/dev/null
  if rotator_run rotate edge --patience 1s; then fail "$way, $when: rotated though IAM made no key"; fi
  [ "$(phase)" = staged ] || fail "$way, $when: the phase is $(phase), not staged"
}
unstage() { sandbox_control DELETE faults >/dev/null; }

run 0 init edge
ways="fleet-hidden pods-hidden pods-silent host-hidden host-link"
fixed="fleet-fixed pods-fixed"
chattr +i "$keys" 2>/dev/null && chattr -i "$keys" && fixed="$fixed host-fixed"

for each in $ways; do
  begin "$each" "before the rotation"
  fails "$way"
  held rotate edge
  shows "$name" "no answer|must not be used|unreadable|unknown"
  mends "$way"
  ends
  passed "$way, before the rotation"
done

for each in $fixed; do
  begin "$each" "before the rotation"
  fails "$way"
  held rotate edge
  [ "$(phase)" = idle ] || fail "$way, $when: the phase is $(phase)"
  [ "$(live_keys)" = 1 ] || fail "$way, $when: a key was made for a sink that cannot be written"
  mends "$way"
  ends
  passed "$way, before the rotation"
done

for each in $fixed; do
  begin "$each" "while it is published"
  stage
  fails "$way"
  unstage
  held run edge
  [ "$(phase)" = publishing ] || fail "$way, $when: the phase is $(phase)"
  new=$(if [ "$name" = host ]; then in_fleet; else in_host; fi)
  [ "$new" != "$old" ] || fail "$way, $when: the other sinks were not written"
  others_hold "$new"
  [ "$("in_$name")" = "$old" ] || fail "$way, $when: the sink was written"
  shows "$name" "old key"
  for who in fleet pods host; do
    [ $who = "$name" ] || shows $who "current key"
  done
  later
  held run edge
  [ "$(phase)" = publishing ] || fail "$way, $when: later the phase is $(phase)"
  mends "$way"
  ends
  passed "$way, while it is published"
done

begin fleet-fixed "while it is published, another too"
stage
fails fleet-fixed
fails pods-fixed
unstage
if rotator_run run edge --patience 1s; then fail "exit 0 with two sinks that were not written"; fi
[ "$(in_host)" != "$old" ] || fail "two sinks that refuse keep the third from being written"
for each in "$old" "$(in_host)"; do accepted "$each" || fail "a key does not work"; done
mends fleet-fixed
mends pods-fixed
ends
passed "two sinks refuse, the third is written"

for each in $ways; do
  begin "$each" "in the grace"
  run 0 rotate edge
  [ "$(phase)" = grace ] || fail "$way, $when: the phase is $(phase)"
  new=$(in_fleet)
  fails "$way"
  later
  held run edge
  others_hold "$new"
  [ "$(live_keys)" = 2 ] || fail "$way, $when: $(live_keys) keys are there, not 2"
  mends "$way"
  ends
  [ "$value" = "$new" ] || fail "$way, $when: another rotation followed"
  passed "$way, in the grace"
done
echo "1..$count"
