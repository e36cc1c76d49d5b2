#!/usr/bin/env bash
# Lets libFuzzer look for new inputs: tests/fuzz/run.sh SECONDS [TARGET…], all targets by default, two side by side. What a
# target finds new goes to build/fuzz/found/TARGET (kept for the next time); one input that breaks something, a crash, a leak
# or more than 25 s, ends that target and is left in build/fuzz/broken. Exit status 1: there is such an input.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${ROTATOR_FUZZ_BUILD:-$top/build/fuzz}
case ${1:-} in '' | *[!0-9]*) echo "usage: tests/fuzz/run.sh SECONDS [TARGET…]" >&2; exit 2 ;; esac
seconds=$1
shift
[ $# -gt 0 ] || set -- "$top"/tests/fuzz/fuzz_*.c
targets=() programs=()
for target; do
  target=${target##*/fuzz_}
  target=${target%.c}
  [ -f "$top/tests/fuzz/fuzz_$target.c" ] || { echo "there is no target $target" >&2; exit 2; }
  targets+=("$target") programs+=("fuzz_$target")
done
(cd "$top" && cmake --preset fuzz -G Ninja && nice cmake --build "$build" --target "${programs[@]}") >&2 || exit 2
mkdir -p "$build/found" "$build/broken" "$build/log"

# one TARGET: says how many inputs were tried, or what broke.
one() {
  local log=$build/log/$1.log status=0 most=$seconds
  mkdir -p "$build/found/$1"
  nice "$build/tests/fuzz/fuzz_$1" -max_total_time="$most" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$build/broken/$1-" "$build/found/$1" "$top/tests/fuzz/corpus/$1" >"$log" 2>&1 || status=1
  if [ $status = 0 ]; then
    echo "ok - $1: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs," \
      "$(grep -o 'cov: [0-9]*' "$log" | tail -1) edges"
  else
    echo "not ok - $1: $(grep -m1 -E 'does not hold|ERROR:|a promise is broken|runtime error|libFuzzer: ' "$log"); see $log"
  fi
  return $status
}
export -f one
export build seconds top
printf '%s\n' "${targets[@]}" | xargs -P 2 -I {} bash -c 'one {}' || exit 1
