#!/usr/bin/env bash
# Bad configurations and bad key files: each is named with file and line, nothing is contacted, and
# the program never takes a key for something it is not.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config
run 0 init prod
cp "$config" "$T/good.yaml"
good=$(sink_value prod)

bad_config() { # bad_config NAME PATTERN: with what $config holds now
  local seen
  seen=$(requests_seen)
  run 2 run
  [ -z "$2" ] || err_has "$2"
  err_has 'Not known whether consumers have a working key'
  error_is_whole
  run 2 check
  run 2 rotate prod --json
  [ "$(requests_seen)" = "$seen" ] || fail "$1: somebody was contacted"
  cp "$T/good.yaml" "$config"
}
: >"$config"; bad_config empty ''
head -c 3000000 /dev/zero | tr '\0' 'a' >"$config"; bad_config huge ''
head -c 5000 /dev/urandom >"$config"; bad_config binary ''
printf 'version: 1\n\ttargets: []\n' >"$config"; bad_config tab 'rotator.yaml:2'
sed 's/^version: 1/version: 2/' "$T/good.yaml" >"$config"; bad_config version 'rotator.yaml:1'
sed 's/^state_dir:/state_dri:/' "$T/good.yaml" >"$config"; bad_config misspelt "state_dir"
sed 's/quarantine: 0s/quarantine: 5/' "$T/good.yaml" >"$config"; bad_config unit 'quarantine|duration|5'
printf 'targets: {a: &a [*a]}\n' >"$config"; bad_config alias ''
chmod 000 "$config"
if [ "$(id -u)" != 0 ]; then bad_config unreadable 'denied'; fi
chmod 600 "$config"
rm "$config"; mkdir "$config"; run 2 run; error_is_whole; rmdir "$config"
cp "$T/good.yaml" "$config"
passed "bad configurations: named, nothing contacted"

run 0 run
silent
passed "the good one works again"

# --- what stands in a sink ---
bad_sink() { # bad_sink STATUS PATTERN: with what the sink holds now
  chmod 600 "$T/sinks/prod.env" 2>/dev/null
  run "$1" run
  [ -z "$2" ] || err_has "$2"
  [ "$1" = 0 ] || error_is_whole
  run "$1" status
  printf 'IAM_API_KEY=%s\n' "$good" >"$T/sinks/prod.env"
  chmod 600 "$T/sinks/prod.env"
  run 0 run
}
sink=$T/sinks/prod.env
printf 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n' >"$sink"
bad_sink 4 'never was ours'
printf 'OTHER=1\nIAM_API_KEY=%s\n' "$good" >"$sink"
bad_sink 3 'must not be used'
head -c 300000 /dev/zero >"$sink"
bad_sink 3 ''
head -c 100 /dev/urandom >"$sink"
bad_sink 3 ''
rm "$sink"; mkdir "$sink"
run 3 run
error_is_whole
rmdir "$sink"
ln -s /etc/passwd "$sink"
run 3 run
error_is_whole
rm "$sink"
passed "a sink with something else in it is left alone"

: >"$sink"
chmod 600 "$sink"
run 0 run
out_has 'prod: '
[ "$(sink_value prod)" = "$good" ] || fail "an empty sink was not filled again"
rm "$sink"
run 0 run
[ "$(sink_value prod)" = "$good" ] || fail "a missing sink was not made again"
passed "an empty or missing sink gets the current key"

# --- the state ---
state=$(ls "$T"/state/*.state)
cp "$state" "$T/state.good"
bad_state() {
  run "$1" run
  err_has "$2"
  error_is_whole
  run "$1" status
  cp "$T/state.good" "$state"
  run 0 run
}
printf 'x' >>"$state"; bad_state 3 'damaged'
: >"$state"
run 3 run
error_is_whole
run 3 repair prod
cp "$T/state.good" "$state"
head -c 500000 /dev/urandom >"$state"; bad_state 3 ''
sed -i 's/"seq":"\([0-9]*\)"/"seq":"9\1"/' "$state"; bad_state 3 'damaged'
chmod 644 "$state"
run 0 run
passed "a damaged state stops the target, not the consumers"
