#!/usr/bin/env bash
# First contact: no configuration yet, `help`, the commands up to the management key, mistakes in what is typed, and files of
# targets.d that cannot be used.
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/../.." && pwd)
plain() { # plain STATUS ARGUMENTS…: without a configuration
  local want=$1
  shift
  rotator "$@" >"$T/out" 2>"$T/err" </dev/null
  status=$?
  [ "$status" = "$want" ] || fail "rotator $*: status $status, wanted $want"
}
[ ! -e /etc/rotator/rotator.yaml ] || skip "there is a configuration in /etc/rotator"

# --- no configuration ---
for command in '' run 'status prod'; do
  # shellcheck disable=SC2086
  plain 2 $command
  err_has '/etc/rotator/rotator.yaml'
  err_has "$HOME/.config/rotator/rotator.yaml"
  err_has 'targets.d'
  err_has 'rotator init TARGET --print-policy'
  err_has 'rotator init TARGET  '
  err_has 'rotator rotate TARGET'
  err_lacks 'onsumers'
  next_works
done
plain 2 -c "$T/none.yaml" run
err_has "there is no configuration $T/none.yaml"
err_lacks 'onsumers'
plain 2 run --json
json '.exit == 2 and (.error.text | test("no configuration"))'
passed "without a configuration: where it belongs, and the commands to the first rotation"

plain 0 init prod-logs --print-policy
out_has '^SENDER=prod-logs$'
out_has '^MANAGEMENT=rotator$'
out_has 'ibmcloud iam service-id-create "\$MANAGEMENT"'
out_has 'roles Operator --resource-type serviceid'
out_has 'service-api-key-create rotator "\$MANAGEMENT" --file /etc/rotator/management.key'
grep -v '^#' "$T/out" | bash -n || fail "the commands are no shell"
# What they do, with a stand-in for the CLI that keeps what it was asked for.
mkdir "$T/cloud"
cat >"$T/cloud/ibmcloud" <<'END'
#!/bin/sh
echo "$*" >>"$0.log"
case $* in
  *service-instance*) echo '[{"guid":"the-guid"}]' ;;
  *'service-id '*--uuid) echo ServiceId-1 ;;
esac
END
chmod +x "$T/cloud/ibmcloud"
sed "s|/etc/rotator/management.key|$T/cloud/management.key|" "$T/out" >"$T/cloud/commands"
PATH=$T/cloud:$PATH bash -eu "$T/cloud/commands" || fail "the commands do not run"
for asked in 'iam service-id-create rotator ' 'iam service-id-create prod-logs ' '--resource ServiceId-1' \
  'service-policy-create prod-logs --service-name logs --roles Sender --service-instance the-guid' \
  "service-api-key-create rotator rotator --file $T/cloud/management.key"; do
  grep -qF -- "$asked" "$T/cloud/ibmcloud.log" || fail "was not asked for: $asked"
done
plain 0 init prod-logs --print-policy --json
json '(.targets[0].policies | length == 4) and (.targets[0].commands | last | .command | test("management.key"))'
passed "print-policy before there is a configuration: every command up to the key in its file"

# --- help ---
plain 0 help
cp "$T/out" "$T/help"
plain 0 --help
diff "$T/help" "$T/out" >&2 || fail "help and --help differ"
for command in init run rotate status check keys help; do
  plain 0 $command --help
  cp "$T/out" "$T/help"
  plain 0 help $command
  diff "$T/help" "$T/out" >&2 || fail "help $command and $command --help differ"
done
plain 2 help rotat
err_has "did you mean 'rotate'"
plain 2 help rotate run
err_has "takes one command"
passed "help, help COMMAND"

# How often, what a day looks like, which status wins: the same sentences wherever a person reads.
plain 0 --help
words() { tr -s '[:space:]' ' ' | sed 's/`//g'; }
words <"$top/README.md" >"$T/readme.words"
grep -v '^\.Pp' "$top/contrib/man/rotator.1" | words >"$T/man.words"
for sentence in 'It runs every hour, ' 'On most days nothing is due. ' 'Over several targets the worst status wins'; do
  awk -v RS= -v s="$sentence" 'index($0, s) == 1' "$T/out" | words >"$T/sentence"
  [ -s "$T/sentence" ] || fail "--help does not say: $sentence"
  for place in readme man; do
    grep -qF -- "$(sed 's/ $//' "$T/sentence")" "$T/$place.words" || fail "$place does not say: $(cat "$T/sentence")"
  done
done
passed "how often, what a day looks like, which status wins: said once, everywhere the same"

# --- mistakes in what is typed speak of what is typed ---
start_emulator
simple_config
run 0 init prod
for words in 'rotat prod' 'rotate --compromissed prod' 'status prdo' 'rotate' 'repair prod --keep x' 'forget prod' 'hold prod --until x'; do
  # shellcheck disable=SC2086
  run 2 $words
  err_lacks 'onsumers'
  # What is only to be confirmed names itself, and would be done.
  if [ "$words" = 'forget prod' ]; then err_has '^next: .* forget prod --yes$'; else next_works; fi
done
passed "a usage error does not speak of consumers"

# --- targets.d ---
run 0 run prod
mkdir "$T/targets.d"
sees_it() { # sees_it PATTERN [TARGET]: every command that acts on all says it, once; those on another target do not
  local command
  for command in run status 'run --dry-run'; do
    # shellcheck disable=SC2086
    run 3 $command
    err_has "$1"
    [ "$(grep -Ec -- "$1" "$T/err")" = 1 ] || fail "said more than once"
    err_lacks 'onsumers' # what cannot be read is no evidence for or against any key
    next_works
  done
  run 3 check
  out_has "$1"
  run 3 check --offline
  out_has "$1"
  run 0 status prod
  run 0 run prod
  silent
  run 3 rotate elsewhere
  err_has "there is no target 'elsewhere' in what can be read"
  run 3 run --json
  json '.exit == 3 and .error.kind == "invalid"'
}
runs_as_others() { [ "$(id -u)" != 0 ]; }
printf 'targets:\n\t- x\n' >"$T/targets.d/a.yaml"
sees_it 'a.yaml:2: '
printf '' >"$T/targets.d/a.yaml"
sees_it 'a.yaml: the file is empty'
rm "$T/targets.d/a.yaml"
mkdir "$T/targets.d/a.yaml"
sees_it 'a.yaml: expected a file, found a directory'
rmdir "$T/targets.d/a.yaml"
ln -s nowhere "$T/targets.d/a.yaml"
sees_it 'a.yaml: cannot be opened'
rm -r "$T/targets.d"
echo x >"$T/targets.d"
sees_it 'targets.d: cannot be opened: Not a directory'
rm "$T/targets.d"
ln -s nowhere "$T/targets.d"
sees_it 'targets.d: cannot be opened: No such file'
rm "$T/targets.d"
if runs_as_others; then
  mkdir -m 0 "$T/targets.d"
  sees_it 'targets.d: cannot be opened: Permission denied'
  chmod 700 "$T/targets.d"
  echo 'targets: []' >"$T/targets.d/a.yaml"
  chmod 0 "$T/targets.d/a.yaml"
  sees_it 'a.yaml: cannot be opened: Permission denied'
  rm -r "$T/targets.d"
fi
run 0 run
silent
passed "targets.d that cannot be used in whole or part: 3 where it matters, said once, the others go on"

# Without any target that can be worked on.
mkdir "$T/targets.d"
echo x >"$T/targets.d/a.yaml"
sed -i '/^targets:/,$d' "$config"
run 3 run
err_has 'a.yaml:1: '
error_is_whole
run 3 status
run 3 check --offline
passed "nor when it is all there is"

# --- credentials ---
simple_config
rm -r "$T/targets.d"
cat >>"$config" <<END
  - name: vaulted
    instance: "${crn/$guid/22222222-2222-4333-8444-555555555555}"
    service_id: $sender_id
    sinks:
      - vault: {mount: kv, path: a, auth: {approle: {role_id_file: /r, secret_id_flie: /s}}}
END
run 3 check --offline
out_has "rotator.yaml:$(wc -l <"$config"): vault.auth.approle.secret_id_flie: no such option of this store \(did you mean secret_id_file\?\)"
sed -i 's/secret_id_flie/secret_id_file/' "$config"
run 3 check --offline # (there is no such file)
out_has '^ok +config '
passed "a secret id is named as a role id is"

# systemd's own names for statuses do not stand alone in the journal.
rm "$T/sinks/prod.env"
mkdir "$T/sinks/prod.env"
: >"$T/err"
JOURNAL_STREAM=$(stat -c %d:%i "$T/err")
export JOURNAL_STREAM
rotator -c "$config" run prod >"$T/out" 2>>"$T/err" </dev/null
[ $? = 3 ] || fail "not 3"
unset JOURNAL_STREAM
tail -n 1 "$T/err" | grep -q 'exit status 3: a person is needed; as far as is known consumers have a working key (systemd calls it NOTIMPLEMENTED)' ||
  fail "the journal does not explain the status"
passed "the journal's last line says what the status means"

# The stand-in for a management key that is not there.
rmdir "$T/sinks/prod.env"
simple_config
run 0 run
sed -i 's/^management:.*/management: {credential: management}/' "$config"
mkdir "$T/credentials"
printf missing >"$T/credentials/management"
chmod 600 "$T/credentials/management"
CREDENTIALS_DIRECTORY=$T/credentials rotator -c "$config" run >"$T/out" 2>"$T/err" </dev/null
[ $? = 3 ] || fail "not 3"
err_has 'no such file as LoadCredential= in rotator.service names'
CREDENTIALS_DIRECTORY=$T/credentials rotator -c "$config" check --offline >"$T/out" 2>"$T/err" </dev/null
[ $? = 3 ] || fail "not 3"
out_has 'no such file as LoadCredential='
passed "a management key that is not there is one sentence"
