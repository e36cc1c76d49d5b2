#!/usr/bin/env bash
# Runs the tests. Installs what is missing on Debian 12 or 13, builds, runs, sums up.
#
#   tests/run.sh             everything
#   tests/run.sh NAME…       the parts named
#   tests/run.sh --list      the parts there are
#
# A part is a folder of tests/ (the label of its tests under ctest) or one of the checks that need a build of their own; each
# is a function in tests/parts.sh. Parts run side by side, three at a time on two cores, as each waits now and then; those that do
# little else run beside them (waiting_parts). Each has a temporary folder of its own; builds are kept in build/ (ROTATOR_BUILD_DIR)
# and shared. What a part says is in build/log/PART.log, and is shown when it fails. What takes long and is done once (a server built
# from its module) is told as it goes. With --ci, what cannot run has failed; otherwise it is skipped loudly.
#
# The last line but the verdict is "N passed, N failed, N skipped". Exit status: 0, or 1 when anything failed.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=${ROTATOR_BUILD_DIR:-$top/build}
strict=0
cores=$(nproc)
cd "$top" || exit 1
. contrib/debian.sh
# shellcheck source=tests/parts.sh
. tests/parts.sh

usage() { sed -n '2,/^set -u/s/^# \{0,1\}//p' "$0" | sed '$d'; }

parts=()
for arg in "$@"; do
  case $arg in
    --ci) strict=1 ;;
    --list) printf '%s\n' "${all_parts[@]}" "${more_parts[@]}"; exit 0 ;;
    -h|--help) usage; exit 0 ;;
    -*) echo "unknown option $arg (see --help)" >&2; exit 2 ;;
    *) parts+=("${arg%/}") ;;
  esac
done
[ ${#parts[@]} -gt 0 ] || parts=("${all_parts[@]}")
for part in "${parts[@]}"; do
  declare -F "part_${part//-/_}" >/dev/null || { echo "no such part: $part (tests/run.sh --list)" >&2; exit 2; }
done

packages=("${packages_build[@]}")
for part in "${parts[@]}"; do
  read -r -a more <<<"${packages_of[$part]-}"
  packages+=(${more[@]+"${more[@]}"})
done
need "${packages[@]}" || [ $strict = 0 ] || exit 1

# Nothing of the caller's surroundings may decide a result.
unset DISPLAY DBUS_SESSION_BUS_ADDRESS XDG_RUNTIME_DIR XDG_CONFIG_HOME XDG_STATE_HOME CREDENTIALS_DIRECTORY STATE_DIRECTORY
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy
export LC_ALL=C.UTF-8 TZ=UTC
# (link order: tests that fake the time preload a library)
export ASAN_OPTIONS=${ASAN_OPTIONS-detect_leaks=1:verify_asan_link_order=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS-print_stacktrace=1:halt_on_error=1}
export TSAN_OPTIONS=${TSAN_OPTIONS-halt_on_error=1:second_deadlock_stack=1}

# What was compiled before, in whichever clone and build, is not compiled again: that is a third of all the work.
if command -v ccache >/dev/null; then
  export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR=$top CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=${CCACHE_MAXSIZE-2G}
  export CCACHE_DIR=${CCACHE_DIR-${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/ccache}
fi

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rotator-tests.XXXXXX")
chmod 755 "$scratch"  # some tests act as another user
mkdir -p "$build/log"
running=()  # "pid part" of each part under way

# Ends the parts that still run, and what they started: each part is a process group of its own.
stop_all() {
  local job
  for job in ${running[@]+"${running[@]}"}; do
    kill -TERM -- "-${job%% *}" 2>/dev/null
  done
  rm -rf "$scratch"
}
trap stop_all EXIT
trap 'exit 130' INT TERM

# run_part PART: in a subshell of its own; results go to $scratch/PART.results, one "pass|fail|skip|lack|show TEXT" a line.
run_part() {
  part=$1
  results=$scratch/$part.results
  export TMPDIR=$scratch/$part
  mkdir -p "$TMPDIR"
  : >"$results"
  if ! "part_${part//-/_}"; then
    grep -q '^fail' "$results" || echo "fail $part" >>"$results"
  fi
  times >"$scratch/$part.times"
}

# processor_of PART: seconds of the processor that a part and all that it started have used. Where they are few beside the time it
# took, it waited.
processor_of() { awk -F '[ms ]+' 'NR == 2 { printf "%.0f\n", 60 * ($1 + $3) + $2 + $4 }' "$scratch/$1.times" 2>/dev/null; }

start_part() {
  set -m
  run_part "$1" </dev/null 3>&1 >"$build/log/$1.log" 2>&1 &
  running+=("$! $1 $SECONDS")
  set +m
}

# finish_part PART SECONDS: counts its results and shows what went wrong. What could not run ("lack") is a failure with --ci.
finish_part() {
  local part=$1 seconds=$2 file=$scratch/$1.results p f s lack=skip
  [ "$strict" = 0 ] || lack=fail
  [ -s "$file" ] || echo "fail $part (nothing ran)" >"$file"
  sed -i "s/^lack \(.*\)/$lack \1 (could not run)/" "$file"
  read -r p f s <<<"$(awk '$1=="pass"{p++} $1=="fail"{f++} $1=="skip"{s++} END{print p+0, f+0, s+0}' "$file")"
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if [ "$f" -gt 0 ]; then
    printf -- '---- %-12s FAILED, %s s; its output:\n' "$part" "$seconds"
    tail -n "${ROTATOR_LOG_LINES:-400}" "$build/log/$part.log"
    printf -- '---- %s: what failed:\n' "$part"
    sed -n 's/^fail /  FAILED: /p' "$file"
  else
    printf -- '---- %-12s ok, %s s: %s passed (%s s of the processor)\n' "$part" "$seconds" "$p" "$(processor_of "$part")"
  fi
  sed -n -e 's/^skip /  NOT RUN: /p' -e 's/^show /  /p' "$file"
}

# Waits for one part to end, and takes it off the list.
reap() {
  local i pid part began
  while :; do
    for i in "${!running[@]}"; do
      read -r pid part began <<<"${running[i]}"
      kill -0 "$pid" 2>/dev/null && continue
      wait "$pid" 2>/dev/null
      unset "running[i]"
      finish_part "$part" "$((SECONDS - began))"
      return
    done
    sleep 0.2
  done
}

only_waits() { [[ " ${waiting_parts[*]} " = *" $1 "* ]]; }

# How many of those that run take a place.
taken() {
  local job n=0
  for job in ${running[@]+"${running[@]}"}; do
    read -r _ job _ <<<"$job"
    only_waits "$job" || n=$((n + 1))
  done
  echo $n
}

passed=0 failed=0 skipped=0
for part in "${parts[@]}"; do
  while ! only_waits "$part" && [ "$(taken)" -gt "$cores" ]; do
    reap
  done
  start_part "$part"
done
while [ ${#running[@]} -gt 0 ]; do
  reap
done

# Nothing may be left running: no process that names our build or scratch folder.
left=$(grep -slaF -e "$build/" -e "$scratch/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -vx -e "$$" -e "$BASHPID")
for pid in $left; do
  if [ ! -r "/proc/$pid/cmdline" ] || [ "$pid" = $PPID ]; then
    continue
  fi
  echo "left running: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline")"
  failed=$((failed + 1))
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
