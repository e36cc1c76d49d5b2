#!/usr/bin/env bash
# Other machines: run.sh [--short] MACHINE… (s390x, whose bytes are the other way round; aarch64). In a root with Debian's
# cross-compilers and the libraries of each machine (tests/distros/roots.sh), builds everything with warnings as errors, and
# runs by qemu: unit, contract; the emulator under the clients of IAM and Cloud Logs; the rotations of tests/cli/rotate_test.sh;
# and rotations at which that machine and this one take turns, killed in between (turns.sh). --short leaves the third and fourth
# out. Prints TAP, and at the end a table of machine, part and cases passed. Where no root can be made, or programs of other
# machines cannot be run in it, the answer is "1..0 # SKIP".
#
# The root is kept, with what was built.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"
# shellcheck source=tests/distros/table.sh
. "$top/tests/distros/table.sh"
suite=bookworm  # the last release of Debian's for s390x whose updates are there, too
short=0
if [ "${1-}" = --short ]; then
  short=1
  shift
fi
declare -A debian_of=([s390x]=s390x [aarch64]=arm64)

if reason=$(root_machine_lack); then
  echo "1..0 # SKIP $reason"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
table_begin machine

# The tree is at /src, to be read only. All machines are known, whichever are asked for.
in_root() {
  root_run "$root" --bind "$top" /src --machine s390x --machine aarch64 -- env CMAKE_C_COMPILER_LAUNCHER=ccache "$@" \
    >"$work/log" 2>&1 </dev/null && return
  sed 's/^/# /' "$work/log"
  return 1
}

make_root() {
  local packages=(cmake ninja-build ccache gcc pkg-config qemu-user-static curl jq openssl ca-certificates tzdata)
  local machine library debian
  for library in libc6-dev libcurl4-openssl-dev libcjson-dev libssl-dev libyaml-dev libcmocka-dev \
    libmicrohttpd-dev libgnutls28-dev zlib1g-dev; do
    packages+=("$library")
    for machine in s390x aarch64; do
      packages+=("$library:${debian_of[$machine]}")
    done
  done
  for debian in s390x-linux-gnu aarch64-linux-gnu; do
    packages+=("gcc-$debian")
  done
  root_with $suite foreign "${packages[@]}"
}

# build MACHINE TARGET…: MACHINE "native" is this one. (No libsecret: GLib's tools for developers are there for one machine only.)
build() {
  local machine=$1 began=$SECONDS status=0 toolchain=
  shift
  [ "$machine" = native ] || toolchain=-DCMAKE_TOOLCHAIN_FILE=/src/tests/foreign/$machine.cmake
  # shellcheck disable=SC2016 # they are the inner shell's
  in_root sh -c 'cmake -S /src -B "$0" -G Ninja -DCMAKE_BUILD_TYPE=Release -DROTATOR_HARDENING=ON -DROTATOR_WERROR=ON -DROTATOR_LIBSECRET=OFF $1 &&
    shift && cmake --build "$0" --target "$@"' "/build/$machine" "$toolchain" "$@" || status=1
  report "$machine" build - $((SECONDS - began)) $status
  return $status
}

# tests MACHINE PART CTEST-OPTION…
tests() {
  local machine=$1 name=$2 began=$SECONDS status=0 passed
  shift 2
  in_root ctest --test-dir "/build/$machine" -j "$(nproc)" --output-on-failure --no-tests=error "$@" || status=1
  passed=$(grep -c '^ *[0-9]*/[0-9]* Test .* Passed ' "$work/log")
  report "$machine" "$name" "$passed" $((SECONDS - began)) $status
}

turns() {
  local began=$SECONDS status=0
  in_root env ROTATORS="/build/native/rotator/app/rotator /build/$1/rotator/app/rotator" \
    EMULATOR=/build/native/tests/emulator/ibmcloud-emulator bash /src/tests/foreign/turns.sh || status=1
  report "$1" turns "$(grep -c '^ok - ' "$work/log")" $((SECONDS - began)) $status
}

if ! make_root; then
  echo "1..1"
  echo "not ok 1 - a root"
  exit 1
fi
build native rotator ibmcloud-emulator
for machine in "$@"; do
  build "$machine" all || continue
  tests "$machine" unit -L '^unit$'
  tests "$machine" contract -L '^contract$'
  if [ $short = 0 ]; then
    tests "$machine" emulator -R '^integration/integration_cloud_'
    tests "$machine" rotations -R '^cli/rotate_test$'
  fi
  turns "$machine"
done
table_end
