#!/bin/sh
# Runs the vendor's own integration tests, those they run on the live service, against the emulator:
# the parts on API keys, service IDs, policies and roles; and our own test of the authenticators of
# its core (authenticators_test.go). They come as a Go module and stay in a cache outside the tree.
# vendor_go.sh BUILD_DIR prints TAP, one line a package.
set -eu

module=github.com/IBM/platform-services-go-sdk
version=v0.101.0
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/contract/emulator/emulator.sh
. "$here/emulator.sh"
find_emulator "${1:?usage: vendor_go.sh BUILD_DIR}"
command -v go >/dev/null || cannot "go is not installed"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/vendor-go-$version
if [ ! -e "$cache/done" ]; then
  mkdir -p "$cache"
  if ! dir=$(cd "$cache" && GOFLAGS=-mod=mod go mod download -json "$module@$version" |
    sed -n 's/^.*"Dir": "\(.*\)",$/\1/p') || [ -z "$dir" ]; then
    cannot "the module cannot be had"
  fi
  rm -rf "$cache/sdk"
  cp -R "$dir" "$cache/sdk"
  chmod -R u+w "$cache/sdk"
  touch "$cache/done"
fi

account=cccccccccccccccccccccccccccccccc
key=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
seed=$(mktemp)
cat >"$seed" <<SEED
{"accounts": [{"id": "$account"}],
 "users": [{"id": "IBMid-VENDOR", "account": "$account", "owner": true, "name": "vendor",
            "apikeys": [{"name": "vendor", "apikey": "$key"}]}],
 "profiles": [{"id": "Profile-44444444-3333-4444-8444-444444444444", "account": "$account", "name": "linked",
               "cr_tokens": ["$key-cr"], "assumed_by": ["IBMid-VENDOR"]},
              {"id": "Profile-55555555-3333-4444-8444-555555555555", "account": "$account", "name": "other",
               "assumed_by": [], "metadata": false}]}
SEED
start_emulator --seed "$seed" --imds-port 0
rm -f "$seed"
url=$(field https)
ca=$(field ca)

settings() { # PREFIX: what the tests read their credentials and names from
  for pair in "URL=$url" "AUTH_TYPE=iam" "AUTH_URL=$url" "APIKEY=$key" "ACCOUNT_ID=$account" \
    "IAM_ID=IBMid-VENDOR" "ENTERPRISE_ACCOUNT_ID=$account" "ENTERPRISE_SUBACCOUNT_ID=$account" \
    "TEST_ACCOUNT_ID=$account" "TEST_TARGET_ACCOUNT_ID=$account"; do
    echo "$1_$pair"
  done
}

# The tests look for these files one folder up; the names are theirs. The key in them is one of
# this run's emulator and good for nothing afterwards.
settings IAM_IDENTITY >"$cache/sdk/iam_identity.env"
settings IAM_POLICY_MANAGEMENT >"$cache/sdk/iam_policy_management.env"

count=0
status=0
run() { # PACKAGE LEAST FOCUS: at least LEAST of its tests must have run, so that a focus cannot rot
  count=$((count + 1))
  if (cd "$cache/sdk" && go test -c -tags integration -o "$work/test" "./$1/" &&
    cd "$1" && SSL_CERT_FILE=$ca "$work/test" -ginkgo.noColor \
      -ginkgo.focus="Integration Tests ($3)") >"$work/out" 2>&1 &&
    ran=$(sed -n 's/^SUCCESS! -- \([0-9]*\) Passed | 0 Failed.*/\1/p' "$work/out") &&
    [ "${ran:-0}" -ge "$2" ]; then
    echo "ok $count - $1: $ran of the vendor's tests"
  else
    echo "not ok $count - $1"
    grep -v '^ *"' "$work/out" | tail -n 60 | sed 's/^/  # /'
    status=1
  fi
}
run iamidentityv1 25 "External|Client init|CreateAPIKey|GetAPIKey|ListAPIKeys|UpdateAPIKey|LockAPIKey|\
UnlockAPIKey|DisableAPIKey|EnableAPIKey|DeleteAPIKey|CreateServiceID -|GetServiceID -|\
ListServiceIds|UpdateServiceID -|LockServiceID|UnlockServiceID|DeleteServiceID -|CreateServiceIDGroup|\
GetServiceIDGroup|ListServiceIDGroup|UpdateServiceIDGroup|DeleteServiceIDGroup"
run iampolicymanagementv1 14 "Successfully|Create an access|Get an access|Update an access|Patch|\
List access|Create a v2|Get a v2|Update a v2|List v2|List V2|Create custom role|Get a custom role|Update custom|\
List custom"

mkdir -p "$cache/sdk/authenticators"
cp "$here/authenticators_test.go" "$cache/sdk/authenticators/"
count=$((count + 1))
if (cd "$cache/sdk" && SSL_CERT_FILE=$ca EMULATOR_URL=$url EMULATOR_IMDS=$(field imds) EMULATOR_APIKEY=$key \
  EMULATOR_CR_TOKEN=$key-cr EMULATOR_ACCOUNT=$account go test -count=1 -v ./authenticators/) >"$work/out" 2>&1 &&
  [ "$(grep -c '^--- PASS' "$work/out")" = 3 ]; then
  echo "ok $count - authenticators: container, virtual server, assumed"
else
  echo "not ok $count - authenticators"
  tail -n 60 "$work/out" | sed 's/^/  # /'
  status=1
fi
rm -f "$cache/sdk/iam_identity.env" "$cache/sdk/iam_policy_management.env"
echo "1..$count"
exit $status
