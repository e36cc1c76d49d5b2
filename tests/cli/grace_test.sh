#!/usr/bin/env bash
# Grace beside what else goes on in a machine's files (R1), and what `check` says of its length (R11).
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config "grace: 1h" "reload_within: 50m"
sink=$T/sinks/prod.env
run 0 init prod
old=$(sink_value prod)
run 0 rotate prod

# grace_ends: as `status` says it, to the minute.
grace_ends() {
  run 0 status prod --json
  json '.targets[0].phase == "grace"'
  jq -r '.targets[0].grace_ends' "$T/out"
}
ends=$(grace_ends)
mode=$(stat -c %a "$sink")
for _ in 1 2 3 4; do
  ln "$sink" "$T/backup"
  chmod "$mode" "$sink"
  chown "$(stat -c %u:%g "$sink")" "$sink"
  run 0 run
  silent
  rm "$T/backup"
done
[ "$(grace_ends)" = "$ends" ] || fail "grace began again"
passed "R1: a snapshot of hard links, chmod and chown do not begin the grace again"

cp -p "$sink" "$T/restored"
mv "$T/restored" "$sink"
run 0 run
run 0 history prod
out_has 'rewritten .*somebody wrote the same key to a sink: grace goes on'
[ "$(grace_ends)" = "$ends" ] || fail "the end of grace moved, though readers have an hour"
passed "R1: a file restored with the same content goes on"

for i in 1 2 3; do
  current=$(sink_value prod)
  printf 'IAM_API_KEY=%s\n' "$old" >"$sink"
  [ $i -lt 3 ] && want=0 || want=3
  run $want run
  [ "$(sink_value prod)" = "$current" ] || fail "the sink was not mended"
done
err_has 'somebody keeps changing a sink in grace'
error_is_whole
for _ in 1 2; do
  run 3 run
  err_has 'somebody keeps changing a sink in grace'
  run 3 status prod
  err_has 'somebody keeps changing a sink in grace'
done
run 3 status prod --json
json '.targets[0].attention'
run 0 retire prod --yes
run 0 run
run 0 status prod
passed "R1: a grace that keeps beginning again is told by run and status, over runs, until it is over"

for options in "grace: 30m" "grace: 24h;reload_within: 20m"; do
  IFS=';' read -r -a given <<<"$options"
  simple_config "${given[@]}"
  run 0 check prod
  out_has '^warn .*is shorter than a token lives \(1h\)'
done
simple_config "grace: 24h" "reload_within: 2h"
run 0 check prod
out_lacks 'shorter than a token'
passed "R11: check warns of waits in which use of the old key does not show"
