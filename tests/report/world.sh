# shellcheck shell=bash disable=SC2034,SC2154,SC1091
# A fleet in which everything is that a report can show, ten weeks old, made by the program against an emulator whose clock is moved.
# Sourced; needs what tests/cli/lib.sh needs, and libfaketime. Afterwards `config` is that of the fleet, and $now the offset of today.
. "$(dirname "${BASH_SOURCE[0]}")/../cli/lib.sh"
[ -n "$faketime" ] || { echo "SKIP: libfaketime is missing"; exit 77; }

evil='<script>alert("x")</script> & '"'"'so'"'"' on'
fleet=(well due grace clinging held broken locked moving doubtful sulking)

# day OFFSET: what the program and the emulator take for now, in seconds from the real one.
now=0
day() {
  now=$1
  control POST clock "{\"offset_s\": $now}" >/dev/null
}
# rot ARGUMENTS…: the program at that time, whatever it answers; files have their own time, which must not seem to change.
rot() { NO_FAKE_STAT=1 at "$(printf '%+ds' "$now")" timeout 30 rotator -q -c "$config" "$@" >"$T/out" 2>"$T/err" </dev/null; }
id_of() { printf 'ServiceId-cccccccc-0000-4000-8000-%012d' "$1"; }

seed_fleet() {
  local n=${#fleet[@]}
  seed "$(jq -n --argjson n "$n" --arg guid "$guid" '
    [range($n) | "ServiceId-cccccccc-0000-4000-8000-" + ("000000000000" + tostring)[-12:]] as $ids |
    {service_ids: [$ids[] | {id: ., name: .}], roles: [$ids[] | {identity: ., role: "Sender", instance: $guid}]}')" >/dev/null
}
# one NAME [LINE…]: its target.
one() {
  local name=$1 i
  shift
  for i in "${!fleet[@]}"; do
    [ "${fleet[i]}" != "$name" ] || target "$name" "$(id_of "$i")" "$@"
  done
}
fleet_config() {
  local name
  {
    head_of_config "grace: 24h" "alert_after: 1h" "probe_every: 0s"
    for name in "${fleet[@]}"; do
      case $name in
        moving) one moving "after_publish: {run: [$T/bin/hook]}" ;;
        *) one "$name" ;;
      esac
    done
    target never never-made
    printf '  - name: "%s"\n    instance: "%s"\n    service_id: x\n    sinks: [{file: {path: %s/sinks/x}}]\n' \
      "a<b>&'c" "$crn" "$T"
  } >"$config"
}
value_in() { sink_value "$1"; }
# use VALUE: a consumer takes a token by it.
use() {
  curl -sS --cacert "$ca" "$url/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey \
    --data-urlencode "apikey@"<(printf %s "$1") -o /dev/null
}

make_fleet() {
  local name old
  start_emulator
  seed_fleet
  printf '#!/bin/sh\nread -r status <%s/hook.status\nexit $status\n' "$T" >"$T/bin/hook"
  chmod 755 "$T/bin/hook"
  echo 0 >"$T/hook.status"
  fleet_config
  day $((-70 * 86400))
  for name in "${fleet[@]}"; do rot init "$name" || fail "init $name: $?"; done
  day $((-40 * 86400))
  rot run well clinging locked moving
  day $((-38 * 86400))
  rot run well clinging locked moving
  day $((-37 * 86400))
  rot run
  day $((-33 * 86400))
  rot rotate --grace 1h due held doubtful sulking broken grace
  day $((-32 * 86400))
  rot run
  day $((-31 * 86400))
  rot run
  day $((-12 * 86400))
  rot rotate --grace 1h well
  day $((-11 * 86400))
  rot run well
  day $((-10 * 86400))
  rot run well
  # Somebody clings to the old key, and one cannot be disabled.
  day $((-3 * 86400))
  old=$(value_in clinging)
  rot rotate clinging locked
  lock_key "$(key_of locked previous)"
  use "$old"
  day -86400
  use "$old"
  rot run clinging locked
  rot hold held --reason "$evil"
  day -21600
  rot rotate grace
  break_key broken
  fault '{"match": {"path": "/identity/token"}, "effect": {"status": 503}}'
  rot run sulking --patience 1s
  no_faults
  day -600
  echo 1 >"$T/hook.status"
  rot run moving --patience 1s
  day 0
  fault '{"match": {"path": "/identity/token"}, "effect": {"status": 503}}'
  rot run sulking --patience 1s
  no_faults
  rm -f "$T/state/doubtful.run"
}
# break_key NAME: its key is deleted in the console, and the account lets nobody make another one.
break_key() {
  delete_by_hand "$(key_of "$1" current)"
  fault '{"match": {"method": "POST", "path": "/v1/apikeys"}, "effect": {"status": 403}}'
  rot run "$1" --patience 1s
  no_faults
}
key_of() { at "$(printf '%+ds' "$now")" rotator -c "$config" status --offline --json "$1" 2>/dev/null | jq -r ".targets[0].$2"; }
