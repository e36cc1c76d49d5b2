#!/usr/bin/env bash
# No value of a key and no token is anywhere but where it belongs: in the sinks, in the state, in the file of the management key,
# and in locked memory. Looked for in everything that the program, its hook, its helper and its notify program write or are given;
# in the command line and environment of every process that it starts; in what is sent to systemd; in a core; and in the memory of a
# rotation under way (at its hook) and at its end (at its notify program). First, each way of looking finds what is planted.
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || skip "there is no python3"
here=$(cd "$(dirname "$0")" && pwd)
nowhere() { python3 "$here/nowhere.py" "$1" "$T/needles" "${@:2}"; }
start_emulator
mkdir "$T/tmp" "$T/said" "$T/items"
export TMPDIR=$T/tmp
: >"$T/needles"

# gather: the values that are there now become needles.
cat >"$T/bin/gather" <<END
#!/bin/sh
{
  cat "$T/management.key" && echo
  cat "$T"/sinks/*.env "$T"/items/* "$T"/state/*.state 2>/dev/null | grep -oE '(IAM_API_KEY=|"(value|apikey)": ?")["'"'"']?[A-Za-z0-9_-]{40,}' |
    grep -oE '[A-Za-z0-9_-]{40,}$'
} | sort -u - "$T/needles" >"$T/needles.new" && cat "$T/needles.new" >"$T/needles"
rm -f "$T/needles.new"
END
# What a program of ours is given and is told, and the memory of the rotator that runs it.
for name in hook notify; do
  cat >"$T/bin/$name" <<END
#!/bin/sh
{ cat; env; tr '\\0' '\\n' </proc/self/cmdline; tr '\\0' '\\n' </proc/self/environ; } >>$T/said/$name
export PATH=/usr/local/bin:/usr/bin:/bin
$T/bin/gather
python3 $here/nowhere.py memory $T/needles \$PPID >>$T/image.$name 2>&1
python3 $here/nowhere.py memory $T/needles --all \$PPID >>$T/arena.$name 2>&1
[ ! -e $T/end_it ] || kill -SEGV \$PPID
exit 0
END
done
# A helper that keeps items in files. Its request holds a value, by the protocol; its surroundings must not.
cat >"$T/bin/helper" <<END
#!/usr/bin/env bash
{ env; tr '\\0' '\\n' </proc/\$\$/cmdline; } >>$T/said/helper
export PATH=/usr/local/bin:/usr/bin:/bin
file=$T/items/\$(tee $T/items/.request | jq -r .item | tr / _)
case \$1 in
  read) [ -s "\$file" ] && cat "\$file" || echo '{"absent":true}' ;;
  write) jq -c '{value, key_id} | with_entries(select(.value))' $T/items/.request >"\$file"; echo '{"ok":true}' ;;
  check) echo '{"ok":true}' ;;
esac
END
chmod 755 "$T/bin/gather" "$T/bin/hook" "$T/bin/notify" "$T/bin/helper"

# --- each way of looking can find ---

value=PlantedPlantedPlantedPlantedPlantedPlanted12
echo "$value" >"$T/needles"
mkdir "$T/plant"
finds() { # finds WHERE COMMAND…: it says that there is something
  local where=$1
  shift
  "$@" >"$T/out" 2>"$T/err" && fail "what is planted in $where is not found"
  grep -q "^$where" "$T/out" || fail "what is planted in $where is not told as such"
  if grep -qF "$value" "$T/out" "$T/err"; then fail "a value is shown"; fi
}
for shape in "$value" "x$(printf %s "$value" | base64 -w0)" "$(printf 'a%s' "$value" | base64 -w0)" "$(printf 'ab%s' "$value" | base64 -w0)" \
  "$(printf %s "$value" | od -An -tx1 | tr -d ' \n')" "${value:0:30}" "eyJ0eXAiOiJKV1QiLCJh.eyJpYW1faWQiOiJpYW0tU2.c2lnbmF0dXJlc2lnbmF0"; do
  echo "some text $shape more" >"$T/plant/file"
  finds file nowhere files "$T/plant"
done
echo nothing >"$T/plant/file"
nowhere files "$T/plant" || fail "something is found where nothing is"
: >"$T/plant/$value"
finds 'name of a file' nowhere files "$T/plant"
rm "$T/plant/$value"
echo "$value" >"$T/plant/sink"
nowhere files --but "$T/plant/sink" "$T/plant" || fail "a file is looked into that may hold a value"
planted() { # planted WHERE: in the process $!, for as long as it is looked for
  local process=$!
  until grep -qaF "$value" "/proc/$process/$1"; do sleep 0.05; done
  finds "$1" nowhere watch 0.3 "$T"
  kill $process
  wait $process 2>/dev/null
}
bash -c "exec -a $value sleep 60" &
planted cmdline
KEY=$value sleep 60 &
planted environ
nowhere watch 0.2 "$T" || fail "a process holds what is planted nowhere"
python3 "$here/nowhere.py" notices "$T/needles" "$T/plant.sock" >"$T/plant.out" &
for _ in $(seq 100); do [ -S "$T/plant.sock" ] && break || sleep 0.05; done
python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[1].encode() + open(sys.argv[2], "rb").read(), sys.argv[3])' \
  STATUS= "$T/needles" "$T/plant.sock"
for _ in $(seq 100); do [ -s "$T/plant.out" ] && break || sleep 0.05; done
kill %% && wait %% 2>/dev/null
grep -q '^notice' "$T/plant.out" || fail "what is planted in a notice is not found"
python3 -c 'import sys, time; v = open(sys.argv[1]).read() * 2; print("held", flush=True); time.sleep(60)' "$T/needles" >"$T/plant.out" &
holder=$!
for _ in $(seq 100); do [ -s "$T/plant.out" ] && break || sleep 0.05; done
if ! head -c 1 "/proc/$holder/mem" 2>&1 | grep -q 'Input/output error'; then
  kill $holder
  skip "the memory of another process cannot be read here"
fi
finds 'memory' nowhere memory $holder
kill $holder
wait $holder 2>/dev/null
rm -r "$T/plant" "$T/plant.out" "$T/plant.sock"
: >"$T/needles"
passed "what is planted is found, wherever it is"

# --- rotations and all commands, watched ---

with() { # with STORES…: a target whose state and sinks are there, with hook and notify program
  {
    head_of_config | sed "s|^version: 1|&\nnotify: {run: [$T/bin/notify], timeout: 20s}\nhelper: {program: $T/bin/helper, timeout: 5s}|"
    printf '  - name: prod\n    instance: "%s"\n    service_id: %s\n' "$crn" "$sender_id"
    printf '    after_publish: {run: [%s], timeout: 20s}\n' "$T/bin/hook"
    printf '    %s\n' "$@"
  } >"$config"
}
n=0
try() { # try STATUS ARGUMENTS…: what is printed is kept, to be looked at
  local want=$1
  shift
  n=$((n + 1))
  NOTIFY_SOCKET=$T/notices.sock rotator -c "$config" "$@" >"$T/said/$n.out" 2>"$T/said/$n.err" </dev/null
  status=$?
  [ "$want" = any ] || [ "$status" = "$want" ] || { cp "$T/said/$n.err" "$T/err"; fail "rotator $*: status $status, wanted $want"; }
  "$T/bin/gather"
}
"$T/bin/gather"
watcher='' listener=''
trap 'kill $watcher $listener 2>/dev/null; clean_up' EXIT
python3 "$here/nowhere.py" watch "$T/needles" 600 "$T" >"$T/watched" &
watcher=$!
python3 "$here/nowhere.py" notices "$T/needles" "$T/notices.sock" >"$T/noticed" &
listener=$!
with "sinks: [file: {path: $T/sinks/prod.env, format: env, variable: IAM_API_KEY}, helper: {item: logs/prod}]"
cd "$T/tmp" || exit 1
ulimit -c unlimited
try 0 -v init prod
for form in text json; do try 0 -v --log-format=$form rotate prod --wait=retired --json; done
try 0 -v run
for command in status check "keys prod" "verify prod" "repair prod" "history prod"; do
  # shellcheck disable=SC2086 # words
  try any -v $command && try any --json $command
done
# Errors with everything in their hands: refusals, no answers, answers that repeat what was sent.
for what in '"path":"/identity/token" "status":400' '"path":"/v1/apikeys" "status":400' '"path":"/v1/apikeys" "lose_answer":true' \
  '"path":"/logs/v1/singles" "status":401'; do
  fault "{\"match\":{${what% *},\"times\":1},\"effect\":{${what#* }}}"
  try any -v rotate prod --wait=retired
  no_faults
done
echo 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456' >"$T/sinks/prod.env"
try 4 -v run
try 0 -v repair prod --keep=state
try any -v run
# Ended by a signal that leaves a core wherever one may be left.
: >"$T/end_it"
try any rotate prod
[ "$status" = 139 ] || fail "it was to end by SIGSEGV, and its status is $status"
rm "$T/end_it"
try any -v run
kill $watcher $listener
wait $watcher $listener 2>/dev/null
trap clean_up EXIT
[ "$(wc -l <"$T/needles")" -gt 6 ] || fail "too few values were there to be found: $(wc -l <"$T/needles")"

clean() { # clean WHAT FILE: nothing was found
  [ ! -s "$2" ] || { cp "$2" "$T/err" && : >"$T/out" && fail "$1"; }
}
clean "a command line or an environment holds a secret" "$T/watched"
clean "systemd was told a secret" "$T/noticed"
passed "no process is started with a secret, and systemd is told none"
for name in hook notify helper; do [ -s "$T/said/$name" ] || fail "$name was not run"; done
allowed=()
for file in "$T/management.key" "$T/needles" "$T"/sinks/*.env "$T"/state/*.state "$T"/items/* "$T/items/.request"; do allowed+=(--but "$file"); done
[ -z "$(find "$T/tmp" -type f)" ] || fail "something is left in the working folder: $(ls "$T/tmp")"
nowhere files "${allowed[@]}" "$T" >"$T/in_files"
clean "a file holds a secret" "$T/in_files"
passed "no secret is in what was printed, kept, or given to hook, helper and notify program; there is no core"
for name in hook notify; do
  [ -e "$T/image.$name" ] || fail "there was no look at the memory at $name"
  grep -q '^memory, .*: value' "$T/arena.$name" || fail "not even the locked arena holds a key at $name: is that its memory?"
  clean "the memory holds a secret outside of the locked arena, at $name" "$T/image.$name"
done
passed "the memory of a rotation holds no secret outside of the locked arena"
