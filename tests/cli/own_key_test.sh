#!/usr/bin/env bash
# The rotator's own key as a target (own_key): published in one run and let go in a later one, by the new key alone; the other
# targets go on with it; what stands behind, or was lost, is told and mended.
. "$(dirname "$0")/lib.sh"
no_secrets() { # the key itself is a sink here
  ! grep -rqF -- "$(tr -d '\n' <"$T/management.key" 2>/dev/null || echo none)" "$T/out" "$T/err" "$T/state/history" "$T"/state/*.run 2>/dev/null ||
    fail "the key's value was printed or kept"
}
own_keys() { control GET keys | jq -r --arg i "iam-$management_id" '.keys[] | select(.iam_id == $i and (.deleted | not)) | .id'; }
key_of_file() { control POST check-value "{\"value\":\"$(tr -d '\n' <"${1:-$T/management.key}")\"}" | jq -r .key_id; }
# own_config [LINE…]: a target "own", and prod beside it.
own_config() {
  {
    head_of_config
    printf '  - name: own\n    own_key: true\n    account: %s\n    service_id: %s\n' "$account" "$management_id"
    [ $# -eq 0 ] || printf '    %s\n' "$@"
    target prod
  } >"$config"
}
own_phase() { rotator -c "$config" status --json own 2>/dev/null | jq -r '.targets[0].phase'; }

start_emulator
own_config
printf '%s' "$(tr -d '\n' <"$T/management.key")" >"$T/management.key.new" && cat "$T/management.key.new" >"$T/management.key"
rm "$T/management.key.new"
chmod 600 "$T/management.key"
first=$(key_of_file)

# --- set up ---
run 0 check own
out_has "own key .*the management key is one of iam-$management_id"
out_lacks 'sender|TLS'
run 0 init own
out_has "adopted $first"
run 0 init prod
run 0 init own --print-policy
out_has "iam-identity --roles Operator --resource-type serviceid --resource $management_id"
out_lacks 'service-name logs'
passed "set up: the key that is there is adopted"

# --- one rotation takes two runs ---
run 0 rotate own
second=$(key_of_file)
[ "$second" != "$first" ] || fail "nothing was published"
[ "$(own_phase)" = grace ] || fail "the phase is $(own_phase)"
[ "$(own_keys | wc -l)" = 2 ] || fail "the run that published let the old key go"
out_has "the next 'rotator run' retires it"
run 0 run
[ "$(own_phase)" = idle ] || fail "the phase is $(own_phase)"
[ "$(own_keys)" = "$second" ] || fail "the keys are $(own_keys)"
control GET requests | jq -e --arg k "$first" '[.requests[] | select(.method == "DELETE" and (.path | endswith($k)))] | length > 0' >/dev/null ||
  fail "nobody deleted $first"
run 0 rotate prod --wait=retired
[ "$(active_keys | wc -l)" = 1 ] || fail "prod does not rotate by the new key"
run 0 verify own
run 0 history own
passed "a rotation: one run publishes, a later one lets go, and the other targets go on"

# --- in a fleet: both at once, with the old token, then with the new key ---
look_again own
run 0 rotate own prod
run 0 run
run 0 run
[ "$(own_keys | wc -l)" = 1 ] && [ "$(active_keys | wc -l)" = 1 ] || fail "left over: $(own_keys) $(active_keys)"
passed "together with others"

# --- rollback, compromised ---
sed -i 's/^  grace: 0s/  grace: 1h/' "$config"
before=$(key_of_file)
run 0 rotate own
run 0 rollback own
run 0 run
[ "$(key_of_file)" = "$before" ] || fail "not rolled back"
sed -i 's/^  grace: 1h/  grace: 0s/' "$config"
run 75 rotate own --compromised # the goal is that the old key is gone
err_has 'a later run, by the new key alone, lets the old one go'
follow_next
[ $status = 0 ] || fail "the next command does not help"
[ "$(own_keys | wc -l)" = 1 ] && [ "$(key_of_file)" != "$before" ] || fail "the leaked key is there: $(own_keys)"
passed "rolled back, and ended at once when it leaked"

# --- lost by hand: the state has it ---
cp "$T/management.key" "$T/kept"
rm "$T/management.key"
look_again own
run 0 run own
[ "$(key_of_file)" = "$(key_of_file "$T/kept")" ] || fail "the file was not mended"
passed "a key file that is gone is written again, by the key that the state holds"

# --- a credential that is a copy ---
own_config "sinks: [{file: {path: $T/sinks/source.key}}]"
run 2 check own
out_has 'none of them is where management reads the key'
sed -i "s|^management: .*|management: {credential: management}|" "$config"
mkdir -p "$T/creds"
export CREDENTIALS_DIRECTORY=$T/creds
start_unit() { # as systemd does: the credential is loaded when the unit starts
  rm -f "$T/creds/management"
  cp "$T/sinks/source.key" "$T/creds/management"
  chmod 400 "$T/creds/management"
}
cp "$T/management.key" "$T/sinks/source.key"
chmod 600 "$T/sinks/source.key"
start_unit
run 3 run own # a sink that the state does not know, and one that is no longer configured
run 0 repair own --drop-sink management
run 0 run own
old=$(key_of_file "$T/sinks/source.key")
run 0 rotate own
new=$(key_of_file "$T/sinks/source.key")
[ "$new" != "$old" ] || fail "nothing was published"
look_again own
run 0 run own # the unit was not started again: its copy is the old one
err_lacks .
run 0 run own --json
json '.targets[0].phase == "grace" and .targets[0].why == "own_old"'
[ "$(own_keys | wc -l)" = 2 ] || fail "let go while the credential is the old one"
start_unit
run 0 run own
[ "$(own_keys)" = "$new" ] || fail "the keys are $(own_keys)"
passed "a credential of systemd that was not loaded again holds the old key"

# --- what cannot be ---
unset CREDENTIALS_DIRECTORY
cat "$T/sinks/source.key" >"$T/management.key"
rm -rf "$T"/state/*
own_config
sed -i "s/service_id: $management_id/service_id: $sender_id/" "$config"
run 4 check own
out_has "FAIL *own *own key .*is one of iam-$management_id, not of iam-$sender_id"
run 2 init own
err_has "own_key: the management key is one of iam-$management_id, and service_id '$sender_id' is iam-$sender_id"
next_works
own_config 'instance: "crn:v1:bluemix:public:logs:eu-de:a/'$account:$guid'::"'
run 2 check own
out_has 'own_key has none'
own_config 'account: 0123'
run 2 check own
passed "what cannot be is told"
