#!/usr/bin/env bash
# More targets than are held in memory at once: nothing is lost, mixed up or told twice on the way.
. "$(dirname "$0")/lib.sh"
start_emulator
fleet=300

# Service IDs of their own with Sender and a key each, in one file, which the first run adopts.
id_of() { printf 'ServiceId-bbbbbbbb-0000-4000-8000-%012d' "$1"; }
jq -n --argjson n $fleet --arg guid "$guid" '
  [range($n) | "ServiceId-bbbbbbbb-0000-4000-8000-" + ("000000000000" + tostring)[-12:]] as $ids |
  {service_ids: [$ids[] | {id: ., name: ., apikeys: [{name: "first"}]}],
   roles: [$ids[] | {identity: ., role: "Sender", instance: $guid}]}' >"$T/seed.json"
curl -sS --fail-with-body "$http/_control/seed" -d "@$T/seed.json" >"$T/made.json" || fail "seed"
n=0
while read -r value; do
  (umask 077 && printf 'IAM_API_KEY=%s\n' "$value" >"$T/sinks/agent-$n.env")
  n=$((n + 1))
done < <(jq -r '.service_ids[].apikeys[0].apikey' "$T/made.json")
[ $n = $fleet ] || fail "$n keys were made"
{
  head_of_config "probe_every: 0s"
  for ((i = fleet - 1; i >= 0; i--)); do target "agent-$i" "$(id_of $i)"; done
} >"$config"
# The keys' values stand in files that no_secrets would look into one by one.
no_secrets() { :; }
names() { for ((i = 0; i < fleet; i++)); do echo "agent-$i"; done; }

run 0 run --json
json '.command == "run" and .exit == 0 and ([.targets[] | select(.changed and .phase == "idle")] | length) == '$fleet
[ "$(jq -r '.targets[].target' "$T/out")" = "$(names | tac)" ] || fail "not each target once, in the order of the file"
adopted=$SECONDS
passed "a run over a fleet"

seen=$(requests_seen)
run 0 run
silent
[ "$(requests_seen)" = "$seen" ] || fail "a run with nothing due asked somebody"
passed "a fleet at rest: silent, and nobody is asked"

run 0 status
[ "$(sed -n '2,$s/ .*//p' "$T/out")" = "$(names | LC_ALL=C sort)" ] || fail "not each target once, by name"
[ "$(awk 'NR > 1 { print index($0, "at rest") }' "$T/out" | sort -u | wc -l)" = 1 ] || fail "the columns are not straight"
run 0 status --json
[ "$(jq -r '.targets[].target' "$T/out")" = "$(names | LC_ALL=C sort)" ] || fail "not each target once, by name"
json '.rotator == 1 and .command == "status" and .exit == 0 and ([.targets[] | select(.phase == "idle" and .keys.current.adopted)] | length) == '$fleet
run 0 status agent-7 agent-3 --json
json '[.targets[].target] == ["agent-7", "agent-3"]'
passed "the status of a fleet, by name"

for ((i = 0; i < 3; i++)); do
  run 0 status --json --shard=$i/3
  jq -r '.targets[].target' "$T/out" >"$T/share-$i"
  [ "$(wc -l <"$T/share-$i")" -gt $((fleet / 5)) ] || fail "share $i of 3 has $(wc -l <"$T/share-$i") targets"
done
[ "$(sort "$T"/share-?)" = "$(names | sort)" ] || fail "not each target in one share"
run 0 run --shard=2/3
silent
run 2 run --shard=3/3
err_has 'the last of 3 is 2/3'
run 0 status --shard=0/99999
passed "shares of a fleet: each target in one of them, and an empty share is fine"

rm "$T/sinks/agent-5.env"
echo 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456' >"$T/sinks/agent-290.env"
chmod 600 "$T/sinks/agent-290.env"
run 4 run --json
json '.exit == 4 and ([.targets[] | select(.exit != 0) | .target] | index("agent-290") != null) and (.targets | length) == '$fleet
[ "$(grep -c '^next: ' "$T/err")" -le 2 ] || fail "more is told than what is wrong"
[ -s "$T/sinks/agent-5.env" ] || fail "a lost file was not written again"
err_has '^agent-290: '
passed "what is wrong with one is told once"

# Many at once: the first ten in full, the others in a line each, and one line over all.
for ((i = 100; i < 114; i++)); do
  echo 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456' >"$T/sinks/agent-$i.env"
done
run 4 run
bad=15 # with the one from before
[ "$(grep -c '^next: ' "$T/err")" = 10 ] || fail "$(grep -c '^next: ' "$T/err") told in full"
[ "$(grep -Ec '^agent-[0-9]+: Not known .*foreign: .*\. next: .* repair agent-[0-9]+$' "$T/err")" = $((bad - 10)) ] || fail "not a line for each of the others"
[ "$(tail -n 1 "$T/err")" = "rotator: $fleet targets: nothing to report of $((fleet - bad)), $bad may have no working key" ] || fail "no line over all"
run 4 run --log-format json
[ "$(jq -c 'select(.level == "error")' "$T/err" | wc -l)" = $bad ] || fail "not one error for each"
passed "many that are not well"

# Somebody watches. (Each exchange takes long enough for there to be an estimate; and what was adopted ten seconds ago is due.)
few=26 bad=14
{
  head_of_config "probe_every: 0s" "rotate_every: 10s"
  for ((i = 99 + few; i >= 100; i--)); do target "agent-$i" "$(id_of $i)"; done
} >"$config"
fault '{"match":{"path":"/identity/token"},"effect":{"delay_ms":200}}'
while ((SECONDS < adopted + 11)); do sleep 0.5; done
script -qec "rotator -c $config run --jobs 2" /dev/null </dev/null >"$T/out" 2>&1
no_faults
tr '\r' '\n' <"$T/out" >"$T/lines"
grep -Eq "[0-9]+ of $few targets, [0-9]+ rotated, about [0-9]+s left" "$T/lines" || fail "no counts on the terminal: $(head -c 2000 "$T/lines")"
if grep -q 'agent-120: created' "$T/lines"; then fail "each step of a fleet is shown"; fi
grep -q "$few targets: nothing to report of $((few - bad)), $bad may have no working key; $((few - bad)) rotated, $((few - bad)) old keys deleted" "$T/lines" ||
  fail "no line over all: $(grep 'targets:' "$T/lines")"
passed "a fleet on a terminal: counts, and how long it may take"
