#!/usr/bin/env bash
# The key of a user that is the rotator's own key at the same time: what is rotated is what authenticates the rotation. A run
# publishes, a later one, that was authenticated by the new key, retires; killed at any moment, the user is never locked out.
. "$(dirname "$0")/lib.sh"
user=IBMid-50USER0001
sender_id=$user
laptop=
active_keys() { # but for the one of the laptop, which must always be there
  control GET keys | jq -r --arg i "$user" '.keys[] | select(.iam_id == $i and (.deleted | not) and (.disabled | not)) | .id' >"$T/active"
  [ -z "$laptop" ] || grep -q "$laptop" "$T/active" || fail "the key of the laptop is gone"
  grep -v "${laptop:-none}" "$T/active"
}
start_emulator
made=$(seed "{\"users\":[{\"id\":\"$user\",\"name\":\"somebody\",\"apikeys\":[{\"name\":\"mine\"},{\"name\":\"laptop\"}]}],
  \"roles\":[{\"identity\":\"IBMid-50USER0001\",\"role\":\"Administrator\",\"service\":\"logs\",\"instance\":\"$guid\"}]}" 2>/dev/null)
jq -r '.users[0].apikeys[0].apikey' <<<"$made" | tr -d '\n' >"$T/management.key"
mine=$(jq -r '.users[0].apikeys[0].id' <<<"$made")
laptop=$(jq -r '.users[0].apikeys[1].id' <<<"$made")
config_of_own() { # config_of_own FORMAT: the sink is the file that `management` names
  {
    head_of_config
    printf '  - name: prod\n    instance: "%s"\n    user: me\n' "$crn"
    printf '    sinks: [file: {path: %s/management.key, format: %s}]\n' "$T" "$1"
  } >"$config"
}
value() { if grep -q '{' "$T/management.key"; then jq -r .apikey "$T/management.key"; else cat "$T/management.key"; fi | tr -d '\n'; }
own_key() { control POST check-value "{\"value\":\"$(value)\"}" | jq -r .key_id; }
consumer_works() { key_works "$1" "$(value)"; }
config_of_own raw

run 0 init prod
out_has "adopted $mine"
[ "$(own_key)" = "$mine" ] || fail "the adopted key was rotated"
passed "the user's own management key is adopted"

run 0 rotate prod
new=$(own_key)
[ "$new" != "$mine" ] || fail "not rotated"
[ "$(phase)" = grace ] || fail "the run that published has retired, too: $(phase)"
[ "$(active_keys | sort)" = "$(printf '%s\n' "$mine" "$new" | sort)" ] || fail "keys: $(active_keys)"
run 0 run prod
look_again prod
run 0 run prod
[ "$(phase)" = idle ] || fail "no later run retires: $(phase)"
[ "$(active_keys)" = "$new" ] || fail "keys: $(active_keys)"
control GET requests | jq -e --arg old "$mine" --arg new "$new" \
  '[.requests[] | select(.method != "GET" and (.path | contains($old))) | .key_id] | unique == [$new]' >/dev/null ||
  fail "the old key was not ended by the new one alone"
passed "one run publishes, a later one retires, authenticated by the new key alone"

# --- killed at any moment ---
kill_rotations 0.05 0.1 0.2 0.3 0.5
passed "killed in the middle, the user has a key that works, and one is left"

# --- the place that the next run reads is not the one that was written ---
run 0 rotate prod
[ "$(phase)" = grace ] || fail "phase $(phase)"
new=$(own_key)
old=$(active_keys | grep -v "$new")
seed "{\"users\":[{\"id\":\"$user\",\"apikeys\":[{\"name\":\"by hand\"}]}]}" >"$T/made"
sed -i "s|^management: .*|management: {file: $T/other.key}|" "$config"
jq -r '.users[0].apikeys[0].apikey' "$T/made" >"$T/other.key"
chmod 600 "$T/other.key"
hand=$(jq -r '.users[0].apikeys[0].id' "$T/made")
settle_with_hand() { [ "$(active_keys | sort)" = "$(printf '%s\n' "$new" "$hand" | sort)" ]; }
for _ in $(seq 20); do
  rotator -c "$config" run prod >"$T/out" 2>"$T/err" </dev/null
  settle_with_hand && break
  sleep 0.3
done
settle_with_hand || fail "with another key of the user for the management, the old one stays: $(active_keys)"
[ "$old" != "$new" ] || fail "no old key"
passed "with a management key beside, that of the target is like any other"

# --- as the CLI writes it ---
rm -rf "$T/state"
control POST hand "{\"key\":\"$new\",\"do\":\"delete\"}" >/dev/null
jq -n --arg v "$(cat "$T/other.key")" '{name: "rotator", apikey: $v}' >"$T/management.key"
rm "$T/other.key"
config_of_own json
run 0 init prod
out_has "adopted $hand"
run 0 rotate prod
for _ in $(seq 20); do
  [ "$(phase)" = idle ] && break
  rotator -c "$config" run prod >"$T/out" 2>"$T/err" </dev/null
done
[ "$(phase)" = idle ] && [ "$(active_keys)" = "$(own_key)" ] && [ "$(own_key)" != "$hand" ] || fail "keys: $(active_keys)"
jq -e '.apikey | length == 44' "$T/management.key" >/dev/null || fail "not as the CLI writes it"
passed "the file that 'ibmcloud iam api-key-create --file' wrote is rotated in its form"
