#!/usr/bin/env bash
# The reload hook: what it is given, and what happens when it fails, hangs, or prints too much.
. "$(dirname "$0")/lib.sh"
start_emulator
hook=$T/reload
write_hook() { # write_hook: the script on standard input
  cat >"$hook"
  chmod 755 "$hook"
}
hooked() { { head_of_config "$@"; target prod "$sender_id" "after_publish: {run: [$hook, --now, 'a b'], timeout: 2s}"; } >"$config"; }
hooked
write_hook <<END
#!/bin/sh
cat >$T/hook.in
env >$T/hook.env
printf '%s\n' "\$@" >$T/hook.args
ps -o pgid= -p \$\$ >$T/hook.pgid
END
export SECRET_OF_THE_CALLER=1
run 0 init prod
jq -e '.target == "prod" and (.key_id | startswith("ApiKey-")) and .sinks[0].name == "file" and .generation == "1"' \
  "$T/hook.in" >/dev/null || fail "the hook's input: $(cat "$T/hook.in")"
[ "$(cut -d= -f1 "$T/hook.env" | grep -vE '^(PATH|PWD|SHLVL|_|OLDPWD)$')" = "" ] || fail "the hook's environment: $(cat "$T/hook.env")"
[ "$(cat "$T/hook.args")" = "--now
a b" ] || fail "the hook's arguments"
! grep -qF "$(sink_value prod)" "$T/hook.in" "$T/hook.env" "$T/hook.args" || fail "the hook was given a value"
passed "the hook is told what happened, and no secret"

rm "$T/hook.in"
run 0 rotate prod
[ -s "$T/hook.in" ] || fail "the hook did not run"
run 0 run
rm "$T/hook.in"
run 0 run
[ ! -e "$T/hook.in" ] || fail "the hook ran with nothing to tell"
passed "once a publishing"

write_hook <<'END'
#!/bin/sh
echo "unit agent.service not found" >&2
exit 5
END
first=$(sink_value prod)
run 75 rotate prod --patience 1s
err_has 'reload hook failed'
err_has 'exited with 5: unit agent.service not found'
error_is_whole
[ "$(active_keys | wc -l)" = 2 ] || fail "a key was retired though the hook failed"
run 0 run --patience 0s
hooked "alert_after: 0s"
sleep 1.1
run 3 run --patience 0s
error_is_whole
write_hook <<'END'
#!/bin/sh
exit 0
END
hooked
run 0 run
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "the rotation did not end"
[ "$(sink_value prod)" != "$first" ] || fail "the key was not rotated"
passed "a hook that fails keeps both keys alive"

write_hook <<END
#!/bin/sh
echo \$\$ >$T/hook.pid
trap '' TERM
sleep 60 &
echo \$! >>$T/hook.pid
wait
wait
END
start=$SECONDS
run 75 rotate prod --patience 0s
err_has 'did not end within 2 s'
[ $((SECONDS - start)) -lt 12 ] || fail "the hook was not killed in time"
while read -r pid; do
  ! kill -0 "$pid" 2>/dev/null || [ "$(ps -o stat= -p "$pid" | cut -c1)" = Z ] || fail "process $pid of the hook is left"
done <"$T/hook.pid"
passed "a hook that hangs is killed with its children"

write_hook <<'END'
#!/bin/sh
printf '\033[31m'
head -c 3000000 /dev/zero | tr '\0' x
echo
echo "the last word"
exit 1
END
run 75 rotate prod --patience 0s
err_has 'the last word'
err_lacks "$(printf '\033')"
[ "$(wc -c <"$T/err")" -lt 4000 ] || fail "too much of the hook's output"
chmod 644 "$hook"
run 3 rotate prod --patience 0s
err_has 'cannot be run'
run 3 status prod # and it is not forgotten
err_has 'the reload hook failed'
rm "$hook"
run 3 rotate prod --patience 0s
error_is_whole
passed "output is bounded and printable; a missing program is said"

# T11: what cannot be executed now cannot be the next time: a person is told at once, and init does not wait for it.
for first in 'echo hello' '#!/nonexistent/sh'; do
  printf '%s\ntrue\n' "$first" >"$hook"
  chmod 755 "$hook"
  start=$SECONDS
  run 3 rotate prod --patience 60s
  err_has 'reload hook failed'
  error_is_whole
  [ $((SECONDS - start)) -lt 20 ] || fail "it was waited for what can never start"
done
passed "T11: a hook that can never start is told at once"

# T11: one that fails is tried again gently.
write_hook <<END
#!/bin/sh
echo >>$T/tries
exit 1
END
: >"$T/tries"
run 75 rotate prod --patience 14s
[ "$(wc -l <"$T/tries")" -le 3 ] || fail "the hook was started $(wc -l <"$T/tries") times in 14 s"
passed "T11: a hook that fails is tried again gently"
rm "$hook"

simple_config
run 0 run
run 0 run
[ "$(active_keys | wc -l)" = 1 ] || fail "the rotation did not end without the hook"
passed "without the hook the rotation ends"

# A4: a program that somebody else may change, or put another in its place, is never started as us.
write_hook <<END
#!/bin/sh
touch $T/ran
END
hooked
not_run() { # not_run WORDS
  run 3 check --offline
  out_has "hook .*$1"
  run 3 rotate prod --patience 0s
  err_has "reload hook failed: after_publish.run: .*$1"
  [ ! -e "$T/ran" ] || fail "the hook ran though it is not to be trusted"
}
chmod 757 "$hook"
not_run 'writable by others: chmod go-w'
chmod 775 "$hook"
not_run 'writable by others: chmod go-w'
chmod 755 "$hook"
mkdir -m 777 "$T/open"
cp "$hook" "$T/open/reload"
hook=$T/open/reload
hooked
not_run 'directory .* writable by others'
hook=$T/reload
hooked
if [ "$(id -u)" = 0 ]; then
  chown 12345 "$hook"
  not_run 'belongs to user 12345, who could change it'
  chown 0 "$hook"
  chmod 664 "$config"
  run 2 run
  err_has 'must not name a program'
  sed -i 's/^targets:/libsecret: {program: \/x}\ntargets:/; s/after_publish: .*//' "$config"
  run 2 run
  err_has 'libsecret: file .* must not name a program'
  hooked
  chmod 600 "$config"
  chown 12345 "$config"
  run 2 check --offline
  out_has 'FAIL .*config .*belongs to user 12345'
  chown 0 "$config"
fi
run 0 rotate prod
[ -e "$T/ran" ] || fail "the hook did not run"
passed "a hook, or a configuration that names one, is trusted as helper programs are"
