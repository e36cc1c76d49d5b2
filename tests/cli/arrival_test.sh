#!/usr/bin/env bash
# Proof of arrival: a new key's test log is looked for by a second identity before the key is published. Found, found late, never found;
# required holds back.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/arrival.sh"

# --- off: nobody is asked ---
simple_config
run 0 init prod
run 0 rotate prod
[ "$(queries)" = 0 ] || fail "somebody was asked"
run 2 verify --arrival prod
err_has 'nobody is named who could look for the test log'
usage_is_whole
passed "off by default"

# --- found ---
arrival_config 'within: 2s, required: true'
before=$(sink_value prod)
asked_anew
run 0 rotate prod
[ "$(sink_value prod)" != "$before" ] || fail "nothing was published"
[ "$(queries)" = 1 ] || fail "asked $(queries) times"
tail -n 20 "$T/state/history/prod.jsonl" | jq -se '[.[] | select(.what == "promote")] | last | .arrival == "found"' >/dev/null ||
  fail "the history does not say that it arrived"
jq -e --arg id "iam-$reader_id" '[.requests[] | select(.path | endswith("/v1/query"))][0].identity == $id' \
  <<<"$(control GET requests)" >/dev/null || fail "the query was not the reader's"
passed "a test log that is found lets the key be published"

# --- found late: nothing is published until then ---
setting '{"query_visible_ms": 2500}'
arrival_config 'within: 5s, required: true'
asked_anew
before=$(sink_value prod)
started=$(date +%s%N)
run 0 rotate prod
[ $((($(date +%s%N) - started) / 1000000)) -ge 2500 ] || fail "published before it was found"
[ "$(sink_value prod)" != "$before" ] || fail "nothing was published"
setting '{"query_visible_ms": 0}'
passed "a test log that comes late is waited for"

# --- never found: not known, and no refusal of the key ---
for cause in '{"ingress_drops": true}' '{"query_frequent": false}'; do
  setting "$cause"
  arrival_config 'within: 2s'
  asked_anew
  before=$(sink_value prod)
  run 0 rotate prod
  [ "$(sink_value prod)" != "$before" ] || fail "$cause: nothing was published"
  err_has 'published all the same: a test log was accepted and is not found, so it is not known whether logs arrive'
  tail -n 20 "$T/state/history/prod.jsonl" | jq -se '[.[] | select(.what == "promote")] | last | .arrival == "not_found"' >/dev/null ||
    fail "the history does not say that it did not arrive"
  run 0 status prod --json
  json '.targets[0].working == "yes"'
done
setting '{"ingress_drops": false}'
# The archive has it.
arrival_config 'within: 2s, tier: archive, required: true'
asked_anew
run 0 rotate prod
setting '{"query_frequent": true, "query_archive": false}'
asked_anew
run 75 verify --arrival prod
err_has 'archive_warning: no_metastore_data'
setting '{"query_archive": true}'
passed "a test log that is never found is not known, and told"

# --- required: the rotation is held back, and goes on when logs arrive again ---
setting '{"ingress_drops": true}'
arrival_config 'within: 2s, required: true'
asked_anew
before=$(sink_value prod)
run 75 rotate prod
err_has 'a test log was accepted and is not found'
err_has "quota"
err_has 'priority insights'
err_has '^next: rotator .* verify prod --arrival$'
phase_is staged
[ "$(sink_value prod)" = "$before" ] || fail "something was published"
run 0 run # it is a wait, no error yet
run 0 status prod
out_has '^  now +the new key.s test log is not found yet$'
phase_is staged
setting '{"ingress_drops": false}'
later 700 # another log is sent then
asked_anew
run 0 run
phase_is idle
[ "$(sink_value prod)" != "$before" ] || fail "it was never published"
[ "$(active_keys | wc -l)" = 1 ] || fail "keys are left over"
passed "required holds the rotation back, and it goes on by itself"
