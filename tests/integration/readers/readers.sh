#!/bin/sh
# R14: readers and files. The program itself writes one key in each format; each reader then says which key it took. What the
# manual rotator-store-file(5) says of a reader, in its section READERS, is a line here.
#
#   readers.sh ROTATOR EMULATOR
#
# A reader that is not installed is a case that is skipped. Agents and units are in tests/systemd; Kubernetes in tests/servers.
set -eu
rotator=$(realpath "${1:?usage: readers.sh ROTATOR EMULATOR}")
emulator=$(realpath "${2:?usage: readers.sh ROTATOR EMULATOR}")
top=$(cd "$(dirname "$0")/../../.." && pwd)
here=$top/tests/contract/emulator
readers=$top/tests/integration/readers
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "$(dirname "$emulator")"
start_emulator --demo --demo-key-file "${TMPDIR:-/tmp}/management.$$"
mv "${TMPDIR:-/tmp}/management.$$" "$work/management.key"
mkdir -m 700 "$work/keys"
unset IBM_CREDENTIALS_FILE LOGS_APIKEY LOGS_URL VCAP_SERVICES 2>/dev/null || true

cat >"$work/rotator.yaml" <<YAML
version: 1
management: {file: $work/management.key}
state_dir: $work/state
host_id: test
ca_file: $(field ca)
defaults:
  endpoints: {iam: "$(field https)", ingress: "$(field https)/instances/{guid}"}
  proof: {count: 1, span: 0s, absence_apart: 0s, propagation: 0s}
targets:
  - name: readers
    instance: "crn:v1:bluemix:public:logs:eu-de:a/d3a0c0ffee00000000000000000000d3:11111111-2222-4333-8444-555555555555::"
    service_id: ServiceId-aaaaaaaa-0000-4000-8000-000000000002
    sinks:
      - {name: raw, file: {path: $work/keys/key, format: raw}}
      - {name: bare, file: {path: $work/keys/bare, format: raw, newline: false}}
      - {name: json, file: {path: $work/keys/key.json, format: json}}
      - {name: agent, file: {path: $work/keys/agent.env, format: env}}
      - {name: sdk, file: {path: $work/keys/sdk.env, format: env, variable: LOGS_APIKEY}}
YAML
"$rotator" -c "$work/rotator.yaml" init readers >"$work/log" 2>&1 || { cat "$work/log"; echo "Bail out! no key"; exit 1; }
key=$(cat "$work/keys/key")

n=0 failures=0
# reads NAME WANTED COMMAND…: what the command prints is the key (or "none").
reads() {
  name=$1 wanted=$2
  shift 2
  n=$((n + 1))
  got=$("$@" 2>"$work/err" | tail -n 1) || true
  if [ "$got" = "$wanted" ]; then
    echo "ok $n - $name"
  else
    failures=$((failures + 1))
    echo "not ok $n - $name"
    echo "# ${#got} characters instead of ${#wanted}"
    sed 's/^/# /' "$work/err"
  fi
}
skips() { n=$((n + 1)); echo "ok $n - $1 # SKIP not to be had"; }
# A folder made by cannot() of a vendor's packages ends its subshell only.
has() { (vendor_"$1" >/dev/null; echo "$cache" >"$work/$1") && [ -s "$work/$1" ]; }

# shellcheck disable=SC2016
reads "sh: . FILE" "$key" sh -c '. "$1"; printf "%s\n" "$IAM_API_KEY"' - "$work/keys/agent.env"
# shellcheck disable=SC2016
reads "sh: \$(cat FILE), raw" "$key" sh -c 'printf "%s\n" "$(cat "$1")"' - "$work/keys/key"
token() {
  curl -sS --cacert "$(field ca)" "$(field https)/identity/token" -d grant_type=urn:ibm:params:oauth:grant-type:apikey \
    --data-urlencode "apikey@$1" | grep -c '"access_token"'
}
reads "curl --data-urlencode apikey@FILE, raw without newline" 1 token "$work/keys/bare"
reads "curl does not take the line break away" 0 token "$work/keys/key"
reads "jq, json" "$key" jq -r .apikey "$work/keys/key.json"

# each SDK: by the environment, by a credential file; not by the variable of the agents, nor by JSON.
sdk() {
  label=$1
  shift
  reads "$label: environment LOGS_APIKEY" "$key" env "LOGS_APIKEY=$key" "$@"
  reads "$label: credential file, env with variable LOGS_APIKEY" "$key" env "IBM_CREDENTIALS_FILE=$work/keys/sdk.env" "$@"
  reads "$label: not IAM_API_KEY" none env "IAM_API_KEY=$key" "$@"
  reads "$label: not the json format" none env "IBM_CREDENTIALS_FILE=$work/keys/key.json" "$@"
}
# (a folder of its own: ./ibm-credentials.env and those of the home folder would be read first)
cd "$work"
if has python; then
  sdk Python env HOME="$work" "$(cat "$work/python")/venv/bin/python" "$readers/reader.py"
else
  skips "Python SDK"
fi
if has node; then
  cp "$readers/reader.mjs" "$work/"
  ln -s "$(cat "$work/node")/node_modules" "$work/node_modules"
  sdk Node env HOME="$work" node "$work/reader.mjs"
  # shellcheck disable=SC2016
  reads "node --env-file" "$key" node --env-file="$work/keys/sdk.env" -e 'console.log(process.env.LOGS_APIKEY)'
else
  skips "Node SDK"
fi
if has java; then
  lib=$(cat "$work/java")/lib
  javac -d "$work" -cp "$lib/*" "$readers/Reader.java"
  sdk Java env HOME="$work" java -Duser.home="$work" -cp "$work:$lib/*" Reader
else
  skips "Java SDK"
fi
go_core() {
  command -v go >/dev/null || return 1
  mkdir "$work/go"
  cp "$readers/reader.go" "$work/go/"
  (cd "$work/go" && go mod init reader && go get github.com/IBM/go-sdk-core/v5/core@v5.25.3 && go build -o reader .) >"$work/log" 2>&1
}
if go_core; then
  sdk Go env HOME="$work" "$work/go/reader"
else
  skips "Go SDK"
fi
echo "1..$n"
[ $failures = 0 ]
