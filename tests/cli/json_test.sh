#!/usr/bin/env bash
# With --json every command prints one JSON document, whatever happens, with the names that
# rotator(1) lists; errors go to standard error as always.
. "$(dirname "$0")/lib.sh"
start_emulator
simple_config

each() { # each STATUS ARGUMENTS…
  run "$@" --json
  json "(.rotator == 1) and (.exit == $1) and (.targets | type == \"array\")"
}
each 4 run
json '.targets[0].attention == true'
each 0 init prod
each 0 init prod --dry-run
each 0 init prod --print-policy
for command in run status check keys history repair rotate hold resume; do
  each 0 $command prod
  json ".command == \"$command\""
done
each 0 run --dry-run
each 0 status --offline
each 0 check --offline
each 3 rollback prod
json '.targets[0].row == null and (.targets[0].text | test("rotation|return"))'
run 0 run
each 0 forget prod --yes
passed "every command answers with one document"

printf 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456\n' >"$T/sinks/prod.env"
rm -rf "$T/state"
each 3 run
json '.targets[0] | has("phase") and has("row") and has("why") and has("text") and has("working") and has("attention") and has("changed") and has("current") and has("previous") and has("generation") and has("epoch") and has("until") and has("error") and has("next") and has("end")'
json '.targets[0].working != "yes" and .targets[0].attention and (.targets[0].next | test("rotator .* prod"))'
error_is_whole
each 2 run nowhere
json '.error.kind == "invalid" and (.next | startswith("rotator"))'
each 2 rotate
echo 'version: 3' >"$config"
each 2 run
error_is_whole
simple_config
kill "$emulator_pid"
wait "$emulator_pid" 2>/dev/null
emulator_pid=
passed "errors are in the document too"

run 2 rotate --log-format json
jq -e '.level == "error" and .target == null and (.text | test("next: rotator"))' "$T/err" >/dev/null || fail "the log line is not JSON"
passed "errors as log lines"

# A command that cannot begin at all says in the document what it says on standard error.
told_alike() { # told_alike STATUS ARGUMENTS…
  each "$@"
  json '(.error.text | length > 0) and (.error.kind | length > 0) and (.next | startswith("rotator"))'
  jq -r .error.text "$T/out" | grep -qFf - "$T/err" || fail "standard error has other words"
  [ "$(tail -n 1 "$T/err")" = "next: $(jq -r .next "$T/out")" ] || fail "standard error names another command"
}
simple_config
touch "$T/file"
sed -i "s|^state_dir: .*|state_dir: $T/file/state|" "$config"
told_alike 3 run
json '.targets == [] and (.error.text | test("make the directory"))'
mkdir "$T/directory.yaml"
config=$T/directory.yaml
for command in 'init prod' run 'rotate prod' status "report --html $T/page.html" verify check 'keys prod' 'rollback prod' 'retire prod' 'hold prod' \
  'resume prod' 'repair prod' 'forget prod --yes' 'history prod'; do
  # shellcheck disable=SC2086
  told_alike 2 $command
  json '.targets == []'
done
config=$T/rotator.yaml
simple_config
passed "a command that cannot begin says so in the document, in the same words"

# A hint that asks is a sentence of its own in a log line, too.
rm -rf "$T/ready" "$T/state" "$T/sinks/prod.env"
start_emulator
simple_config
run 0 init prod
lock_key "$(active_keys)"
run 3 rotate prod --log-format json
grep -q 'is that reason over? what was asked for ' "$T/err" || fail "the sentences are not joined: $(tail -n 1 "$T/err")"
run 3 run --log-format json
jq -rs '.[-1].text' "$T/err" | grep -q 'is that reason over? next: ' || fail "the sentences are not joined: $(tail -n 1 "$T/err")"
! grep -q '[?!.]\. ' "$T/err" || fail "two ends of one sentence"
passed "sentences in log lines"
