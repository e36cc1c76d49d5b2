#!/usr/bin/env bash
# gnome-keyring is killed before each of the system calls by which it puts a new keyring file in place: while rotator-libsecret
# makes an item (two writes of the file) and replaces one, and in the middle of rotations.
# shellcheck source=tests/integration/libsecret/lib.sh
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip "strace is missing"
strace -qq -o /dev/null true 2>/dev/null || skip "strace cannot trace here"

tracer='' mortal='' owner=''
# An unlocked daemon that dies before its NTH call of CALL.
mortal_daemon() { # CALL NTH
  kill_daemon
  printf rotator >"$T/password"
  (
    HOME=$keyring_home strace -f -qq -o /dev/null -e "trace=$1" -e "inject=$1:signal=SIGKILL:when=$2" \
      gnome-keyring-daemon --foreground --unlock --components=secrets <"$T/password"
    true
  ) >/dev/null 2>&1 &
  tracer=$!
  # (What still ends may have had the bus start another one, which has the name until it is killed.)
  local _
  for _ in $(seq 20); do
    gdbus wait --session --timeout 30 org.freedesktop.secrets || fail "no keyring under strace"
    mortal=$(pgrep -P "$(pgrep -P "$tracer" -x strace)")
    [ "$(daemon_pid)" != "$mortal" ] || break
    kill_daemon
  done
  owner=$(gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
    --method org.freedesktop.DBus.GetNameOwner org.freedesktop.secrets | grep -o ':[0-9.]*')
}
# Asked by its own name, for which the bus starts no other. It answers in turn: one that answers has ended what it was asked
# before, its files included, and did not die of it.
is_dead() {
  ! gdbus call --session --timeout 20 --dest "$owner" --object-path / --method org.freedesktop.DBus.Peer.Ping >/dev/null 2>&1
}
# Did the daemon die? In any case it is gone afterwards.
end_mortal() {
  local died=0
  is_dead || died=1
  kill -9 "$mortal" 2>/dev/null
  wait "$tracer" 2>/dev/null
  return $died
}

kills=0
# Each write of an item: from $1 ("" for a new item) to "after".
write_under_kills() {
  local before=$1 name=$2 call n answer after
  for call in link:3 fsync:1 rename:1 unlink:5; do  # (the first two links and four unlinks belong to its start)
    for n in $(seq "${call#*:}" 12); do
      unlock_keyring
      call=${call%:*}
      [ -z "$before" ] || answers '.ok' write "$name-$call-$n" "$before"
      mortal_daemon "$call" "$n"
      answer=$(helper write "$name-$call-$n" after) || fail "rotator-libsecret write: status $?"
      end_mortal || { jq -e .ok <<<"$answer" >/dev/null || fail "nobody died, and $answer"; break; }
      kills=$((kills + 1))
      jq -e '.ok or .error.kind == "unsure"' <<<"$answer" >/dev/null || fail "killed at $call $n: $answer"
      unlock_keyring
      after=$(helper read "$name-$call-$n")
      jq -e --arg before "$before" '.value == "after" or (if $before == "" then .absent else .value == $before end)' \
        <<<"$after" >/dev/null || fail "killed at $call $n: then $after"
      answers '.ok' write "$name-$call-$n" again
      answers '.value == "again"' read "$name-$call-$n"
    done
  done
}
write_under_kills "" new
[ $kills -ge 2 ] || fail "only $kills kills while items were made"
passed "$kills kills while an item is made: there, or absent"
kills=0
write_under_kills before old
[ $kills -ge 1 ] || fail "no kills while an item was replaced"
passed "$kills kills while an item is replaced: old or new"

start_emulator
keyring_config 1s
unlock_keyring
run 0 init prod
kills=0
for n in 1 2 3 4 6 8; do
  mortal_daemon rename $n
  rotator -c "$config" rotate prod >"$T/out" 2>"$T/err" </dev/null &
  rotation=$!
  until is_dead || ! kill -0 $rotation 2>/dev/null; do  # (on a busy machine that takes its time)
    sleep 0.05
  done
  died=yes
  end_mortal || died=no
  unlock_keyring
  consumer_works "killed at write $n"
  wait $rotation
  settle "killed at write $n"
  consumer_works "settled after a kill at write $n"
  [ $died = yes ] || break  # (a rotation has fewer writes)
  kills=$((kills + 1))
done
[ $kills -ge 5 ] || fail "the daemon was not killed at write $n of a rotation that ended"
passed "$kills rotations with the keyring killed in the middle"

kill_rotations 0.05 0.1 0.2 0.4
passed "4 rotations with rotator killed in the middle"
