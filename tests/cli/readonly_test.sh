#!/usr/bin/env bash
# R16: a sink that can be read and not written.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip "a file system of its own needs root"
start_emulator
mkdir "$T/disk"
mount -t tmpfs -o size=256k,mode=700 tmpfs "$T/disk" 2>/dev/null || skip "no file system may be mounted here"
trap 'umount "$T/disk"; clean_up' EXIT
simple_config
sed -i "s|$T/sinks/prod.env|$T/disk/prod.env|" "$config"
run 0 init prod

# R16: a file system that is mounted read-only is found out before a key is made; a rotation that was asked for comes with it.
mount -o remount,ro "$T/disk" || skip "no file system may be mounted read-only here"
n=$(control GET keys | jq '.keys | length')
value=$(sed -n 's/^IAM_API_KEY=//p' "$T/disk/prod.env")
run 3 rotate prod --patience 1s
err_has 'read-only'
err_has 'Consumers have a working key'
error_is_whole
[ "$(control GET keys | jq '.keys | length')" = "$n" ] || fail "a key was made though no sink could take it"
run 3 run
run 3 status
mount -o remount,rw "$T/disk"
run 0 run
[ "$(sed -n 's/^IAM_API_KEY=//p' "$T/disk/prod.env")" != "$value" ] || fail "the rotation did not go on"
passed "R16: a sink mounted read-only stops a rotation before a key is made"
