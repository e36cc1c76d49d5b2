# shellcheck shell=bash
# What the tests of proof of arrival share: an emulator with a second identity that may read, and a target whose test logs it looks
# for. Sourced after lib.sh.
# shellcheck disable=SC2154 # variables of lib.sh
start_emulator
reader_id=ServiceId-aaaaaaaa-0000-4000-8000-000000000003
reader_key=cmVhZGVyLWtleS1vZi10aGUtdGVzdHMtMDAwMDAwMDAw
seed "{\"service_ids\":[{\"id\":\"$reader_id\",\"name\":\"logs-reader\",\"apikeys\":[{\"apikey\":\"$reader_key\"}]}],
  \"roles\":[{\"identity\":\"$reader_id\",\"role\":\"Reader\",\"instance\":\"$guid\"}]}" >/dev/null
(umask 077 && printf %s "$reader_key" >"$T/reader.key")

# arrival_config SETTINGS…: prod, whose test logs the reader looks for.
endpoints() { echo "endpoints: {iam: \"$url\", ingress: \"$url/instances/{guid}\", api: \"$url/instances/{guid}\"}"; }
arrival_config() {
  simple_config "$(endpoints)" \
    "proof: {count: 2, span: 0s, absence_apart: 0s, propagation: 0s, arrival: {identity: {file: $T/reader.key}, $1}}"
}
# asked_anew: the instance was not asked a moment ago.
asked_anew() { rm -f "$T"/state/*.queries; }
# later SECONDS: on the service's clock, which is the one that counts.
later() { control POST clock "{\"advance_s\": $1}" >/dev/null; }
queries() { control GET requests | jq '[.requests[] | select(.path | endswith("/v1/query"))] | length'; }
logs() { control GET "logs?instance=$guid" | jq '.logs | length'; }
phase_is() { [ "$(phase)" = "$1" ] || fail "the phase is $(phase), not $1"; }
