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
