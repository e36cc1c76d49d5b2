#!/bin/sh
# The vendor's Go SDK for Cloud Logs reads what a query of the emulator answers (query.go). The module stays in a cache outside the
# tree. query.sh BUILD_DIR prints TAP.
set -eu

module=github.com/IBM/logs-go-sdk
version=v0.4.0
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: query.sh BUILD_DIR}"
command -v go >/dev/null || cannot "go is not installed"

cache_folder "emulator-query-$version" "$here/query.go"
if [ ! -e "$cache/done" ]; then
  cp "$here/query.go" "$cache/"
  (cd "$cache" && rm -f go.mod go.sum && go mod init query && go get "$module@$version" && go get . && go build -o query .) \
    >"$cache/log" 2>&1 || cannot "the vendor's SDK for Cloud Logs cannot be had"
  touch "$cache/done"
fi

guid=11111111-2222-4333-8444-555555555555
reader="reader-key-of-the-test-000000000000000000000"
sender="sender-key-of-the-test-000000000000000000000"
seed=$(mktemp)
cat >"$seed" <<SEED
{"accounts": [{"id": "cccccccccccccccccccccccccccccccc"}],
 "instances": [{"guid": "$guid", "region": "eu-de"}],
 "service_ids": [{"id": "ServiceId-aaaaaaaa-0000-4000-8000-000000000001", "name": "reader", "apikeys": [{"apikey": "$reader"}]},
                 {"id": "ServiceId-aaaaaaaa-0000-4000-8000-000000000002", "name": "sender", "apikeys": [{"apikey": "$sender"}]}],
 "roles": [{"identity": "ServiceId-aaaaaaaa-0000-4000-8000-000000000001", "role": "Reader", "instance": "$guid"},
           {"identity": "ServiceId-aaaaaaaa-0000-4000-8000-000000000002", "role": "Sender", "instance": "$guid"}]}
SEED
start_emulator --seed "$seed"
rm -f "$seed"
SSL_CERT_FILE=$(field ca) "$cache/query" "$(field https)" "$guid" "$reader" "$sender"
