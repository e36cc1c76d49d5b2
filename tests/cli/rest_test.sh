#!/usr/bin/env bash
# A fleet at rest: what nobody has changed is not read again, and whatever is changed is seen by the next run, as ever.
. "$(dirname "$0")/lib.sh"
start_emulator
fleet=140

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
  for ((i = 0; i < fleet; i++)); do target "agent-$i" "$(printf 'ServiceId-bbbbbbbb-0000-4000-8000-%012d' $i)"; done
} >"$config"
# The keys' values stand in files that no_secrets would look into one by one.
no_secrets() { :; }
index=$T/state/rest.index

# stood NUMBER [ARGUMENTS…]: the next run reads nothing of so many targets. Nothing else is said of any.
stood() {
  local want=$1 n
  shift
  run 0 run -v "$@"
  n=$(grep -c 'none of its files has changed since it was read' "$T/err")
  [ "$n" = "$want" ] || fail "$n targets were not read, wanted $want"
}
# All at rest, nothing younger than two seconds, and known to the index.
settle_all() {
  sleep 2.1
  run 0 run
  silent
  stood $fleet
}
ended() { stat -c %Y "$T/state/agent-$1.run"; }

run 0 run # adopts
stood 0   # what was written a moment ago may be written once more in the same tick of a clock
settle_all
[ "$(stat -c %a "$index")" = 600 ] || fail "the index has mode $(stat -c %a "$index")"
jq -r '.service_ids[].apikeys[0].apikey' "$T/made.json" >"$T/values"
if grep -qaFf "$T/values" "$index"; then fail "a key's value is in the index"; fi
seen=$(requests_seen)
before=$(ended 3)
sleep 1.1
run 0 run
silent
[ "$(requests_seen)" = "$seen" ] || fail "somebody was asked"
[ "$(ended 3)" -gt "$before" ] || fail "when the last run of agent-3 ended is not kept"
run 0 status agent-3 --json
json '.targets[0].phase == "idle" and .exit == 0'
passed "a fleet at rest is not read again, and each target's run has an end"

# --- a sink that is changed ---

good=$(cat "$T/sinks/agent-5.env")
other='IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456'
printf '%s\n' "${other:0:${#good}}" >"$T/same"
[ "$(stat -c %s "$T/same")" = "$(stat -c %s "$T/sinks/agent-5.env")" ] || fail "not of the same size"
touch -r "$T/sinks/agent-5.env" "$T/time"
cat "$T/same" >"$T/sinks/agent-5.env"
touch -r "$T/time" "$T/sinks/agent-5.env"
run 4 run
err_has '^agent-5: '
run 4 run # and it is told each time
err_has '^agent-5: '
printf '%s\n' "$good" >"$T/sinks/agent-5.env"
settle_all
passed "written in place, of the same size, with its time set back: told, each time"

rm "$T/sinks/agent-6.env"
run 0 run
[ "$(sink_value agent-6)" = "$(sed -n 7p "$T/values")" ] || fail "a sink that was removed was not written again"
settle_all
: >"$T/sinks/agent-6.env"
run 0 run
[ "$(sink_value agent-6)" = "$(sed -n 7p "$T/values")" ] || fail "a sink that was emptied was not written again"
settle_all
passed "removed, emptied: healed by the next run"

cp -p "$T/sinks/agent-7.env" "$T/sinks/.new" && mv "$T/sinks/.new" "$T/sinks/agent-7.env"
chmod 0640 "$T/sinks/agent-8.env"
stood $((fleet - 2))
settle_all
mv "$T/sinks/agent-9.env" "$T/sinks/there" && ln -s there "$T/sinks/agent-9.env"
run 3 run
err_has 'agent-9.env: is a symbolic link'
rm "$T/sinks/agent-9.env" && mv "$T/sinks/there" "$T/sinks/agent-9.env"
settle_all
passed "replaced by the same, another mode, a link: read"

mv "$T/sinks" "$T/moved"
run 3 run
err_has "$fleet want a person"
mv "$T/moved" "$T/sinks"
settle_all
chmod 0777 "$T/sinks"
run 3 run
chmod 0700 "$T/sinks"
settle_all
passed "the directory moved away, or opened to all: told"

# --- the state, and what other commands leave ---

run 0 hold agent-10 --reason test
stood $((fleet - 1))
run 0 resume agent-10
settle_all
state=$(grep -l '0000-4000-8000-000000000011"' "$T"/state/*.state | head -n 1)
cp -p "$state" "$T/state.kept"
printf x >>"$state"
run 3 run
err_has '^agent-11: '
cat "$T/state.kept" >"$state"
settle_all
look_again agent-12
seen=$(requests_seen)
stood $((fleet - 1))
[ "$(requests_seen)" -gt "$seen" ] || fail "a look that is due was not made"
settle_all
lock=${state%.state}.lock
exec 9>"$lock"
flock 9
stood $((fleet - 1))
exec 9>&-
stood $fleet
passed "another state, another record, a run that is at work: read"

# --- an index that is not to be believed ---

head -c 200 "$index" >"$T/cut" && cat "$T/cut" >"$index"
stood 0
stood $fleet
head -c 5000 /dev/urandom >"$index"
stood 0
stood $fleet
rm "$index"
stood 0
stood $fleet
echo '# a remark' >>"$config"
stood 0
stood $fleet
cp "$ROTATOR" "$T/another" && ln -sf "$T/another" "$T/bin/rotator" # of the same version, and another build perhaps
stood 0
stood $fleet
ln -sf "$ROTATOR" "$T/bin/rotator"
stood 0
stood $fleet
rm "$index" && mkdir "$index"
run 0 run
silent
stood 0
rmdir "$index"
stood 0
stood $fleet
passed "cut off, damaged, gone, of another configuration or program, not to be written: all is read"

run 0 run --json
json '.exit == 0 and (.targets | length) == '$fleet
run 0 run agent-1 agent-2
silent
run 0 run --dry-run
stood $fleet
shares=0
for share in 0/2 1/2; do
  run 0 run -v --shard $share
  n=$(grep -c 'none of its files has changed since it was read' "$T/err")
  [ "$n" -gt 40 ] || fail "$n of share $share stood"
  shares=$((shares + n))
done
[ $shares = $fleet ] || fail "$shares stood in two shares"
stood $fleet
passed "shares have one index, and what needs more is read"

# --- what systemd says ---

# A systemctl that knows of a path unit that has failed; in a mount namespace of its own, with a systemd that seems to run.
cat >"$T/systemctl" <<END
#!/bin/sh
printf 'Triggers=a.service\nPaths=%s (PathChanged)\nResult=trigger-limit-hit\nId=a.path\nActiveState=failed\n' '$T/sinks/agent-13.env'
END
chmod 755 "$T/systemctl"
with_systemd() {
  unshare -m sh -c 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && mount --bind "$1" /usr/bin/systemctl && shift && exec "$@"' \
    sh "$T/systemctl" "$@"
}
if [ -e /usr/bin/systemctl ] && with_systemd true 2>/dev/null; then
  for _ in 1 2; do
    with_systemd rotator -c "$config" run >"$T/out" 2>"$T/err" </dev/null
    status=$?
    [ $status = 3 ] || fail "status $status"
    err_has '^agent-13: .*working key'
    err_has 'a.path has failed'
    err_has "nothing to report of $((fleet - 1)), 1 want a person"
  done
  stood $((fleet - 1))
  passed "a path unit that failed is told, each time"
fi

# --- time ---

if [ -n "$faketime" ]; then
  seen=$(requests_seen)
  at +50m run 0 run
  [ "$(requests_seen)" = "$seen" ] || fail "a look was made before it is due"
  at +70m run 0 run
  [ "$(requests_seen)" -ge $((seen + fleet)) ] || fail "looks that are due were not made"
  passed "past the time of the next look, all are looked at"
fi

# --- figures ---

sed -i "1a metrics_file: $T/fleet.prom\nmetrics_targets: all" "$config"
run 0 run # as ever
sleep 2.1
run 0 run
cp "$T/fleet.prom" "$T/read.prom"
stood $fleet
# What differs from run to run is left out.
same() { grep -Ev '^rotator_(run_timestamp|run_duration|target_run_timestamp)' "$1"; }
[ "$(same "$T/read.prom")" = "$(same "$T/fleet.prom")" ] || fail "other figures: $(diff <(same "$T/read.prom") <(same "$T/fleet.prom") | head)"
[ "$(grep -c '^rotator_target_run_timestamp_seconds' "$T/fleet.prom")" = $fleet ] || fail "not each target's run has a time"
passed "the figures of what was not read are those of what was"
