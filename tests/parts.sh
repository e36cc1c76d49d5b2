# shellcheck shell=bash disable=SC2034,SC2154
# The parts that tests/run.sh knows, and the Debian packages each needs. Sourced by tests/run.sh, which sets $top, $build,
# $scratch, $cores, $strict, and for each part $part, $results and TMPDIR.
#
# A part is a function part_NAME ('-' becomes '_'). It appends "pass NAME", "fail NAME", "skip NAME" or
# "lack NAME" (it could not run for want of something) lines to $results; "show TEXT" is shown when the part has ended.

# What runs when nothing is named, longest first: they share the cores.
all_parts=(servers asan tsan distros schedulers integration truth single-faults syscalls metrics coverage analysis fuzz lint package systemd foreign-short image
  model bench quickstart)
# What does little but wait: for minutes of cron, for units.
waiting_parts=(schedulers systemd)
# Folders of tests/ on their own, in the ordinary debug build; the parts above run them with more checks. And what is run by hand.
more_parts=(unit contract protocol fault cli emulator report servers-newest keyrings foreign analysis-trixie distros-bookworm distros-sid
  long-runs user-keys own-key profiles arrival keys-by-hand secrets-manager guide single-faults-all syscalls-all planted coverage-all)

packages_build=(cmake ninja-build ccache gcc libc6-dev pkg-config libcurl4-openssl-dev libcjson-dev libssl-dev libyaml-dev
  libsecret-1-dev libcmocka-dev libmicrohttpd-dev libgnutls28-dev zlib1g-dev ca-certificates openssl curl jq strace tzdata)
packages_keyring="gnome-keyring libsecret-tools dbus libglib2.0-bin"
packages_clients="node=nodejs npm=npm golang-go python3-venv javac=default-jdk-headless mvn=maven"  # the vendor's own clients, against the emulator
declare -A packages_of=(
  [asan]="faketime $packages_keyring $packages_clients"
  [cli]="faketime"
  [user-keys]="faketime $packages_clients"
  [own-key]="faketime"
  [long-runs]="faketime python3"
  [profiles]="faketime $packages_clients"
  [arrival]="faketime $packages_clients"
  [keys-by-hand]="faketime"
  [secrets-manager]="faketime python3-jsonschema python3-yaml $packages_clients"
  [guide]="faketime"
  [emulator]="$packages_clients"
  [truth]="faketime python3 util-linux mount"
  [single-faults]="faketime python3"
  [single-faults-all]="faketime python3"
  [syscalls]="faketime python3"
  [syscalls-all]="faketime python3"
  [planted]="faketime python3 strace $packages_keyring"
  [metrics]="python3 util-linux mount"
  [report]="faketime chromium node=nodejs npm=npm"
  [contract]="$packages_keyring"
  [coverage]="gcovr $packages_keyring"
  [coverage-all]="gcovr faketime python3 util-linux mount $packages_keyring"
  [analysis]="cppcheck clang-tidy"
  [fuzz]="clang libclang-rt-dev"
  [lint]="clang-format-19 shellcheck mandoc systemd binutils python3"
  [systemd]="debootstrap systemd-container dpkg-dev"
  [distros]="debootstrap"
  [image]="debootstrap"
  [foreign]="debootstrap"
  [foreign-short]="debootstrap"
  [schedulers]="debootstrap"
  [distros-bookworm]="debootstrap"
  [analysis-trixie]="debootstrap"
  [distros-sid]="debootstrap"
  [package]="adduser binutils dpkg-dev fakeroot lintian rpm rpmlint"
  [model]="spin"
  [servers]="golang-go etcd-server procps python3-hvac"
  [servers-newest]="etcd-server procps python3-hvac python3-venv"
  [keyrings]="debootstrap faketime procps $packages_keyring"
  [integration]="faketime procps python3-jsonschema python3-yaml $packages_keyring $packages_clients"
  [bench]="python3"
)

# build PRESET [TARGET…]: configures and builds build/PRESET, all of it or these targets (FOLDER/all is what a folder has). Parts
# that share a preset wait for each other here; the first builds, and where it fails, the others say so and do not try again.
build() {
  local preset=$1 log=$build/log/build-$1.log done=$scratch/built-${*//[^a-z]/-}
  shift
  (
    flock 9
    if [ ! -e "$done" ]; then
      if cmake --preset "$preset" -G Ninja -B "$build/$preset" >"$log" 2>&1 &&
        cmake --build "$build/$preset" -j "$cores" ${1+--target "$@"} >>"$log" 2>&1; then
        echo 0 >"$done"
      else
        echo 1 >"$done"
        tail -n 60 "$log"
      fi
    fi
    exit "$(cat "$done")"
  ) 9>"$build/log/build-$preset.lock" && return 0
  echo "the build of preset $preset failed (all of it: $log)"
  echo "fail $part: build of preset $preset" >>"$results"
  return 1
}

# counted PRESET OPTION…: the tests that ctest takes with these options, run and counted.
counted() {
  local preset=$1 bad=0
  shift
  ctest --test-dir "$build/$preset" "$@" -j "$cores" --output-on-failure --no-tests=error \
    --test-output-size-passed 1000000 --test-output-size-failed 1000000 --output-junit "$TMPDIR/junit.xml" || bad=1
  awk -f tests/count.awk "$TMPDIR/junit.xml" >>"$results"
  return $bad
}

# tests_of PRESET PART…: the tests with these labels. A label without a test has failed.
tests_of() {
  local preset=$1 label labels
  shift
  for label in "$@"; do
    ctest --test-dir "$build/$preset" -N -L "^$label\$" | grep -q 'Test *#' && continue
    echo "lack $part: no tests in $label" >>"$results"
  done
  labels=$(IFS='|'; echo "$*")
  counted "$preset" -L "^($labels)\$"
}

# tests_about REGEX: the tests of those names, in the debug build, whichever part they belong to. For whoever works on that alone.
tests_about() { build dev && counted dev -R "^($1)" -LE servers; }

# check NAME COMMAND…: one step of a part that is not a ctest test.
check() {
  local name=$1
  shift
  if "$@"; then
    echo "pass $part: $name" >>"$results"
  else
    echo "fail $part: $name" >>"$results"
    return 1
  fi
}

part_unit() { build dev && tests_of dev unit; }
part_contract() { build dev && tests_of dev contract; }
part_protocol() { build dev && tests_of dev protocol; }
part_fault() { build dev && tests_of dev fault fault_vault; }
part_cli() { build dev && tests_of dev cli; }
part_metrics() { build dev && tests_of dev metrics; }
part_report() { build dev && tests_of dev report; }
part_truth() { build dev && tests_of dev truth nowhere; } # and that no secret is said
part_emulator() { build dev && tests_of dev emulator; }

part_user_keys() { tests_about 'unit/config_user|unit/app_identity|unit/unit_cloud_iam_keys|cli/user|emulator/python|integration/guide'; }
part_own_key() { tests_about 'unit/engine_own|unit/config_own|protocol/self|cli/own_key|cli/user_self|integration/own_key'; }
part_profiles() { tests_about 'unit/unit_cloud_iam_auth|unit/config_credential|cli/profile|emulator/(python|vendor_go)'; }
part_arrival() { tests_about 'unit/unit_cloud_logs_reader|unit/engine_arrival|unit/config_arrival|unit/app_query|protocol/arrival|cli/arrival|emulator/query'; }
part_keys_by_hand() { tests_about 'cli/keys|integration/guide'; }
part_secrets_manager() {
  tests_about 'contract/.*secrets_manager|cli/secrets_manager|emulator/secrets|integration/(secrets_manager|external_secrets)'
}
part_guide() { tests_about 'integration/guide'; }

# What needs a real Vault comes last: on a new machine that is built meanwhile (part_servers).
part_asan() {
  local bad=0
  build asan || return 1
  tests_of asan unit contract protocol fault cli emulator || bad=1
  server vault tests/servers/build.sh vault && tests_of asan fault_vault || bad=1
  return $bad
}
# Threads are in the units: the simulator has one, and what runs in it takes turns (protocol/co.c).
part_tsan() { build tsan tests/unit/all && tests_of tsan unit; }
part_lint() { build release && tests_of release lint; }
# server NAME BUILDER…: a real server is there, or is built from its module: some ten minutes, once, and no test waits for it.
# How far that is, is shown as it goes (descriptor 3).
server() {
  local name=$1 status=0
  shift
  "$@" 2> >(tee -a /dev/fd/3 >&2) || status=$?
  case $status in
    0) echo "pass $part: there is a server $name" >>"$results" ;;
    77) echo "lack $part: a server $name" >>"$results" ;;
    *) echo "fail $part: $name could not be built" >>"$results"; return 1 ;;
  esac
}

part_servers() {
  build dev && server vault tests/servers/build.sh vault && server kubernetes tests/servers/kubernetes/build.sh &&
    tests_of dev servers || return 1
  check "contrib/quickstart.sh vault" contrib/quickstart.sh vault
}
# The same on the newest servers that can be built (tests/servers/go.sh).
part_servers_newest() {
  export ROTATOR_SERVERS=newest
  part_servers
}
part_integration() { build release && tests_of release integration; }
# What `integration` does a few months and some hundred rotations of.
part_long_runs() {
  local programs=("$build/release/rotator/app/rotator" "$build/release/tests/emulator/ibmcloud-emulator")
  build release || return 1
  check "a year of the rotator's own key" tests/integration/own_key_days.sh "${programs[@]}" 365
  check "a thousand rotations under faults and kills" tests/fault/rotations.py "${programs[@]}" --rotations 1000 --seed 7 --faults 0.004 --kills 0.05
}
# The keyrings of Debian 12 and 13, in roots that are made before any test's time runs. By hand, as they change seldom.
part_keyrings() {
  local status=0
  build release || return 1
  tests/integration/libsecret/releases.sh --make bookworm trixie 2> >(tee -a /dev/fd/3 >&2) || status=$?
  [ $status = 0 ] || [ $status = 77 ] || echo "fail $part: roots with keyrings" >>"$results"
  tests_of release keyrings
}

# covered WHAT LINES BRANCHES FOLDER…: the tests have run no less of these folders than so many percent.
covered() {
  local what=$1 lines=$2 branches=$3
  shift 3
  check "$what: lines >= $lines %, branches >= $branches %" gcovr --root "$top" --object-directory "$build/coverage" "${@/#/--filter=}" \
    --exclude-throw-branches --print-summary --fail-under-line "$lines" --fail-under-branch "$branches" "$build/coverage"
}

# What was reached (tests/RESULTS.md), rounded down: never lowered.
part_coverage() {
  build coverage tests/{unit,contract,protocol,emulator}/all rotator-libsecret || return 1
  find "$build/coverage" -name '*.gcda' -delete
  tests_of coverage unit contract protocol || return 1
  covered engine 100 95 rotator/engine/
}
# All code of ours. By hand: most of these tests run in other builds as well. Without those at which memory runs out: built for
# gcov, a program crashes then as it ends.
part_coverage_all() {
  build coverage || return 1
  find "$build/coverage" -name '*.gcda' -delete
  counted coverage -L '^(unit|contract|protocol|fault|cli|metrics)$' -E '^fault/(allocations|memory)' || return 1
  counted coverage -R '^integration/libsecret' || return 1
  covered engine 100 95 rotator/engine/ || return 1
  covered "all code" 95 80 rotator/ backends/
}

part_analysis() {
  local tool bad=0
  for tool in gcc cppcheck tidy; do
    check "$tool can fail" tests/lint/analysis.sh --self-test $tool || bad=1
    check "$tool" tests/lint/analysis.sh $tool || bad=1
  done
  return $bad
}

part_analysis_trixie() { tap tests/distros/analysis.sh trixie; }

# matrix FILE OPTION…: one of the matrices of tests/fault: can it fail, and does anything disagree? Its last line has the figures.
matrix() {
  local out=$TMPDIR/out status=0 programs
  build dev || return 1
  programs=(--rotator "$build/dev/rotator/app/rotator" --emulator "$build/dev/tests/emulator/ibmcloud-emulator" --jobs "$cores")
  "tests/fault/$1" "${programs[@]}" --self-test >"$out" || status=$?
  cat "$out"
  if [ "$status" = 77 ]; then
    echo "lack $part: $(tail -n 1 "$out")" >>"$results"
    return 0
  fi
  check "tests/fault/$1 can fail" [ "$status" = 0 ] || return 1
  "tests/fault/$1" "${programs[@]}" "${@:2}" >"$out" || status=1
  cat "$out"
  echo "show $(tail -n 1 "$out")" >>"$results"
  check "tests/fault/$1" [ "$status" = 0 ]
}
part_single_faults() { matrix single_faults.py; }
part_single_faults_all() { matrix single_faults.py --all; }
part_syscalls() { matrix syscalls.py; }
part_syscalls_all() { matrix syscalls.py --all; }

# Are the tests able to fail? By hand: minutes to an hour, as each error is built anew (tests/planted).
part_planted() {
  local status=0
  tests/planted/planted.py --jobs "$cores" --keep "$build/planted" >"$TMPDIR/out" || status=1
  cat "$TMPDIR/out"
  sed -n -e 's/^caught  *\([^ ]*\) .*/pass planted: \1/p' -e 's/^SURVIVED  *\([^ ]*\) .*/fail planted: \1/p' "$TMPDIR/out" >>"$results"
  echo "show $(tail -n 1 "$TMPDIR/out")" >>"$results"
  return $status
}

part_fuzz() { build fuzz tests/fuzz/all && tests_of fuzz fuzz; }

part_package() { check "packages" tests/lint/package.sh; }

# tap COMMAND…: a script that prints TAP for a whole part. "1..0 # SKIP" (not every machine of a CI may boot a container, or
# make a root) is said, and is not a failure. Lines "# | TEXT" are shown.
tap() {
  local out=$TMPDIR/tap status=0
  "$@" >"$out" 2>&1 || status=1
  cat "$out"
  sed -n -e "s/^ok [0-9]* - /pass $part: /p" -e "s/^not ok [0-9]* - /fail $part: /p" -e "s/^1\.\.0 # SKIP /skip $part: /p" \
    -e 's/^# | /show /p' "$out" >>"$results"
  return $status
}

part_systemd() { build release && tap tests/systemd/run.sh "$build/release" bookworm trixie; }

part_schedulers() { tap tests/schedulers/run.sh; }

# Other releases of Debian (tests/distros/run.sh).
part_distros() { tap tests/distros/run.sh trixie; }
part_distros_bookworm() { tap tests/distros/run.sh bookworm; }
part_distros_sid() { tap tests/distros/run.sh sid; }

# Other machines, by qemu (tests/foreign/run.sh); in short the one whose bytes are the other way round.
part_foreign() { tap tests/foreign/run.sh s390x aarch64; }
part_foreign_short() { tap tests/foreign/run.sh --short s390x; }

part_image() { build release && tap tests/image/run.sh "$build/release"; }

part_bench() { build release && check "bench runs" tests/bench/run.sh --quick "$build/release"; }

# The protocol as a model, in every order of events (tests/model); and each error planted in the simulator is found.
part_model() {
  local bad=0
  tap tests/model/run.sh || bad=1
  build release && tests_of release plants || bad=1
  return $bad
}

part_quickstart() {
  check "what is missing is installed" tests/distros/need_test.sh && check "what cannot run says so" tests/distros/lack_test.sh &&
    check "contrib/quickstart.sh" contrib/quickstart.sh
}
