#!/usr/bin/env bash
# notify: the program is told once when the verdict on a target changes, and once when it is well again; what it did not take is told
# again by the next run.
. "$(dirname "$0")/lib.sh"
start_emulator
cat >"$T/bin/told" <<END
#!/bin/sh
cat >>$T/told
echo >>$T/told
END
chmod 755 "$T/bin/told"
: >"$T/told"
# with LINE…: the configuration with these lines at its top.
with() { { head_of_config | sed "s|^version: 1|&\n$1|"; target prod; } >"$config"; }
with "notify: {run: [$T/bin/told], timeout: 2s}"
# told FILTER: what the program got since the last call is one document for which the filter is true; "nothing": nothing came.
told() {
  if [ "$1" = nothing ]; then
    [ ! -s "$T/told" ] || fail "the program was told: $(cat "$T/told")"
    return
  fi
  [ "$(grep -c . "$T/told")" = 1 ] || fail "told $(grep -c . "$T/told") times: $(cat "$T/told")"
  jq -e ".rotator == 1 and (.at | endswith(\"Z\")) and ($1)" "$T/told" >/dev/null || fail "the program was told otherwise than $1: $(cat "$T/told")"
  if grep -qF -e "$(sink_value prod)" "$T/told"; then fail "the program was given a key"; fi
  : >"$T/told"
}
events() { echo "[.events[] | [.target, .event]] == $1"; }
break_sink() { echo 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456' >"$T/sinks/prod.env"; }

run 0 init prod
run 0 run
told nothing
run 0 rotate prod --wait=retired
told "$(events '[["prod","rotated"]]') and .command == \"rotate\" and .events[0].was_key != .events[0].current"
run 0 run
told nothing
passed "a rotation is told once"

good=$(cat "$T/sinks/prod.env")
break_sink
run 4 run
told "$(events '[["prod","broken"]]') and .events[0].was == \"well\" and .events[0].exit == 4 and (.events[0].next | contains(\"repair prod\"))"
run 4 run
told nothing
printf '%s\n' "$good" >"$T/sinks/prod.env"
run 0 run
told "$(events '[["prod","recovered"]]') and .events[0].was == \"broken\" and .events[0].working == \"yes\""
run 0 run
told nothing
passed "broken is told once, and recovered once"

# A program that does not take it: the verdict stands, the trouble is told, and the next run tries again.
break_sink
for what in 'exit 1' 'cat >/dev/null; exec sleep 60' '(sleep 60 >/dev/null 2>&1 & ) ; exit 7'; do
  printf '#!/bin/sh\n%s\n' "$what" >"$T/bin/bad"
  chmod 755 "$T/bin/bad"
  with "notify: {run: [$T/bin/bad], timeout: 1s}"
  run 4 run
  err_has 'notify.run: .*told again by the next run'
done
with "notify: {run: [$T/bin/nothing-here]}"
run 4 run
err_has 'notify.run: .*nothing-here.*told again'
chmod 777 "$T/bin/bad"
with "notify: {run: [$T/bin/bad]}"
run 4 run
err_has 'notify.run: .*writable by others.*told again'
with "notify: {run: [$T/bin/told]}"
run 4 run
told "$(events '[["prod","broken"]]')"
run 4 run
told nothing
passed "what a program did not take is told again, and then no more"

# What a run could not find out is no recovery.
printf '%s\n' "$good" >"$T/sinks/prod.env"
run 0 run
told "$(events '[["prod","recovered"]]')"
with_due() { { head_of_config "rotate_every: 1s" | sed "s|^version: 1|&\nnotify: {run: [$T/bin/told], on: [attention, recovered]}|"; target prod; } >"$config"; }
with_due
fault '{"match":{"method":"POST","path":"/v1/apikeys"},"effect":{"status":400,"body":"{\"errors\":[{\"code\":\"invalid_request\",\"message\":\"No.\"}]}"}}'
run 3 run
told "$(events '[["prod","attention"]]')"
no_faults
fault '{"match":{"path":"/identity/token"},"effect":{"status":503}}'
run 0 run --patience 0s
told nothing
no_faults
run 0 run
told "$(events '[["prod","recovered"]]')"
with "notify: {run: [$T/bin/told], on: [rotated]}"
run 0 run
: >"$T/told"
good=$(cat "$T/sinks/prod.env")
with "notify: {run: [$T/bin/told], on: [broken]}"
break_sink
run 4 run
told "$(events '[["prod","broken"]]')"
passed "an outage is no recovery"

# We die while the program runs: once more, and not a third time.
printf '%s\n' "$good" >"$T/sinks/prod.env"
printf '#!/bin/sh\ncat >>%s/told\necho >>%s/told\nkill -9 $PPID\n' "$T" "$T" >"$T/bin/kills"
chmod 755 "$T/bin/kills"
with "notify: {run: [$T/bin/kills]}"
rotator -c "$config" run >"$T/out" 2>"$T/err" && fail "not killed"
told "$(events '[["prod","recovered"]]')"
with "notify: {run: [$T/bin/told]}"
run 0 run
told "$(events '[["prod","recovered"]]')"
run 0 run
told nothing
passed "a death after the telling doubles it once"

# What nobody wants to hear of is passed over, and is not told later.
with "notify: {run: [$T/bin/told], on: [broken, recovered]}"
run 0 rotate prod --wait=retired
told nothing
with "notify: {run: [$T/bin/told], on: [attention, recovered]}"
good=$(cat "$T/sinks/prod.env")
break_sink
run 4 run
told "$(events '[["prod","attention"]]') and .events[0].exit == 4"
printf '%s\n' "$good" >"$T/sinks/prod.env"
run 0 run
told "$(events '[["prod","recovered"]]') and .events[0].was == \"attention\""
passed "events that are not wanted are over"

# The examples.
examples=$(cd "$(dirname "$0")/../../contrib/notify" && pwd)
printf '#!/bin/sh\necho "$*" >%s/mail\ncat >>%s/mail\n' "$T" "$T" >"$T/bin/sendmail"
chmod 755 "$T/bin/sendmail"
with "notify: {run: [$examples/mail, --to, sre@example.com, --from, r@example.com, --sendmail, $T/bin/sendmail]}"
break_sink
run 4 run
err_lacks 'notify.run'
for line in '^-i -f r@example.com -- sre@example.com$' '^Subject: rotator on .*: prod: broken$' '^prod: broken \(was well\)$' '^  next: rotator .* repair prod$'; do
  grep -Eq -- "$line" "$T/mail" || fail "the mail lacks $line: $(cat "$T/mail")"
done
printf 'url = "%s/hook"\n' "$http" >"$T/webhook"
with "notify: {run: [$examples/webhook, $T/webhook, --text]}"
printf '%s\n' "$good" >"$T/sinks/prod.env"
run 0 run
err_has 'notify.run: .*(404|401).*told again'
fault '{"match":{"path":"/hook"},"effect":{"status":204}}'
run 0 run
silent
[ "$(control GET requests | jq '[.requests[] | select(.method == "POST" and .path == "/hook" and .status == 204)] | length')" = 1 ] ||
  fail "the webhook was not told"
run 0 run
silent
passed "the examples: a mail, a webhook that fails first"

with "notify: {run: [told]}"
run 2 check --offline
err_has 'notify.run: expected an absolute path'
with "notify: {run: [$T/bin/told], on: [brocken]}"
run 2 check --offline
err_has "notify.on.*did you mean broken"
with "notify: {timeout: 3s}"
run 2 check --offline
err_has 'notify: expected \{run:'
chmod 666 "$config"
with "notify: {run: [$T/bin/told]}"
run 2 check --offline
err_has 'notify.run: .* must not name a program to run'
chmod 600 "$config"
passed "mistakes in the configuration"
