#!/usr/bin/env bash
# Waits, without a terminal. What only a person can give is not waited for: what to do is said at the first definite refusal, and
# the command ends. What may come by itself is waited for: a line each half minute says what it is, and `run`, whose words cron
# would mail, says nothing of it. Each wait is begun in the background; the half minutes of all of them are one.
. "$(dirname "$0")/lib.sh"
start_emulator
hook=$T/reload
made=$(seed '{"service_ids":[{"id":"ServiceId-dddddddd-0000-4000-8000-000000000001","name":"keeper","apikeys":[{"name":"keeper"}]},{"name":"mute"},{"name":"fresh"},{"name":"broken"},{"name":"hooked"},{"name":"quiet"}]}')
seed '{"roles":[{"identity":"ServiceId-dddddddd-0000-4000-8000-000000000001","role":"Operator"}]}' >/dev/null
seed "{\"roles\":[$(jq -r '.service_ids[3:][].id' <<<"$made" |
  sed "s/.*/{\"identity\":\"&\",\"role\":\"Sender\",\"instance\":\"$guid\"}/" | paste -sd,)]}" >/dev/null
waits() { # waits NAME COMMAND…: in the background, with NAME.out, NAME.err; $! is its process
  local name=$1
  shift
  rotator -c "$T/$name.yaml" "$@" >"$T/$name.out" 2>"$T/$name.err" </dev/null &
}
says() { # says NAME SECONDS PATTERN
  for _ in $(seq $(($2 * 10))); do
    grep -Eq -- "$3" "$T/$1.err" && return
    sleep 0.1
  done
  cp "$T/$1.err" "$T/err"
  fail "$1 does not say within $2 s: $3"
}
ends() { # ends PID STATUS NAME: after SIGTERM
  local status
  kill -TERM "$1" 2>/dev/null
  wait "$1"
  status=$?
  [ $status = "$2" ] || { cp "$T/$3.err" "$T/err"; fail "$3: status $status, wanted $2"; }
}

# mute has no Sender, and the management identity may not grant it.
cp "$T/management.key" "$T/good.key"
{ head_of_config; target mute mute; } | sed "s|$T/management.key|$T/keeper.key|" >"$T/mute.yaml"
jq -r '.service_ids[0].apikeys[0].apikey' <<<"$made" >"$T/keeper.key"
chmod 600 "$T/keeper.key"
# broken has a hook that cannot start; the one of hooked and quiet fails.
for name in broken hooked quiet; do
  { head_of_config; target $name $name; } >"$T/$name.yaml"
  rotator -c "$T/$name.yaml" init $name >"$T/out" 2>"$T/err" || fail "init $name"
  { head_of_config "rotate_every: 1s"; target $name $name "after_publish: {run: [$hook-$name], timeout: 2s}"; } >"$T/$name.yaml"
  printf '#!/bin/sh\nexit 1\n' >"$hook-$name"
  chmod 755 "$hook-$name"
done
printf 'no program\n' >"$hook-broken"
# fresh is granted Sender by init itself, and that takes its time.
{ head_of_config; target fresh fresh; } >"$T/fresh.yaml"
setting '{"lags":{"policy_enforce_ms":900000}}'

begun=$SECONDS
waits mute init mute
mute=$!
waits broken rotate broken --patience 5m
broken=$!
waits fresh init fresh
fresh=$!
waits hooked rotate hooked --patience 5m
hooked=$!
waits quiet run quiet --patience 5m
quiet=$!
says mute 10 'proving the new key: .*403'
says mute 1 "ibmcloud iam service-policy-create 'mute' --service-name logs --roles Sender --service-instance $guid"
says fresh 10 'proving the new key: .*403'
says broken 10 'cannot be started'
says broken 1 'mend what after_publish runs'
passed "at the first definite refusal: what to do about it"

comes() { # comes PID STATUS NAME: by itself
  wait "$1"
  local status=$?
  [ $status = "$2" ] || { cp "$T/$3.err" "$T/err"; fail "$3: status $status, wanted $2"; }
}
comes $mute 4 mute
grep -q 'NO working key' "$T/mute.err" || fail "init without a key does not say that consumers have none"
comes $broken 3 broken
[ $((SECONDS - begun)) -lt 30 ] || fail "what only a person can give was waited for: $((SECONDS - begun)) s"
for name in mute broken; do
  ! grep -q 'so far' "$T/$name.err" || fail "$name waited: $(cat "$T/$name.err")"
done
passed "what only a person can give is not waited for"

says fresh 40 'waiting for [0-9]+s so far: the proof of the key gave no verdict: '
says hooked 40 'waiting for [0-9]+s so far: the reload hook failed: '
for name in fresh hooked; do
  [ "$(grep -c 'so far' "$T/$name.err")" = 1 ] || fail "$name: more than a line each half minute: $(cat "$T/$name.err")"
  [ "$(grep -c 'service-policy-create\|mend what' "$T/$name.err")" -le 2 ] || fail "$name: the same is said again and again"
done
[ ! -s "$T/quiet.err" ] || fail "run speaks of its waits: $(cat "$T/quiet.err")"
passed "a line each half minute for a command by hand, none for run"

ends $fresh 4 fresh
grep -q 'NO working key' "$T/fresh.err" || fail "init without a key does not say that consumers have none"
passed "init that made no working key: 4"
# Stopped: as asked, between two tries and in the midst of one.
ends $hooked 75 hooked
ends $quiet 0 quiet
for name in hooked quiet; do
  printf '#!/bin/sh\n: >%s/in-hook\nexec sleep 60\n' "$T" >"$hook-$name"
  sed -i 's/timeout: 2s/timeout: 1m/' "$T/$name.yaml"
done
in_hook() { # in_hook PID NAME: until its hook runs
  local _
  for _ in $(seq 600); do
    [ ! -e "$T/in-hook" ] || { rm "$T/in-hook"; return; }
    kill -0 "$1" 2>/dev/null || break
    sleep 0.1
  done
  cp "$T/$2.err" "$T/err"
  fail "the hook of $2 was not run"
}
waits hooked rotate hooked --patience 5m
in_hook $! hooked
ends $! 75 hooked
waits quiet run quiet --patience 5m
in_hook $! quiet
ends $! 0 quiet
passed "stopped between two tries, and in the midst of one"
