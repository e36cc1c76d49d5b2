# shellcheck shell=bash
# What the tests of the shipped program share: an emulator of IBM Cloud of their own, a configuration
# whose waits are 0 or 1 s, and checks that say what they wanted. Sourced; needs $ROTATOR and
# $EMULATOR. The first check that fails ends the test with status 1.
set -u
: "${ROTATOR:?path of the program}" "${EMULATOR:?path of the emulator}"

account=d3a0c0ffee00000000000000000000d3
guid=11111111-2222-4333-8444-555555555555
management_id=ServiceId-aaaaaaaa-0000-4000-8000-000000000001
sender_id=ServiceId-aaaaaaaa-0000-4000-8000-000000000002
crn="crn:v1:bluemix:public:logs:eu-de:a/$account:$guid::"

T=$(mktemp -d "${TMPDIR:-/tmp}/rotator-cli.XXXXXX")
emulator_pid=
clean_up() {
  [ -z "$emulator_pid" ] || kill "$emulator_pid" 2>/dev/null
  [ -z "$emulator_pid" ] || wait "$emulator_pid" 2>/dev/null
  chmod -R u+rwX "$T" 2>/dev/null
  rm -rf "$T"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
unset NOTIFY_SOCKET JOURNAL_STREAM CREDENTIALS_DIRECTORY STATE_DIRECTORY XDG_CONFIG_HOME
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY NO_PROXY no_proxy
export LC_ALL=C HOME=$T/home
mkdir -m 700 "$T/home" "$T/bin" "$T/sinks" "$T/state"
ln -s "$ROTATOR" "$T/bin/rotator"
PATH=$T/bin:$PATH

fail() {
  echo "FAILED: $*" >&2
  if [ -s "$T/out" ]; then sed 's/^/  out: /' "$T/out" >&2; fi
  if [ -s "$T/err" ]; then sed 's/^/  err: /' "$T/err" >&2; fi
  exit 1
}
skip() {
  echo "SKIP: $*"
  exit 77
}
passed() { echo "ok - $*"; }

# look_again TARGET: the next run asks IAM, as if look_every were over; what was seen of the key is kept.
look_again() {
  local file=$T/state/$1.run
  jq -c '.last_look_s = 0' "$file" >"$T/last_run" && cat "$T/last_run" >"$file"
}

# at OFFSET COMMAND…: with a clock that is so far off ('+1d'); only where $faketime is not empty.
faketime=$("$(dirname "${BASH_SOURCE[0]}")/../faketime.sh" 2>/dev/null)
at() {
  local offset=$1
  shift
  LD_PRELOAD=$faketime FAKETIME=$offset FAKETIME_DONT_FAKE_MONOTONIC=1 "$@"
}

# --- emulator ---

start_emulator() {
  "$EMULATOR" --dir "$T" --ready-file "$T/ready" --demo --demo-key-file "$T/management.key" \
    --die-with-parent "$@" >/dev/null 2>"$T/emulator.log" &
  emulator_pid=$!
  for _ in $(seq 2400); do
    [ -s "$T/ready" ] && break
    kill -0 "$emulator_pid" 2>/dev/null || fail "the emulator ended: $(cat "$T/emulator.log")"
    sleep 0.05
  done
  [ -s "$T/ready" ] || fail "the emulator is not ready"
  url=$(jq -r .https "$T/ready")
  http=$(jq -r .http "$T/ready")
  ca=$(jq -r .ca "$T/ready")
  fake_ibmcloud
}
control() { # control METHOD PATH [JSON]
  curl -sS --fail-with-body -X "$1" "$http/_control/$2" ${3+-H 'Content-Type: application/json' -d "$3"} ||
    fail "control $1 $2"
}
fault() { control POST faults "$1" >/dev/null; }
# until_met: waits until a request met the fault that was set first; a wait of so many seconds would be for a machine that is not busy.
until_met() {
  local _
  for _ in $(seq 600); do
    control GET faults | jq -e '.rules[0].fired >= 1' >/dev/null && return
    sleep 0.05
  done
  fail "no request met the fault"
}
no_faults() { control DELETE faults >/dev/null; }
setting() { control POST settings "$1" >/dev/null; }
seed() { control POST seed "$1"; }
requests_seen() { control GET requests | jq '.requests | length'; }
active_keys() { control GET keys | jq -r --arg i "iam-$sender_id" \
  '.keys[] | select(.iam_id == $i and (.deleted | not) and (.disabled | not)) | .id'; }
all_keys() { control GET keys | jq -r --arg i "iam-$sender_id" \
  '.keys[] | select(.iam_id == $i and (.deleted | not)) | .id'; }

# iam METHOD PATH: a request to IAM, as whoever administers the account.
iam() {
  local token
  token=$(curl -sS --cacert "$ca" "$url/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey \
    --data-urlencode "apikey@$T/management.key" | jq -r .access_token)
  curl -sS --fail-with-body --cacert "$ca" -X "$1" -H "Authorization: Bearer $token" "$url$2" >/dev/null || fail "IAM: $1 $2"
}
lock_key() { iam POST "/v1/apikeys/$1/lock"; }
# The vendor's command line, as far as our `next:` lines name it: each word is checked.
fake_ibmcloud() {
  cat >"$T/bin/ibmcloud" <<END
#!/usr/bin/env bash
T=$T url=$url http=$http ca=$ca
fail() { echo "ibmcloud: \$*" >&2; exit 1; }
$(declare -f iam)
END
  cat >>"$T/bin/ibmcloud" <<'END'
case "$1 $2 $3 $4 $5" in
  'iam service-api-key-unlock ApiKey-'*' ServiceId-'*' --force') iam DELETE "/v1/apikeys/$3/lock" ;;
  'iam service-policy-create '*' --service-name logs')
    [ "$6 $7 $8" = '--roles Sender --service-instance' ] && [ $# = 9 ] || fail "what is $*?"
    curl -sS --fail-with-body "$http/_control/seed" \
      -d "{\"roles\":[{\"identity\":\"$3\",\"role\":\"Sender\",\"instance\":\"$9\"}]}" >/dev/null ;;
  'account users --output json ')
    curl -sS --fail "$http/_control/identities" |
      jq '[.identities[] | select(.kind == "user") | {ibmUniqueId: .iam_id, userId: (.iam_id + "@example.com"), state: "ACTIVE"}]' ;;
  'iam user-policy-create IBMid-'*'@example.com --service-name logs')
    [ "$6 $7 $8" = '--roles Sender --service-instance' ] && [ $# = 9 ] || fail "what is $*?"
    curl -sS --fail-with-body "$http/_control/seed" \
      -d "{\"roles\":[{\"identity\":\"${3%@*}\",\"role\":\"Sender\",\"instance\":\"$9\"}]}" >/dev/null ;;
  *) fail "what is $*?" ;;
esac
END
  chmod 755 "$T/bin/ibmcloud"
}
# follow_next: runs the command that the last error or answer names, as it stands; its output is in out and err, its status in $status.
follow_next() {
  local command
  command=$(cat "$T/out" "$T/err" | sed -n 's/^next: //p' | tail -n 1)
  [ -n "$command" ] || fail "no next command"
  sh -c "$command" >"$T/out" 2>"$T/err" </dev/null
  status=$?
}

# --- configuration ---

# target NAME [SERVICE_ID [EXTRA_YAML_LINES…]]: one entry of `targets`, with a file sink of its own.
target() {
  local name=$1 service=${2:-$sender_id}
  shift; [ $# -eq 0 ] || shift
  printf '  - name: %s\n    instance: "%s"\n    service_id: %s\n' "$name" "$crn" "$service"
  printf '    sinks:\n      - file: {path: %s/sinks/%s.env, format: env, variable: IAM_API_KEY}\n' "$T" "$name"
  [ $# -eq 0 ] || printf '    %s\n' "$@"
}
# head_of_config ["DEFAULT: VALUE"…]: everything before the targets; what is given takes the place of the default of its name.
host_id=test-host
head_of_config() {
  local given defaults
  defaults=$(cat <<END
  endpoints: {iam: "$url", ingress: "$url/instances/{guid}"}
  grace: 0s
  reload_within: 0s
  quarantine: 0s
  rotate_every: 30d
  rotate_jitter: 0s
  look_every: 1h
  proof: {count: 2, span: 0s, absence_apart: 0s, propagation: 0s}
END
  )
  for given in "$@"; do
    defaults=$(grep -v "^  ${given%%:*}:" <<<"$defaults")$'\n'"  $given"
  done
  cat <<END
version: 1
management: {file: $T/management.key}
state_dir: $T/state
host_id: $host_id
ca_file: $ca
defaults:
$defaults
targets:
END
}
config=$T/rotator.yaml
# simple_config [DEFAULT…]: one target, prod. config_of NAME [SERVICE_ID [LINE…]]: one target as `target` makes it.
simple_config() { { head_of_config "$@"; target prod; } >"$config"; }
config_of() { { head_of_config; target "$@"; } >"$config"; }

# --- running ---

# run STATUS ARGUMENTS…: the program with the configuration; its status must be STATUS.
run() {
  local want=$1
  shift
  rotator -c "$config" "$@" >"$T/out" 2>"$T/err" </dev/null
  status=$?
  [ "$status" = "$want" ] || fail "rotator $*: status $status, wanted $want"
  no_secrets
}
out_has() { grep -Eq -- "$1" "$T/out" || fail "standard output lacks: $1"; }
err_has() { grep -Eq -- "$1" "$T/err" || fail "standard error lacks: $1"; }
out_lacks() { ! grep -Eq -- "$1" "$T/out" || fail "standard output has: $1"; }
err_lacks() { ! grep -Eq -- "$1" "$T/err" || fail "standard error has: $1"; }
silent() { [ ! -s "$T/out" ] && [ ! -s "$T/err" ] || fail "something was printed"; }
json() { # json FILTER: standard output is one JSON document for which the filter is true
  jq -es 'length == 1' "$T/out" >/dev/null || fail "standard output is not one JSON document"
  jq -e "$1" "$T/out" >/dev/null || fail "not in the JSON answer: $1"
}
sink_value() { sed -n 's/^IAM_API_KEY=//p' "$T/sinks/$1.env" | tr -d "'\""; }
# The last line of every error is the command that comes next; it must be one that can be run.
next_works() {
  local command
  command=$(sed -n 's/^next: //p' "$T/err" | tail -n 1)
  [ -n "$command" ] || fail "no next command"
  [ "$(tail -n 1 "$T/err")" = "next: $command" ] || fail "the next command is not the last line"
  # It may wait for an outage's end. The pipe waits for all that the shell started: a program that is still ending would write what it
  # knows after the test has gone on.
  timeout 10 sh -c "$command" 2>&1 </dev/null | cat >"$T/next"
  local s=${PIPESTATUS[0]}
  case $s in
    2) grep -q 'there is no\|does not belong\|needs a' "$T/next" && fail "next command is wrong: $command" ;;
    126 | 127 | 1) fail "next command does not run ($s): $command" ;;
  esac
  return 0
}
error_is_whole() { # the shape of every error that concerns a target
  err_has 'Consumers have a working key|Consumers have NO working key|Not known whether consumers have a working key'
  next_works
}
usage_is_whole() { # a mistake in what was typed is no matter of consumers
  err_lacks 'onsumers'
  err_has 'nothing was contacted and nothing was changed'
  next_works
}
# No value of a key in anything that was printed or kept for people.
no_secrets() {
  local file value
  for file in "$T/management.key" "$T"/sinks/*.env; do
    [ -f "$file" ] || continue
    value=$(sed -n 's/^IAM_API_KEY=//; /^[A-Za-z0-9_-]\{40,\}$/p' "$file" 2>/dev/null | tr -d '\0' | head -n 1)
    [ -n "$value" ] || continue
    if grep -rqF -- "$value" "$T/out" "$T/err" "$T/state/history" "$T"/state/*.run 2>/dev/null; then
      fail "a key's value was printed or kept"
    fi
  done
}

# delete_by_hand ID: somebody deletes that key in the console.
delete_by_hand() {
  local token
  token=$(curl -sS --cacert "$ca" "$url/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey \
    --data-urlencode "apikey@$T/management.key" | jq -r .access_token)
  curl -sS --fail --cacert "$ca" -X DELETE -H "Authorization: Bearer $token" "$url/v1/apikeys/$1" >/dev/null ||
    fail "cannot delete by hand"
}

# --- whole rotations of the target prod, in whatever store; the caller defines `consumer_works WHEN` ---

phase() { rotator -c "$config" status --json prod 2>/dev/null | jq -r '.targets[0].phase'; }
# key_works WHEN VALUE: IAM takes it.
key_works() {
  local status
  status=$(curl -sS -o /dev/null -w '%{http_code}' --cacert "$ca" "$url/identity/token" \
    -d grant_type=urn:ibm:params:oauth:grant-type:apikey --data-urlencode "apikey@"<(printf %s "$2"))
  [ "$status" = 200 ] || fail "$1: the consumer's key is answered $status"
}
# settle WHEN: runs the job until the target is idle and one key is left.
settle() {
  local _
  for _ in $(seq 60); do
    rotator -c "$config" run >"$T/out" 2>"$T/err" </dev/null
    [ "$(phase)" = idle ] && [ "$(active_keys | wc -l)" = 1 ] && return
    sleep 0.3
  done
  fail "$1: phase $(phase), keys $(active_keys | tr '\n' ' ')"
}
# kill_rotations SECONDS…: rotations killed after so long; consumers have a key at once, and the next runs put all right.
kill_rotations() {
  local after rotation
  for after in "$@"; do
    rotator -c "$config" rotate prod >/dev/null 2>&1 </dev/null &
    rotation=$!
    sleep "$after"
    kill -9 $rotation 2>/dev/null
    wait $rotation 2>/dev/null
    consumer_works "rotator killed after $after s"
    settle "rotator killed after $after s"
    consumer_works "settled"
  done
}
