# shellcheck shell=bash disable=SC2034
# A throw-away world on this machine: the IBM Cloud emulator on loopback and a rotator configured for it. Sourced by
# contrib/quickstart.sh and by tests.
#
#   sandbox_start EMULATOR DIR    starts it; sets sandbox (DIR), sandbox_https, sandbox_http and sandbox_pid
#   sandbox_config NAME           writes DIR/rotator.yaml with one target NAME; more settings of the target from standard input
#   sandbox_control METHOD PATH [JSON]   the emulator's control interface (README.md there)
#   sandbox_stop                  ends what was started
#
# The demo account has one Cloud Logs instance, the service ID logs-agent with Sender on it, and a management key, which the
# emulator writes to DIR/management.key.
sandbox_account=d3a0c0ffee00000000000000000000d3
sandbox_instance=11111111-2222-4333-8444-555555555555

sandbox_start() {
  local tries=0
  sandbox=$2
  mkdir -p "$sandbox/emulator" "$sandbox/keys" "$sandbox/state"
  chmod 700 "$sandbox" "$sandbox/keys" "$sandbox/state"
  "$1" --demo --demo-key-file "$sandbox/management.key" --dir "$sandbox/emulator" --ready-file "$sandbox/emulator/ready" \
    --die-with-parent </dev/null >/dev/null 2>"$sandbox/emulator/log" &
  sandbox_pid=$!
  until [ -s "$sandbox/emulator/ready" ]; do
    tries=$((tries + 1))
    if [ $tries -gt 2400 ] || ! kill -0 "$sandbox_pid" 2>/dev/null; then
      echo "the emulator did not start:" >&2
      cat "$sandbox/emulator/log" >&2
      return 1
    fi
    sleep 0.05
  done
  sandbox_https=$(sed -n 's/.*"https":"\([^"]*\)".*/\1/p' "$sandbox/emulator/ready")
  sandbox_http=$(sed -n 's/.*"http":"\([^"]*\)".*/\1/p' "$sandbox/emulator/ready")
}

sandbox_stop() {
  [ -n "${sandbox_pid-}" ] || return 0
  kill "$sandbox_pid" 2>/dev/null && wait "$sandbox_pid" 2>/dev/null
  sandbox_pid=
}

sandbox_config() {
  cat >"$sandbox/rotator.yaml" <<YAML
version: 1
management: {file: $sandbox/management.key}
state_dir: $sandbox/state
host_id: sandbox
ca_file: $sandbox/emulator/ca.pem
targets:
  - name: $1
    instance: "crn:v1:bluemix:public:logs:eu-de:a/$sandbox_account:$sandbox_instance::"
    service_id: logs-agent
    endpoints: {iam: "$sandbox_https", ingress: "$sandbox_https/instances/{guid}"}
    sinks:
      - file: {path: $sandbox/keys/$1.env, format: env, variable: IAM_API_KEY}
YAML
  sed 's/^/    /' >>"$sandbox/rotator.yaml"
  chmod 600 "$sandbox/rotator.yaml"
}

sandbox_control() {
  curl -sS --noproxy '*' --fail-with-body -X "$1" "$sandbox_http/_control/$2" ${3:+--data "$3"}
}

# The status and code with which IAM answers the API key that a file holds; the key is read by curl, not put on a command line.
sandbox_token() {
  curl -sS --noproxy '*' --cacert "$sandbox/emulator/ca.pem" -o "$sandbox/answer" -w '%{http_code}' \
    --data-urlencode "apikey@$1" --data-urlencode 'grant_type=urn:ibm:params:oauth:grant-type:apikey' \
    "$sandbox_https/identity/token"
  jq -r 'if .errorCode then " " + .errorCode + ": " + .errorMessage else "" end' "$sandbox/answer"
  rm -f "$sandbox/answer"
}
