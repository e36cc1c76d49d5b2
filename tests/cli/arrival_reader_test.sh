#!/usr/bin/env bash
# Proof of arrival: who looks for the test logs. Too many queries; verify --arrival by hand; a reader without rights, or who is the sender.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/arrival.sh"
arrival_config 'within: 2s, required: true'
run 0 init prod

# --- too many queries ---
setting '{"query_per_minute": 1}'
later 61
asked_anew
run 0 verify --arrival prod
for in_stream in false true; do
  setting "{\"query_limit_in_stream\": $in_stream}"
  asked_anew
  run 75 verify --arrival prod
  err_has 'throttled|429|rate_limit_reached'
done
setting '{"query_per_minute": 10, "query_limit_in_stream": false}'
passed "too many queries are not known, in the answer and in the stream"

# --- by hand, and the pace that all on this host share ---
later 61
asked_anew
run 0 verify --arrival prod
out_has '^  file: working, proven .*; its test log was found$'
run 75 verify --arrival prod --json # asked again at once: put off, and its time is over
json '.targets[0] | .working == "yes" and .arrival == "not_found" and .exit == 75'
asked_anew
run 0 verify --arrival prod --json
json '.targets[0] | .arrival == "found" and .exit == 0'
run 0 verify prod --json
json '.targets[0].arrival == null'
passed "verify --arrival says whether logs arrive"

# --- a reader without rights: told with the command that grants them, and no matter of the key ---
control POST hand "{\"identity\":\"$reader_id\",\"do\":\"revoke\",\"role\":\"Reader\"}" >/dev/null
grant="ibmcloud iam service-policy-create $reader_id --service-name logs --roles Reader --service-instance $guid"
asked_anew
run 3 verify --arrival prod
err_has "$grant"
error_is_whole
asked_anew
run 3 check prod
out_has "^FAIL .*reader .*$grant"
arrival_config 'within: 2s'
asked_anew
before=$(sink_value prod)
run 0 rotate prod
err_has 'published all the same: the reader may not look for the test log'
[ "$(sink_value prod)" != "$before" ] || fail "nothing was published"
arrival_config 'within: 2s, required: true'
asked_anew
run 3 rotate prod
err_has "$grant"
phase_is staged
seed "{\"roles\":[{\"identity\":\"$reader_id\",\"role\":\"Reader\",\"instance\":\"$guid\"}]}" >/dev/null
run 0 rollback prod
asked_anew
run 0 check prod
out_has '^ok .*reader .*may look'
passed "a reader without rights is told what it lacks"

# --- the reader is the sender, or its key cannot be read ---
cp "$T/reader.key" "$T/reader.kept"
sink_value prod >"$T/reader.key"
asked_anew
run 3 verify --arrival prod
err_has 'the sender itself'
rm "$T/reader.key"
asked_anew
run 3 verify --arrival prod
err_has 'the reader.s token: .*reader.key'
err_lacks 'management'
error_is_whole
cp "$T/reader.kept" "$T/reader.key"
chmod 600 "$T/reader.key"
simple_config "$(endpoints)" "proof: {arrival: {identity: {file: $T/sinks/prod.env}}}"
run 2 verify --arrival prod
err_has 'the key in it is the sender'
passed "the sender is no reader"

# --- a reader without a right of its own, who becomes a trusted profile that may read ---
profile=Profile-bbbbbbbb-0000-4000-8000-000000000001
control POST hand "{\"identity\":\"$reader_id\",\"do\":\"revoke\",\"role\":\"Reader\"}" >/dev/null
seed "{\"profiles\":[{\"id\":\"$profile\",\"account\":\"$account\",\"name\":\"readers\",\"cr_tokens\":[],\"assumed_by\":[\"$reader_id\"]}]}" >/dev/null
simple_config "$(endpoints)" \
  "proof: {count: 2, span: 0s, absence_apart: 0s, arrival: {identity: {file: $T/reader.key, assume: {id: $profile}}, within: 2s}}"
asked_anew
run 3 verify --arrival prod
err_has "ibmcloud iam trusted-profile-policy-create $profile --service-name logs --roles Reader --service-instance $guid"
seed "{\"roles\":[{\"identity\":\"$profile\",\"role\":\"Reader\",\"instance\":\"$guid\"}]}" >/dev/null
asked_anew
run 0 verify --arrival prod
passed "the reader is told as management is, a trusted profile too"
