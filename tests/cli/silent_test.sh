#!/usr/bin/env bash
# Commands by hand while the home of the state gives no answer: they say the store's reason, they do not take it for another
# run's lock, and they never end well with nothing asked for.
. "$(dirname "$0")/lib.sh"
start_emulator
mkdir -p "$HOME/.local/share/rotator-items"
cp "$(dirname "$0")/../../contrib/examples/helper-dir" "$T/bin/helper-dir"
# A safe that is sealed while $T/sealed is there, with what stands in it as its answer, or for the next $T/left questions. Where
# $T/write is there, the next write is done and read back, and then it is sealed.
cat >"$T/bin/safe" <<END
#!/bin/sh
if [ -s $T/sealed ]; then
  left=\$(cat $T/left 2>/dev/null || echo 1000)
  if [ "\$left" -gt 0 ]; then
    echo \$((left - 1)) >$T/left
    cat >/dev/null
    exec cat $T/sealed
  fi
fi
[ -e $T/\$1 ] || exec $T/bin/helper-dir "\$@"
$T/bin/helper-dir "\$@"
case \$1 in write) mv $T/write $T/read ;; read) mv $T/read $T/sealed ;; esac
END
chmod 755 "$T/bin/safe" "$T/bin/helper-dir"
seal() { # seal KIND [TIMES]
  rm -f "$T/left"
  [ $# -lt 2 ] || echo "$2" >"$T/left"
  printf '{"error":{"kind":"%s","text":"the safe is %s"}}' "$1" "$1" >"$T/sealed"
}
seal_after_write() { seal "$1" && mv "$T/sealed" "$T/write"; }
unseal() { rm -f "$T/sealed" "$T/left"; }
{
  echo "helper: {program: $T/bin/safe, timeout: 5s}"
  head_of_config
  target prod | sed 's|^    sinks:|    home: {helper: {item: state/prod}}\n&|'
} >"$config"
run 0 init prod
first=$(sink_value prod)

for kind in locked unsent throttled; do
  seal $kind
  for command in "hold prod" "resume prod" "rollback prod"; do
    # shellcheck disable=SC2086 # words
    run 75 $command
    err_has "the safe is $kind"
    err_lacks 'another run'
    error_is_whole
  done
  unseal
done
seal denied
run 3 hold prod
err_has 'the safe is denied'
unseal
passed "hold, resume, rollback: a home that is sealed or silent is no other run"

# --- rotate ---
seal locked
run 75 rotate prod --compromised --patience 1s
err_has 'the safe is locked'
err_has 'nothing was asked for'
error_is_whole
run 75 rotate prod --patience 0s --json
json '.targets[0].asked_for == false and .exit == 75'
unseal
run 0 run prod
[ "$(sink_value prod)" = "$first" ] || fail "rotated though nothing was asked for"
passed "rotate: a home that stays sealed: 75, and nothing was asked for"

for command in "rotate prod" "rotate prod --compromised" "rotate prod --wait=retired"; do
  before=$(sink_value prod)
  seal unsent 2
  # shellcheck disable=SC2086 # words
  run 0 $command
  [ "$(sink_value prod)" != "$before" ] || fail "$command: status 0, and the key was not rotated"
done
passed "rotate: a home that is silent at the first look is asked again"

seal denied
run 3 rotate prod
err_has 'nothing was asked for'
unseal
run 0 hold prod
before=$(sink_value prod)
run 75 rotate prod --patience 0s
err_has 'noted in the state'
err_has 'a hold is on'
[ "$(sink_value prod)" = "$before" ] || fail "rotated in spite of the hold"
run 75 rotate prod --patience 0s --json
json '.targets[0].asked_for == true'
run 0 resume prod
run 0 run
[ "$(sink_value prod)" != "$before" ] || fail "the wish was not noted"
passed "rotate: what could not be done yet is noted, and said to be"

# --- retire ---
sed -i 's/^  grace: .*/  grace: 1d/' "$config"
run 0 rotate prod
[ "$(active_keys | wc -l)" = 2 ] || fail "there is no old key in grace"
seal_after_write unsent
run 75 retire prod --yes --patience 0s
err_has 'the safe is unsent'
error_is_whole
[ -e "$T/sealed" ] || fail "retire wrote no wish"
unseal
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "the wish did not outlive the silence"
passed "retire: a home that is silent behind the wish does not look like the end of the old key"
