#!/usr/bin/env bash
# Speed: tests/bench/run.sh [--quick] [--fleet] [--against COMMIT] [BUILD]. BUILD is a build folder with `rotator` and `ibmcloud-emulator`
# (build/release).
#
# Each figure is a ratio measured in this one run, over HTTPS on the emulator of this machine: against the same rotation by bash,
# curl and jq (naive.sh) and by the vendor's Node SDK (naive.mjs), against `curl --version`, or against the sum of the latencies
# that the emulator was told to add. Milliseconds of two machines say nothing; ratios do. Exit status 1 when a goal is missed.
# --quick runs everything a few times only, leaves out Node, and only looks whether it runs: for continuous integration.
# --fleet leaves out what is about one target.
# --against builds that commit's program in a temporary tree, and runs it in turns with ours where that says more than a ratio to
# a peer.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source=contrib/sandbox.sh
. "$top/contrib/sandbox.sh"
# shellcheck source=contrib/debian.sh
. "$top/contrib/debian.sh"

quick=0 times=20 targets=1000 many=10000 some=100 fleet=0 against=
while :; do
  case ${1-} in
    --quick) quick=1 times=2 targets=24 many=300 some=20; shift ;;
    --fleet) fleet=1; shift ;;
    --against) against=$(git -C "$top" rev-parse --verify --short "${2:?a commit}^{commit}"); shift 2 ;;
    *) break ;;
  esac
done
build=$(realpath "${1:-$top/build/release}")
need python3 curl jq openssl strace
rotator=$(find "$build" -name rotator -type f -perm -u+x | head -n 1)
emulator=$(find "$build" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)
if [ -z "$rotator" ] || [ -z "$emulator" ]; then
  echo "no rotator and ibmcloud-emulator below $build" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
missed=0
older=
if [ -n "$against" ]; then
  echo "== building $against"
  mkdir "$work/against"
  git -C "$top" archive "$against" | tar -x -C "$work/against"
  (cd "$work/against" && cmake --preset release -G Ninja -DROTATOR_TESTS=OFF && cmake --build build/release --target rotator) >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; exit 1; }
  older=$work/against/build/release/rotator/app/rotator
  echo
fi

# What was seen, and the goal: goal NAME VALUE LIMIT TEXT.
goal() {
  local verdict=ok
  if awk -v v="$2" -v l="$3" 'BEGIN { exit !(v > l) }'; then
    verdict=MISSED
    missed=1
  fi
  printf '%-46s %8s  (goal <= %s)  %s  %s\n' "$1" "$2" "$3" "$verdict" "${4-}"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
measure() { "$here/measure.py" "$@"; }
field() { jq -r ".$1" <<<"$2"; }
last_request() { sandbox_control GET 'requests?since=999999999' | jq .last; }
# Requests after the one numbered $1, as a JSON array.
requests_since() { sandbox_control GET "requests?since=$1" | jq -c .requests; }

world() {
  sandbox_stop
  rm -rf "$work/world"
  sandbox_start "$emulator" "$work/world"
}

if [ $fleet = 1 ]; then
  # shellcheck source=tests/bench/fleet.sh
  . "$here/fleet.sh"
  exit $missed
fi

# No waits: what is measured is work.
config_of_one() {
  sandbox_config bench <<YAML
grace: 0s
quarantine: 0s
proof: {count: 3, span: 0s, absence_apart: 0s, propagation: 0s}
YAML
}
rotator_() { "$rotator" --config "$sandbox/rotator.yaml" "$@"; }

echo "== one rotation, with all its proofs (${times} runs each)"
world
config_of_one
rotator_ init bench >/dev/null
before=$(last_request)
before_stats=$(sandbox_control GET stats)
rotator_ rotate bench --wait=retired >/dev/null
connections=$(sandbox_control GET stats | jq -r --argjson b "$before_stats" '
  "\(.tls_connections - $b.tls_connections) connections (\(.tls_resumed - $b.tls_resumed) resumed an earlier TLS session)"')
requests=$(requests_since "$before" | jq length)
ours=$(measure "$times" "$rotator" --config "$sandbox/rotator.yaml" rotate bench --wait=retired)

export IAM=$sandbox_https INGRESS=$sandbox_https/instances/$sandbox_instance CA=$sandbox/emulator/ca.pem
export MANAGEMENT=$sandbox/management.key ACCOUNT=$sandbox_account KEYS=$work/naive
IAM_ID=iam-$(sandbox_control GET identities | jq -r '.identities[] | select(.name == "logs-agent") | .id')
export IAM_ID
mkdir -p "$KEYS"
seed_key() {
  sandbox_control POST seed "{\"service_ids\": [{\"id\": \"${IAM_ID#iam-}\", \"apikeys\": [{\"name\": \"naive\"}]}]}" |
    jq -r '.service_ids[0].apikeys[-1].id' >"$KEYS/id"
}
seed_key
naive=$(measure "$times" bash "$here/naive.sh")
node=
if [ $quick = 0 ]; then
  need node=nodejs npm=npm
  lock=$top/tests/contract/emulator/package-lock.json
  MODULES=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/emulator-node-$(cksum <"$lock" | tr -d ' ')
  if [ ! -e "$MODULES/done" ]; then
    mkdir -p "$MODULES"
    cp "$top/tests/contract/emulator/package.json" "$lock" "$MODULES"
    (cd "$MODULES" && npm ci --no-audit --no-fund --silent && touch "done")
  fi
  export MODULES NODE_EXTRA_CA_CERTS=$CA
  node=$(measure "$times" node "$here/naive.mjs")
fi

printf '%-28s %10s %10s %12s %10s %12s\n' '' 'CPU ms' 'wall ms' 'peak KiB' 'requests' 'CPU ms/req.'
row() { printf '%-28s %10s %10s %12s %10s %12s\n' "$1" "$(field cpu_ms "$2")" "$(field wall_ms "$2")" "$(field rss_kib "$2")" "$3" "$(ratio "$(field cpu_ms "$2")" "$3")"; }
row "rotator, whole protocol" "$ours" "$requests"
row "bash, curl, jq: naive" "$naive" 5
[ -z "$node" ] || row "Node, vendor's SDK: naive" "$node" 5
goal "CPU of a rotation : naive by curl" "$(ratio "$(field cpu_ms "$ours")" "$(field cpu_ms "$naive")")" 0.34
[ -z "$node" ] || goal "CPU of a rotation : naive by the SDK" "$(ratio "$(field cpu_ms "$ours")" "$(field cpu_ms "$node")")" 0.125
goal "peak memory, MiB" "$(ratio "$(field rss_kib "$ours")" 1024)" 16
# Both rotate the same target, in turns: against_older GOAL NAME FIELD TIMES.
against_older() {
  local mine theirs
  [ -n "$older" ] || return 0
  { read -r mine; read -r theirs; } < <(measure "$4" "$rotator" --config "$sandbox/rotator.yaml" rotate bench --wait=retired -- \
    "$older" --config "$sandbox/rotator.yaml" rotate bench --wait=retired)
  goal "$2 : the same by $against" "$(ratio "$(field "$3" "$mine")" "$(field "$3" "$theirs")")" "$1" \
    "$(field "$3" "$mine") ms : $(field "$3" "$theirs") ms"
}
against_older 0.6 "CPU of a rotation" cpu_ms "$times"

echo
echo "== nothing is due"
{ read -r idle; read -r version; } < <(measure $((times * 5)) "$rotator" --config "$sandbox/rotator.yaml" run -- curl --version)
goal "CPU of a run : curl --version" "$(ratio "$(field cpu_ms "$idle")" "$(field cpu_ms "$version")")" 1.3 \
  "$(field cpu_ms "$idle") ms : $(field cpu_ms "$version") ms"
if [ -n "$older" ]; then
  { read -r idle; read -r before; } < <(measure $((times * 5)) "$rotator" --config "$sandbox/rotator.yaml" run -- \
    "$older" --config "$sandbox/rotator.yaml" run)
  goal "CPU of a run : the same by $against" "$(ratio "$(field cpu_ms "$idle")" "$(field cpu_ms "$before")")" 1.05
fi
strace -f -qq -e trace=network -o "$work/trace" "$rotator" --config "$sandbox/rotator.yaml" run
goal "sockets opened by a run" "$(grep -c 'socket(' "$work/trace" || true)" 0

echo
echo "== where the round trips go (50 ms added to every request)"
sandbox_control POST latency '{"ms": 50}' >/dev/null
# Requests that cannot have been under way together, each ending 50 ms after it came: the longest chain. Those that wait for one another
# are never less apart than that; those that go side by side are more apart when the machine was busy between them. So the least of
# several runs is nearest to what it is, and the wall, which a busy machine stretches as well, is their median.
serial=999 walls=()
for ((run = 0; run < (times + 3) / 4; run++)); do
  before=$(last_request)
  began=$(date +%s%N)
  rotator_ rotate bench --wait=retired >/dev/null
  walls+=($((($(date +%s%N) - began) / 1000000)))
  requests_since "$before" >"$work/requests.json"
  chain=$(jq '[.[].time_ms] | sort | reduce .[] as $t ({n: 0, end: -1}; if $t >= .end then {n: (.n + 1), end: ($t + 50)} else . end) | .n' "$work/requests.json")
  [ "$chain" -gt "$serial" ] || serial=$chain
done
wall=$(jq -n '$ARGS.positional | map(tonumber) | sort | .[length / 2 | floor]' --args "${walls[@]}")
echo "a rotation: $(jq length "$work/requests.json") requests, $connections, $serial round trips one after the other"
jq -r '
  def kind: .path |= sub("\\?.*"; "") |
    if .path | endswith("/logs/v1/singles") then "proof: test logs, and forged tokens that must be refused"
    elif .path == "/identity/token" then "tokens: one of the management key, the others of proofs"
    elif .method == "GET" and (.path | startswith("/v1/apikeys")) then "looks at the keys in IAM, one before a decision"
    elif .method == "GET" then "other looks" else "effects: create, enable, disable, delete" end;
  group_by(kind)[] | "  \(length)\t\(.[0] | kind)"' "$work/requests.json"
cat <<'TEXT'
Looks that are left stand before what cannot be taken back (rule 13 of the protocol). Proofs and effects are what the protocol is
about; each exchange of a proof is on a connection of its own, so that every replica behind IAM's address has a say. The tokens of a
proof that need not be spread go side by side, and then its logs (section 5).
TEXT
goal "requests of a rotation" "$(jq length "$work/requests.json")" 28
goal "round trips one after the other" "$serial" 20
goal "wall : round trips x 50 ms" "$(ratio "$wall" $((serial * 50)))" 1.2 "$wall ms, the median of ${#walls[@]} runs"
against_older 0.5 "wall of a rotation" wall_ms $(((times + 3) / 4))
sandbox_control POST latency '{"ms": 0}' >/dev/null

echo
echo "== a key that leaked, with the waits of the default policy"
sandbox_config bench <<<'grace: 24h'
before=$(last_request)
began=$(date +%s%3N)
rotator_ rotate bench --compromised --wait=retired >/dev/null
ended=$(requests_since "$before" | jq '[.[] | select(.method == "POST" and (.path | endswith("/disable")))][0].time_ms')
goal "the old key is disabled after, s" "$(ratio $((ended - began)) 1000)" 12

echo
jobs=8
echo "== $targets targets are due, $jobs jobs, 50 ms added to every request"
# due_fleet PROGRAM: a world with $targets Service IDs with Sender and one key each, made two hours ago; ours adopts the keys, and
# PROGRAM finds them due. Sets fleet (what it cost), requests and rotated.
due_fleet() {
  world
  sandbox_control POST clock '{"offset_s": -7200}' >/dev/null
  mkdir -p "$work/seed"
  jq -n --argjson n "$targets" --arg guid "$sandbox_instance" '
    [range($n) | {id: ("ServiceId-bbbbbbbb-0000-4000-8000-" + ("000000000000" + tostring)[-12:]), name: "agent-\(.)"}] as $ids |
    {service_ids: [$ids[] | . + {apikeys: [{name: "first"}]}], roles: [$ids[] | {identity: .id, role: "Sender", instance: $guid}]}' >"$work/seed/seed.json"
  curl -sS --fail-with-body --noproxy '*' --data "@$work/seed/seed.json" "$sandbox_http/_control/seed" >"$work/seed/made.json"
  sandbox_control POST clock '{"offset_s": 0}' >/dev/null
  {
    printf 'version: 1\nmanagement: {file: %s/management.key}\nstate_dir: %s/state\nhost_id: bench\nca_file: %s/emulator/ca.pem\n' "$sandbox" "$sandbox" "$sandbox"
    printf 'defaults:\n  rotate_every: 1h\n  rotate_jitter: 0s\n  max_age: 1d\n  grace: 0s\n  quarantine: 0s\n  proof: {count: 3, span: 0s, absence_apart: 0s, propagation: 0s}\n'
    printf '  endpoints: {iam: "%s", ingress: "%s/instances/{guid}"}\ntargets:\n' "$sandbox_https" "$sandbox_https"
    jq -r --arg a "$sandbox_account" --arg g "$sandbox_instance" --arg d "$sandbox/keys" '.service_ids[] |
      "  - {name: \(.name), instance: \"crn:v1:bluemix:public:logs:eu-de:a/\($a):\($g)::\", service_id: \(.id), sinks: [{file: {path: \($d)/\(.name).key}}]}"' "$work/seed/made.json"
  } >"$sandbox/rotator.yaml"
  (umask 077 && jq -r --arg d "$sandbox/keys" '.service_ids[] | "\($d)/\(.name).key \(.apikeys[0].apikey)"' "$work/seed/made.json" |
    while read -r file value; do printf '%s\n' "$value" >"$file"; done)
  rotator_ run --jobs 32 >/dev/null
  sandbox_control POST latency '{"ms": 50}' >/dev/null
  before=$(last_request)
  fleet=$(measure 1 "$1" --config "$sandbox/rotator.yaml" run --jobs $jobs)
  requests_since "$before" >"$work/requests.json"
  requests=$(jq length "$work/requests.json")
  rotated=$(sandbox_control GET keys | jq '[.keys[] | select(.deleted and .name == "first")] | length')
}
due_fleet "$rotator"
echo "$rotated of $targets rotated, $requests requests; $(field wall_ms "$fleet") ms wall, $(field cpu_ms "$fleet") ms CPU, peak $(field rss_kib "$fleet") KiB"
[ "$rotated" = "$targets" ] || { echo "not all were rotated"; missed=1; }
goal "wall : requests x 50 ms / jobs" "$(ratio "$(field wall_ms "$fleet")" "$(awk -v r="$requests" -v j=$jobs 'BEGIN { print r * 50 / j }')")" 1.2
if [ -n "$older" ]; then
  mine=$fleet
  due_fleet "$older"
  [ "$rotated" = "$targets" ] || { echo "not all were rotated by $against"; missed=1; }
  goal "$targets due targets, wall : the same by $against" "$(ratio "$(field wall_ms "$mine")" "$(field wall_ms "$fleet")")" 0.6 \
    "$(field wall_ms "$mine") ms : $(field wall_ms "$fleet") ms"
fi

echo
# shellcheck source=tests/bench/fleet.sh
. "$here/fleet.sh"

[ $quick = 0 ] || exit 0
exit $missed
