#!/usr/bin/env bash
# Whole rotations of the shipped program with home and sink in a real keyring, and every way in which a keyring is not there.
# shellcheck source=tests/integration/libsecret/lib.sh
. "$(dirname "$0")/lib.sh"
start_emulator
keyring_config

run 0 check
run 0 init prod
consumer_works "after init"
first=$(item sink prod)
[ -n "$(item home prod)" ] || fail "no state in the keyring"
passed "init"

for i in 1 2 3; do
  run 0 rotate prod --wait=retired
  consumer_works "rotation $i"
  settle "rotation $i"
done
[ "$(item sink prod)" != "$first" ] || fail "the key is still the first"
[ "$(secret-tool search --all xdg:schema com.ibm.cloud.logs.rotator 2>/dev/null | grep -c '^secret')" = 2 ] || fail "items were left"
passed "three rotations; the state and the key are the only items"

# Nothing of value in what the service keeps in clear.
secret-tool search --all xdg:schema com.ibm.cloud.logs.rotator >/dev/null 2>"$T/attributes"
[ "$(sed -n 's/^attribute\.\([^ ]*\) = .*/\1/p' "$T/attributes" | sort -u | tr '\n' ' ')" = "item kind xdg:schema " ] ||
  [ "$(sed -n 's/^attribute\.\([^ ]*\) = .*/\1/p' "$T/attributes" | sort -u | tr '\n' ' ')" = "item kind " ] ||
  fail "attributes: $(cat "$T/attributes")"
passed "attributes"

before=$(all_keys)
lock_keyring
run 75 check
out_has 'keyring is locked'
timeout 3 rotator -c "$config" run >"$T/out" 2>"$T/err" </dev/null  # (it would try again for a while)
[ "$(all_keys)" = "$before" ] || fail "a key was made while the keyring was locked"
unlock_keyring
run 0 rotate prod --wait=retired
settle "after unlocking"
consumer_works "after unlocking"
passed "locked, and unlocked again"

kill_daemon  # the next one is started by the bus, locked
run 75 check
out_has 'keyring is locked'
unlock_keyring
run 0 check
run 0 rotate prod --wait=retired
settle "after the daemon's restart"
consumer_works "after the daemon's restart"
passed "the daemon was killed and restarted"

keyring_config 1s
kill -STOP "$(daemon_pid)"  # as one that waits for somebody to answer a dialogue
run 75 check
out_has 'did not end within 1 s'
kill -CONT "$(daemon_pid)"
keyring_config
run 0 check
passed "a service that does not answer"

printf other | secret-tool store --label=other xdg:schema com.ibm.cloud.logs.rotator kind sink item prod more 1
run 3 check
out_has '2 items have these attributes'
[ "$(secret-tool lookup more 1)" = other ] || fail "an item of somebody else was touched"
secret-tool clear more 1
run 0 check
passed "an item of somebody else"

(
  unset DBUS_SESSION_BUS_ADDRESS
  export XDG_RUNTIME_DIR=$T/nothing
  run 3 check
  out_has 'no D-Bus session bus.*a system unit and cron have none'
  out_has 'loginctl enable-linger'
) || exit 1
(export DBUS_SESSION_BUS_ADDRESS=unix:path=$T/nothing; run 75 check; out_has 'does not answer') || exit 1
(export SECRET_BACKEND=file; run 3 check; out_has 'SECRET_BACKEND') || exit 1
(export SECRET_SERVICE_BUS_NAME=org.example.other; run 0 check) || exit 1
(export DISPLAY=:77; run 0 check) || exit 1
passed "surroundings"
