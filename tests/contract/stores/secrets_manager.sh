#!/usr/bin/env bash
# Runs the suite on Secrets Manager of the emulator: secrets_manager.sh STORE_PROGRAM EMULATOR. Exit 77: jq or curl is missing.
set -eu
command -v jq >/dev/null && command -v curl >/dev/null || { echo "SKIP: jq or curl is missing"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/secrets-manager.XXXXXX")
pid=
trap '[ -z "$pid" ] || kill "$pid"; rm -rf "$dir"' EXIT
"$2" --dir "$dir" --ready-file "$dir/ready" --die-with-parent >/dev/null &
pid=$!
for _ in $(seq 600); do
  [ -s "$dir/ready" ] && break
  sleep 0.05
done
http=$(jq -r .http "$dir/ready")
guid=99999999-2222-4333-8444-555555555555
curl -sS --fail-with-body "$http/_control/seed" -d "{\"secrets_managers\":[{\"guid\":\"$guid\"}],
  \"service_ids\":[{\"id\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\",\"apikeys\":[{\"name\":\"k\"}]}],
  \"roles\":[{\"identity\":\"ServiceId-aaaaaaaa-0000-4000-8000-000000000001\",\"role\":\"Writer\",
  \"service\":\"secrets-manager\",\"instance\":\"$guid\"}]}" >"$dir/seeded"
(umask 077 && jq -rj '.service_ids[0].apikeys[0].apikey' "$dir/seeded" >"$dir/key")
SM_CRN=$(jq -r '.secrets_managers[0].crn' "$dir/seeded")
export SM_CRN SM_IAM=$http SM_BASE=$http/instances/$guid SM_FAULTS=$http/_control/faults SM_KEY_FILE=$dir/key
"$1"
