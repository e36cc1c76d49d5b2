#!/usr/bin/env bash
# A6: memory that is exhausted while the shipped program starts, and after: a sentence and its status, never a crash, and
# never a status without a word. Needs $ROTATOR and $MEMORY_FAILS, the library that is preloaded.
set -u
: "${ROTATOR:?path of the program}" "${MEMORY_FAILS:?path of the library}"
T=$(mktemp -d "${TMPDIR:-/tmp}/rotator-memory.XXXXXX")
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT TERM
unset NOTIFY_SOCKET JOURNAL_STREAM CREDENTIALS_DIRECTORY STATE_DIRECTORY XDG_CONFIG_HOME
export LC_ALL=C HOME=$T
mkdir -m 700 "$T/state" "$T/sinks"
(umask 077 && echo a-management-key >"$T/management.key")
cat >"$T/rotator.yaml" <<END
version: 1
state_dir: $T/state
host_id: test-host
management: {file: $T/management.key}
targets:
  - name: prod
    instance: "crn:v1:bluemix:public:logs:eu-de:a/d3a0c0ffee00000000000000000000d3:11111111-2222-4333-8444-555555555555::"
    service_id: ServiceId-aaaaaaaa-0000-4000-8000-000000000002
    sinks:
      - file: {path: $T/sinks/prod.env, format: env, variable: IAM_API_KEY}
END

# start NUMBER [FAIL_FROM=1]: one run of the program, in which that allocation fails.
start() {
  env LD_PRELOAD="$MEMORY_FAILS" FAIL_AT="$1" ${2:+"$2"} timeout 60 \
    "$ROTATOR" -c "$T/rotator.yaml" status --offline >"$T/out" 2>"$T/err"
  local status=$?
  if [ $status -ge 124 ] || { [ $status != 0 ] && [ ! -s "$T/err" ]; }; then
    echo "FAILED: allocation $1 ${2:-}: status $status" >&2
    sed 's/^/  err: /' "$T/err" >&2
    exit 1
  fi
  # (a configuration that is fine)
  ! grep -q 'cannot be used' "$T/err" || { echo "FAILED: allocation $1 ${2:-}: the configuration is blamed" >&2; cat "$T/err" >&2; exit 1; }
}

env FAIL_COUNT="$T/count" LD_PRELOAD="$MEMORY_FAILS" "$ROTATOR" -c "$T/rotator.yaml" status --offline >"$T/out" 2>&1
count=$(cat "$T/count")
[ "$count" -gt 500 ] || { echo "FAILED: $count allocations are not all of a run" >&2; exit 1; }
for ((i = 0; i < 240; i++)); do start $i; done
echo "ok - A6: each single allocation of the start may fail"
for ((i = 0; i < 240; i += 7)); do
  start $i FAIL_FROM=1
  grep -q 'out of memory' "$T/err" ||
    { echo "FAILED: nothing after allocation $i, and no word of memory" >&2; cat "$T/err" >&2; exit 1; }
done
echo "ok - A6: memory that stays exhausted is told"
for ((i = 240; i < count; i += 17)); do start $i; done
echo "ok - A6: nor is there a crash later ($count allocations)"
