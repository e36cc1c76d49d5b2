#!/usr/bin/env bash
# A real Prometheus scrapes a real node_exporter, which reads what runs leave, and fires the alerts that we ship.
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
# shellcheck source=tests/metrics/get.sh
. "$here/get.sh"
prometheus_get || { echo "SKIP: no Prometheus"; exit 77; }
# shellcheck source=tests/cli/lib.sh
. "$here/../cli/lib.sh"

mkdir "$T/rules" "$T/prom" "$T/data"
cp "$top/contrib/prometheus/rotator.rules.yml" "$here/rules_test.yml" "$T/rules"
(cd "$T/rules" && "$promtool" check rules rotator.rules.yml && "$promtool" test rules rules_test.yml) >"$T/out" 2>&1 || fail "promtool"
passed "each rule fires on what it is about, and on nothing else"

# Every metric that dashboard and rules ask for is one that the program writes.
jq -e . "$top/contrib/prometheus/rotator-dashboard.json" >/dev/null || fail "the dashboard is no JSON"
asked=$(grep -oh 'rotator_[a-z_]*' "$top/contrib/prometheus/rotator-dashboard.json" "$top/contrib/prometheus/rotator.rules.yml" | sort -u)
for name in $asked; do
  grep -q "\"$name\"" "$top/rotator/app/report/metrics.c" || fail "$name is asked for and never written"
done
passed "dashboard and rules ask for what is there"

start_emulator
simple_config
sed -i "1a metrics_file: $T/prom/rotator.prom" "$config"
run 0 init prod
run 0 run

pids=()
stop_all() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null; done
  clean_up
}
trap stop_all EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
exporter_port=$(free_port)
"$node_exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory="$T/prom" \
  --web.listen-address="127.0.0.1:$exporter_port" >"$T/exporter.log" 2>&1 &
pids+=($!)
prometheus_port=$(free_port)
cat >"$T/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$T/rules/rotator.rules.yml]
scrape_configs:
  - job_name: node
    static_configs: [{targets: ["127.0.0.1:$exporter_port"]}]
END
"$prometheus" --config.file="$T/prometheus.yml" --storage.tsdb.path="$T/data" --web.listen-address="127.0.0.1:$prometheus_port" \
  --web.console.templates="$T" --web.console.libraries="$T" >"$T/prometheus.log" 2>&1 &
pids+=($!)
ask() { curl -sS --noproxy '*' "http://127.0.0.1:$prometheus_port/api/v1/$1" 2>/dev/null; }
# until FILTER PATH WHAT: waits until the filter is true of what Prometheus answers.
wait_until() {
  for _ in $(seq 240); do
    ask "$2" >"$T/answer" && jq -e "$1" "$T/answer" >/dev/null 2>&1 && return 0
    sleep 0.25
  done
  cat "$T/answer" >"$T/out"
  tail -n 5 "$T/prometheus.log" "$T/exporter.log" >"$T/err"
  fail "Prometheus does not come to see: $3"
}
wait_until '.data.result[0].value[1] == "1"' 'query?query=rotator_target_working%7Btarget%3D%22prod%22%7D' "that prod works"
wait_until '.data.result[0].value[1] == "0"' 'query?query=node_textfile_scrape_error' "that the file can be read"
ask alerts | jq -e '[.data.alerts[] | select(.state == "firing")] | length == 0' >/dev/null || { ask alerts >"$T/out"; fail "an alert without a reason"; }
passed "a fleet that is well: scraped, and no alert"

# The identity loses its Sender role: what consumers send is refused.
fault '{"match":{"path":"*/logs/v1/singles"},"effect":{"status":403}}'
run 4 verify prod
run 4 run
grep -q 'rotator_target_working{target="prod"} -1' "$T/prom/rotator.prom" || fail "the dead key is not in the metrics"
wait_until '[.data.alerts[] | select(.labels.alertname == "RotatorNoWorkingKey" and .labels.target == "prod" and .state == "firing")] | length == 1' \
  alerts "that prod has no working key"
passed "a key that does not work: the alert fires"

no_faults
run 0 verify prod
run 0 run
wait_until '[.data.alerts[] | select(.labels.alertname == "RotatorNoWorkingKey")] | length == 0' alerts "that prod works again"
passed "it works again: the alert ends"
