#!/usr/bin/env bash
# The file of metrics: what stands in it, that Prometheus' own checker has nothing against it, and what becomes of a run whose file
# cannot be written.
here=$(cd "$(dirname "$0")" && pwd)
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
# shellcheck source=tests/metrics/get.sh
. "$here/get.sh"
prometheus_get || { echo "SKIP: no Prometheus"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$here/../cli/lib.sh"
start_emulator
mkdir "$T/prom"
file=$T/prom/rotator.prom

# config_with FILE [LINE…]: prod and lost, with metrics.
config_with() {
  { head_of_config | sed "1a metrics_file: $1"; target prod; target lost "$management_id"; } >"$config"
  shift
  [ $# -eq 0 ] || sed -i "1a $1" "$config"
}
# figure NAME{LABELS}: the value.
figure() { awk -v n="$1" '$1 == n { print $2 }' "$file"; }
is() { [ "$(figure "$1")" = "$2" ] || fail "$1 is '$(figure "$1")', wanted $2"; }
recent() { local v; v=$(figure "$1"); [ -n "$v" ] && [ $(($(date +%s) - v)) -lt 300 ] || fail "$1 is '$v', not a moment ago"; }

config_with "$file"
run 0 init prod
[ ! -e "$file" ] || fail "a command that is no run wrote metrics"
run 4 run
[ "$(stat -c %a "$file")" = 644 ] || fail "mode $(stat -c %a "$file")"
"$promtool" check metrics <"$file" >"$T/out" 2>&1 || fail "promtool check metrics"
[ ! -s "$T/out" ] || fail "promtool has something to say"
is 'rotator_target_working{target="prod"}' 1
is 'rotator_target_exit_status{target="prod"}' 0
is 'rotator_target_exit_status{target="lost"}' 4
is 'rotator_target_old_key_used{target="prod"}' 0
recent 'rotator_target_key_since_timestamp_seconds{target="prod"}'
recent 'rotator_target_proven_timestamp_seconds{target="prod"}'
recent 'rotator_target_run_timestamp_seconds{target="prod"}'
recent 'rotator_target_phase_since_timestamp_seconds{target="prod",phase="idle"}'
recent rotator_run_timestamp_seconds
due=$(figure 'rotator_target_due_timestamp_seconds{target="prod"}')
[ $((due - $(date +%s))) -gt $((29 * 86400)) ] || fail "due at $due"
is 'rotator_targets{working="yes"}' 1
is 'rotator_targets_by_exit_status{status="4"}' 1
is rotator_targets_unusable 0
is rotator_run_exit_status 4
for name in management.key sinks/prod.env; do
  value=$(sed 's/^IAM_API_KEY=//; /^#/d' "$T/$name")
  ! grep -qF -- "$value" "$file" || fail "a key's value is in the metrics"
done
passed "what stands in the file"

simple_config
sed -i "1a metrics_file: $file" "$config"
run 0 run
before=$(requests_seen)
look_again prod
run 0 run
is 'rotator_target_run_requests{target="prod"}' $(($(requests_seen) - before))
fault '{"match":{"path":"/identity/token"},"effect":{"status":503}}'
look_again prod
run 0 run --patience 0s
no_faults
run 0 run
is 'rotator_run_failures{kind="unsent"}' 0
passed "requests are counted"

printf 'metrics_targets: unwell\n' >>"$config"
run 0 run
is 'rotator_target_working{target="prod"}' ''
is rotator_targets_without_series 1
is 'rotator_targets{working="yes"}' 1
"$promtool" check metrics <"$file" >"$T/out" 2>&1 || fail "promtool check metrics"
run 0 hold prod
sed -i 's/rotate_every: 30d/rotate_every: 1s/' "$config"
sleep 2
run 0 run
is rotator_targets_overdue 1
is 'rotator_target_working{target="prod"}' 1
run 0 resume prod
passed "only targets that are not well"

# --- shares of the fleet: a file each ---
fleet=$T/fleet/rotator.prom
mkdir "$T/fleet"
{ head_of_config | sed "1a metrics_file: $fleet"; for i in $(seq 12); do target "t$i" "name-$i"; done; } >"$config"
one_share() { rotator -c "$config" run --shard="$1" >"$T/out" 2>"$T/err" </dev/null; echo $?; }
# shards N: a run of each share; none of these targets was set up.
shards() {
  local i
  for i in $(seq 0 $(($1 - 1))); do [ "$(one_share "$i/$1")" = 3 ] || fail "share $i/$1"; done
}
files() { (cd "$T/fleet" && echo *); }
# Each target is counted once, no series stands in two files, and Prometheus' checker has nothing against any of them.
counted_once() {
  local of=$1 file
  [ "$(cat "$T"/fleet/*.prom | awk '/^rotator_targets\{/ { n += $2 } END { print n }')" = 12 ] || fail "$of: $(grep -h '^rotator_targets{' "$T"/fleet/*.prom)"
  [ "$(cat "$T"/fleet/*.prom | grep -c '^rotator_target_working{')" = 12 ] || fail "$of: a target stands in two files"
  [ -z "$(cat "$T"/fleet/*.prom | sed '/^#/d; s/ [^ ]*$//' | sort | uniq -d)" ] || fail "$of: a series stands in two files"
  for file in "$T"/fleet/*.prom; do
    "$promtool" check metrics <"$file" >"$T/out" 2>&1 || fail "$of: promtool check metrics"
    [ ! -s "$T/out" ] || fail "$of: promtool has something to say"
  done
}
touch "$T/fleet/other.prom" "$T/fleet/rotator.shard-x.prom" "$T/fleet/rotator.shard-7.txt" "$T/fleet/other.shard-9.prom"
run 3 run
mv "$T"/fleet/other* "$T/fleet/rotator.shard-x.prom" "$T/fleet/rotator.shard-7.txt" "$T" || fail "files of others were removed"
[ "$(files)" = rotator.prom ] || fail "one run left $(files)"
counted_once "one run"
! grep -q shard "$fleet" || fail "a run over all is called a share"
shards 4
[ "$(files)" = 'rotator.shard-0.prom rotator.shard-1.prom rotator.shard-2.prom rotator.shard-3.prom' ] || fail "four shares left $(files)"
counted_once "four shares"
for i in 0 1 2 3; do
  [ "$(sed '/^#/d' "$T/fleet/rotator.shard-$i.prom" | grep -cv "shard=\"$i/4\"[,}]")" = 0 ] || fail "series without their share: $i"
  grep -q "^rotator_run_timestamp_seconds{shard=\"$i/4\"} " "$T/fleet/rotator.shard-$i.prom" || fail "share $i does not say when it ran"
done
run 3 run t1 t2
[ "$(one_share 1/4)" = 3 ] || fail "share 1/4" # one share again leaves the others' alone
counted_once "a share again"
shards 2
[ "$(files)" = 'rotator.shard-0.prom rotator.shard-1.prom' ] || fail "two shares left $(files)"
counted_once "two shares"
shards 3
counted_once "three shares"
run 3 run
[ "$(files)" = rotator.prom ] || fail "one run after shares left $(files)"
counted_once "one run again"
mkdir "$T/fleet/rotator.shard-5.prom"
run 3 run
err_has 'metrics of targets may be counted twice: rotator.shard-5.prom, of another division of the fleet, was not removed'
rmdir "$T/fleet/rotator.shard-5.prom"
simple_config
passed "each share of the fleet has a file of its own"

# Whatever becomes of the file: the run's own answer stands, and the trouble is said.
trouble() {
  run 0 run
  err_has 'the metrics were not written'
  err_has "$1"
}
simple_config
sed -i "1a metrics_file: $T/prom/link.prom" "$config"
echo untouched >"$T/elsewhere"
ln -s "$T/elsewhere" "$T/prom/link.prom"
trouble 'is a symbolic link'
[ "$(cat "$T/elsewhere")" = untouched ] || fail "what the link leads to was written"
ln -s prom "$T/prom-link"
sed -i "s|^metrics_file: .*|metrics_file: $T/prom-link/rotator.prom|" "$config"
trouble 'a symbolic link stands in the path'
sed -i "s|^metrics_file: .*|metrics_file: $T/nowhere/rotator.prom|" "$config"
trouble 'No such file or directory'
sed -i "s|^metrics_file: .*|metrics_file: $T/prom|; s|prom\$|prom/dir.prom|" "$config"
mkdir "$T/prom/dir.prom"
trouble 'is a directory'
passed "a path that leads elsewhere or nowhere"

if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
  mkdir "$T/full"
  sed -i "s|^metrics_file: .*|metrics_file: $T/full/rotator.prom|" "$config"
  unshare -m bash -c '
    mount -t tmpfs -o size=16k tmpfs "$1/full" && head -c 1M /dev/zero >"$1/full/fill" 2>/dev/null
    shift; rotator "$@"' - "$T" -c "$config" run >"$T/out" 2>"$T/err"
  status=$?
  [ $status = 0 ] || fail "status $status"
  err_has 'the metrics were not written'
  err_has 'No space left'
  passed "a full disk"
fi

sed -i "s|^metrics_file: .*|metrics_file: $T/sinks/prod.env|" "$config"
run 2 run
err_has 'ends with .prom'
passed "a file that the collector would not read"
