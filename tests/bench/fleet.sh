# shellcheck shell=bash disable=SC2154
# What a fleet costs: sourced by run.sh, after whose sections these come. $many targets, and $some of them, in one state directory.

# fleet_world N: a world with N service IDs with Sender and a key each, in whose sinks these keys stand, and configurations in
# folders: one/ is one file of all, many/ has them in files of targets.d that any version reads, some/ has the first $some.
fleet_world() {
  local n=$1 at
  world
  mkdir -p "$work/seed" "$sandbox/one" "$sandbox/some" "$sandbox/many/targets.d"
  : >"$work/seed/made"
  for ((at = 0; at < n; at += 1000)); do
    jq -n --argjson from $at --argjson to $((at + 1000 < n ? at + 1000 : n)) --arg guid "$sandbox_instance" '
      [range($from; $to) | {id: ("ServiceId-bbbbbbbb-0000-4000-8000-" + ("000000000000" + tostring)[-12:]), name: "agent-\(.)"}] as $ids |
      {service_ids: [$ids[] | . + {apikeys: [{name: "first"}]}], roles: [$ids[] | {identity: .id, role: "Sender", instance: $guid}]}' \
      >"$work/seed/seed.json"
    curl -sS --fail-with-body --noproxy '*' --data "@$work/seed/seed.json" "$sandbox_http/_control/seed" |
      jq -r '.service_ids[] | "\(.name) \(.id) \(.apikeys[-1].apikey)"' >>"$work/seed/made"
  done
  (umask 077 && while read -r name _ value; do printf '%s\n' "$value" >"$sandbox/keys/$name.key"; done <"$work/seed/made")
  {
    printf 'version: 1\nmanagement: {file: %s/management.key}\nstate_dir: %s/state\nhost_id: bench\nca_file: %s/emulator/ca.pem\n' \
      "$sandbox" "$sandbox" "$sandbox"
    printf 'defaults:\n  rotate_every: 30d\n  rotate_jitter: 0s\n  grace: 0s\n  quarantine: 0s\n'
    printf '  proof: {count: 3, span: 0s, absence_apart: 0s, propagation: 0s}\n'
    printf '  endpoints: {iam: "%s", ingress: "%s/instances/{guid}"}\n' "$sandbox_https" "$sandbox_https"
  } >"$sandbox/many/rotator.yaml"
  while read -r name id _; do
    printf '  - {name: %s, instance: "crn:v1:bluemix:public:logs:eu-de:a/%s:%s::", service_id: %s, sinks: [{file: {path: %s/keys/%s.key}}]}\n' \
      "$name" "$sandbox_account" "$sandbox_instance" "$id" "$sandbox" "$name"
  done <"$work/seed/made" >"$work/seed/entries"
  { cat "$sandbox/many/rotator.yaml" && echo targets: && cat "$work/seed/entries"; } >"$sandbox/one/rotator.yaml"
  { cat "$sandbox/many/rotator.yaml" && echo targets: && head -n "$some" "$work/seed/entries"; } >"$sandbox/some/rotator.yaml"
  split -l 1000 --additional-suffix=.yaml "$work/seed/entries" "$sandbox/many/targets.d/"
  sed -i '1i targets:' "$sandbox"/many/targets.d/*.yaml
}

# Of each target: CPU of adopting N of them, and of rotating the first $some in a directory with the files of N.
fleet_cost() {
  local n=$1 result names
  fleet_world "$n"
  result=$(measure 1 "$rotator" --config "$sandbox/one/rotator.yaml" run)
  adopt=$(ratio "$(field cpu_ms "$result")" "$n")
  mapfile -t names < <(head -n "$some" "$work/seed/made" | cut -d' ' -f1)
  result=$(measure 1 "$rotator" --config "$sandbox/some/rotator.yaml" rotate "${names[@]}" --wait=retired)
  rotate=$(ratio "$(field cpu_ms "$result")" "$some")
}

echo "== a fleet of $many in one state directory, and of $some"
fleet_cost "$some"
adopt_some=$adopt rotate_some=$rotate
fleet_cost "$many"
goal "CPU a target, adopt: $many : $some" "$(ratio "$adopt" "$adopt_some")" 1.15 "$adopt ms : $adopt_some ms"
goal "CPU a target, rotate: $many : $some" "$(ratio "$rotate" "$rotate_some")" 1.15 "$rotate ms : $rotate_some ms"

# mib NAME RESULT LIMIT
mib() { goal "$1, peak MiB" "$(ratio "$(field rss_kib "$2")" 1024)" "$3"; }
one_() { measure "$fleet_times" "$rotator" --config "$sandbox/one/rotator.yaml" "$@"; }
fleet_times=5
[ "$quick" = 0 ] || fleet_times=2
measure 1 "$rotator" --config "$sandbox/one/rotator.yaml" run >/dev/null # proves what was adopted
result=$(one_ run) # the first of them reads all, and writes the index of what rests
mib "run at rest, one file of $many" "$result" 48
if [ -n "$older" ]; then
  { read -r result; read -r before; } < <(measure "$fleet_times" "$rotator" --config "$sandbox/many/rotator.yaml" run -- \
    "$older" --config "$sandbox/many/rotator.yaml" run)
  goal "run at rest, CPU : the same by $against" "$(ratio "$(field cpu_ms "$result")" "$(field cpu_ms "$before")")" 0.5 \
    "$(field cpu_ms "$result") ms : $(field cpu_ms "$before") ms, peak $(field rss_kib "$before") KiB"
fi
mib "status" "$(one_ status)" 64
mib "status --json" "$(one_ status --json)" 64
result=$(one_ --generate=targets)
goal "one file of $many is read in, s of CPU" "$(ratio "$(field cpu_ms "$result")" 1000)" 1 "$(stat -c %s "$sandbox/one/rotator.yaml") bytes"
