#!/usr/bin/env bash
# check: what is right, what is wrong, what cannot be known; it changes nothing.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 check
out_has '^ok .* credential'
out_has '^ok .* sender '
out_has '^warn .* not set up yet'
run 0 init prod
# All but what was seen of the key (NAME.run), which is kept for the next run.
before=$(find "$T/state" "$T/sinks" -type f ! -name '*.run' -exec sha256sum {} + | sort)
run 0 check prod --json
json '[.targets[0].findings[] | select(.finding == "FAIL")] == []'
json '.targets[0].working == "yes" and ([.targets[0].findings[] | select(.name == "proof") | .finding] == ["ok"])'
json '[.targets[0].findings[].name] | index("quota") and index("clock") and index("TLS") and index("home")'
run 0 check --offline
out_has '^unknown .* sender'
out_has '^unknown .* proof'
out_has '^ok .* state'
[ "$(find "$T/state" "$T/sinks" -type f ! -name '*.run' -exec sha256sum {} + | sort)" = "$before" ] ||
  fail "check changed something"
seen=$(requests_seen)
run 0 check --offline
[ "$(requests_seen)" = "$seen" ] || fail "--offline asked somebody"
passed "all is well"

# A7: files that somebody opened to others.
state_file=$(find "$T/state" -name '*.state')
chmod 0666 "$state_file"
chmod 0644 "$T/sinks/prod.env"
run 0 check prod
out_has '^warn .*home .*\.state: has mode 0666: others may change it; the next write sets 0600'
out_has '^warn .*sink file .*prod\.env: has mode 0644: others may read it'
run 0 rotate prod
run 0 run
[ "$(stat -c %a "$state_file" "$T/sinks/prod.env" | sort -u)" = 600 ] || fail "the modes were not mended"
run 0 check prod
out_lacks 'has mode'
passed "A7: a state or key file that others may open is told, and mended by the next write"

# --- rights ---
made=$(seed '{"service_ids":[{"name":"weak","apikeys":[{"name":"weak"}]}]}')
cp "$T/management.key" "$T/good.key"
jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made" >"$T/management.key"
run 3 check prod
out_has '^FAIL .* iam-identity\.apikey\.list'
out_has 'role Operator on IAM Identity'
out_has '^unknown .* sender'
error_is_whole
run 3 rotate prod
err_has 'iam-identity\.apikey'
err_has 'Operator'
err_has 'status 403'
error_is_whole
cp "$T/good.key" "$T/management.key"
run 0 rotate prod
run 0 run
passed "missing rights are named: action and role"

# --- the management credential ---
bad_key() { # bad_key PATTERN: with what $T/management.key holds now
  run 3 check
  out_has "^FAIL .*credential.*$1"
  run 3 rotate prod
  error_is_whole
}
: >"$T/management.key"; bad_key 'empty'
printf 'ab\ncd\n' >"$T/management.key"; bad_key '(line break|byte)'
head -c 200000 /dev/urandom >"$T/management.key"; bad_key '(large|byte)'
printf '"%s"\n' "$(cat "$T/good.key")" >"$T/management.key"; bad_key '(quote|byte|printable)'
printf '{"apikey":1}' >"$T/management.key"; bad_key 'apikey'
rm "$T/management.key"; bad_key '(not there|[nN]o such file)'
mkdir "$T/management.key"; bad_key '(director|regular)'
rmdir "$T/management.key"
cp "$T/good.key" "$T/management.key"; chmod 644 "$T/management.key"; bad_key 'chmod'
chmod 600 "$T/management.key"
printf 'wrongwrongwrongwrongwrongwrongwrongwrongwron' >"$T/management.key"
run 3 check
out_has 'BXNIM0415E'
error_is_whole
printf '{"name":"management","apikey":"%s"}' "$(cat "$T/good.key")" >"$T/management.key"
run 0 check
cp "$T/good.key" "$T/management.key"
passed "a bad management credential is told from a good one"

# --- instance, identity ---
{ head_of_config; target prod | sed 's/11111111-2222/99999999-2222/'; } >"$config"
run 3 init prod --patience 2s
error_is_whole
other=$(seed '{"accounts":[{"id":"aaaabbbbccccddddeeeeffff00001111"}],"service_ids":[{"name":"stranger","account":"aaaabbbbccccddddeeeeffff00001111"}]}' | jq -r '.service_ids[0].id')
config_of prod "$other"
run 3 init prod
error_is_whole
config_of prod ServiceId-00000000-0000-4000-8000-000000000000
run 3 init prod
error_is_whole
run 3 check prod
out_has '^prod: Consumers have a working key' # that of another identity, which the instance takes
error_is_whole
passed "no such instance, an identity of another account, no such identity"
simple_config

# --- hook ---
hook=$T/reload
config_of prod "$sender_id" "after_publish: {run: [$hook]}"
run 3 check --offline
out_has 'hook .*not there'
printf '#!/bin/sh\n' >"$hook"
run 3 check --offline
out_has 'hook .*cannot be run'
chmod 777 "$hook"
run 3 check --offline
out_has 'hook .*writable by others: chmod go-w'
chmod 755 "$hook"
run 0 check --offline
out_has '^ok .* hook'
# T11: what can never start is told beforehand.
for first in 'echo hello' '#!/nonexistent/sh' '#!' "#!/bin/sh"$'\r'; do
  printf '%s\necho hello\n' "$first" >"$hook"
  run 3 check --offline
  out_has '^FAIL .* hook .*(no #! line|/nonexistent/sh: No such file|no interpreter|line ends)'
done
cp /bin/true "$hook"
run 0 check --offline
out_has '^ok .* hook'
simple_config
passed "the reload hook is looked at"

# --- one service ID under two names ---
name=$(control GET identities | jq -r --arg i "iam-$sender_id" '.identities[] | select(.iam_id == $i) | .name')
{ head_of_config; target prod; target twin "$name"; } >"$config"
rotator -c "$config" check >"$T/out" 2>"$T/err" </dev/null && fail "check passes over a twin"
grep -Eq '^FAIL +(prod|twin) +identity +.*it is the same identity on the same instance as target (prod|twin)' "$T/out" || fail "a twin is not named"
simple_config
passed "two targets of one service ID"

# --- clock ---
if [ -n "$faketime" ]; then
  at '+25h' rotator -c "$config" check prod >"$T/out" 2>"$T/err"
  status=$?
  [ $status = 3 ] || fail "a clock wrong by a day: status $status"
  out_has 'FAIL .*clock .* 1d[^ ]* ahead of' # and an hour, be it less a second or two
  at '-5m' rotator -c "$config" check prod >"$T/out" 2>"$T/err"
  out_has 'warn .*clock .*behind'
  passed "a wrong clock"
fi

# --- places ---
seed "{\"service_ids\":[{\"id\":\"$sender_id\",\"apikeys\":[$(printf '{"name":"x"},%.0s' $(seq 18) | sed 's/,$//')]}]}" >/dev/null
run 3 check prod
out_has 'FAIL .*quota .*19 of 20'
run 3 rotate prod
err_has 'no two free places'
error_is_whole
passed "no room for another key"

chmod 777 "$T/sinks"
run 3 check prod
out_has 'FAIL .*sink'
chmod 700 "$T/sinks"
kill "$emulator_pid"
wait "$emulator_pid" 2>/dev/null
emulator_pid=
run 75 check prod
out_has 'FAIL .*TLS'
error_is_whole
passed "stores and reachability"
