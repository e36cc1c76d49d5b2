#!/usr/bin/env bash
# What kept a run from writing stays visible in every command until it is gone, though nothing is to be written any more.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "a full disk needs a file system of its own, and so root"
start_emulator
mkdir "$T/disk"
mount -t tmpfs -o size=256k,mode=700 tmpfs "$T/disk" 2>/dev/null || skip "no file system may be mounted here"
trap 'umount "$T/disk"; clean_up' EXIT
simple_config "grace: 1h"
sed -i "s|$T/sinks/prod.env|$T/disk/prod.env|" "$config"
run 0 init prod
run 0 rotate prod
fill() { head -c 1000000 /dev/zero >"$T/disk/ballast" 2>/dev/null; }
fill
rotator -c "$config" rollback prod --patience 1s >"$T/out" 2>"$T/err" </dev/null
status=$?
[ $status = 3 ] || fail "a rollback that cannot be written: $status"
err_has 'prod.env|KiB free|space'
run 3 run --patience 1s
run 3 status
err_has 'disk'
err_has 'mend what'
run 3 status --json
json '.targets[0].attention and (.targets[0].error.text | test("disk"))'
rm "$T/disk/ballast"
run 0 run
run 0 status
passed "a full disk under a sink"

# Nothing is to be written any more: the reason stays.
run 0 rollback prod
fill
rotator -c "$config" rollback prod --patience 1s >"$T/out" 2>"$T/err" </dev/null
run 3 status
rm "$T/disk/ballast"
run 0 run
chmod 0777 "$T/disk"
run 3 run --patience 1s
err_has 'writable by everybody'
run 3 status
err_has 'writable by everybody'
run 3 repair prod
out_has 'writable by everybody|must not be used'
chmod 0700 "$T/disk"
run 0 run
run 0 status
passed "a directory that must not be used, seen in grace at once"

# The state directory is asked once for all targets that end together, and for each of them where the answer is bad.
seed "$(jq -n --arg guid "$guid" '["one", "two"] | {
  service_ids: [.[] | {id: "ServiceId-bbbbbbbb-0000-4000-8000-\(if . == "one" then "000000000001" else "000000000002" end)", name: .}],
  roles: [("000000000001", "000000000002") | {identity: "ServiceId-bbbbbbbb-0000-4000-8000-\(.)", role: "Sender", instance: $guid}]}')" >/dev/null
mkdir -m 700 "$T/disk/state"
{
  head_of_config | sed "s|^state_dir: .*|state_dir: $T/disk/state|"
  target one ServiceId-bbbbbbbb-0000-4000-8000-000000000001
  target two ServiceId-bbbbbbbb-0000-4000-8000-000000000002
} >"$config"
run 0 init one
run 0 init two
run 0 run
silent
if command -v strace >/dev/null; then
  for _ in 1 2 3; do # on a machine that is very busy, the two may end further apart
    strace -f -qq -e trace=statfs -o "$T/trace" rotator -c "$config" run 2>/dev/null
    [ "$(grep -c "$T/disk/state" "$T/trace")" != 1 ] || break
  done
  [ "$(grep -c "$T/disk/state" "$T/trace")" = 1 ] || fail "the room of one directory: $(cat "$T/trace")"
fi
fill
run 3 run
[ "$(grep -c 'is full: less than' "$T/err")" = 2 ] || fail "not both were told: $(cat "$T/err")"
rm "$T/disk/ballast"
run 0 run
silent
passed "a full disk under the state directory"
