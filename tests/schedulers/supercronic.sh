#!/bin/bash
# Runs in a root, beside a real supercronic, which counts seconds: what it makes of our statuses and of runs that overlap.
set -u
rm -f /tmp/table /tmp/log /tmp/tries
cat >/tmp/table <<'E2'
*/2 * * * * * * sh -c 'echo try >>/tmp/tries; exit 75'
*/2 * * * * * * sh -c 'exit 0'
*/2 * * * * * * sh -c 'sleep 7; exit 3'
E2
supercronic /tmp/table >/tmp/log 2>&1 &
sleep 11
kill -TERM $!
wait $!
n=0
is() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >/dev/null 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}
is "status 75 is an error in the log" grep -q 'exit status 75' /tmp/log
is "status 3 as well" grep -q 'exit status 3' /tmp/log
is "which is not tried again before its time" [ "$(wc -l </tmp/tries)" -le 6 ]
is "status 0 is none" grep -q 'job succeeded' /tmp/log
is "a run that lasts is not overtaken" grep -q 'not starting: job is still running' /tmp/log
[ $n -gt 0 ] && echo "1..$n"
sed 's/^/# /' /tmp/log | head -n 20
