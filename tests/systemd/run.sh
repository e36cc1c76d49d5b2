#!/usr/bin/env bash
# The package and its units under a real systemd: run.sh BUILD SUITE… (bookworm, trixie: systemd 252 and 257). Boots each in a
# container of systemd-nspawn, on a layer that is thrown away, and there runs inside.sh; the emulator runs out here, on loopback,
# which the container shares. Roots are made by tests/distros/roots.sh and kept. Prints TAP; needs root. Where a container cannot
# be booted at all (no root, a container without mounts), the answer is "1..0 # SKIP".
set -u
build=$(realpath "$1")
shift
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=contrib/sandbox.sh
. "$top/contrib/sandbox.sh"
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"
skip() { echo "1..0 # SKIP $*"; exit 0; }

reason=$(root_lack) && skip "$reason"
command -v systemd-nspawn >/dev/null || skip "systemd-nspawn is missing"

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
n=0 failures=0

(cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/cpack") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
# The root has systemd and what the package depends on, so that nothing is fetched in the container.
deb=$(ls "$work"/cpack/rotator_*.deb)
# depends_of DEB: the names.
depends_of() { dpkg-deb -f "$1" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g; s/\brotator\b//'; }
read -r -a depends < <(depends_of "$deb")
keyring_deb=$(ls "$work"/cpack/rotator-libsecret_*.deb)
read -r -a keyring_depends < <(depends_of "$keyring_deb")

# boot PROGRAM: boots, runs /probe/PROGRAM as a unit, powers off.
boot() {
  printf '[Unit]\nAfter=dbus.socket\nWants=dbus.socket\nSuccessAction=poweroff\nFailureAction=poweroff\n' >"$work/probe.service"
  printf '[Service]\nType=oneshot\nExecStart=/probe/%s\n' "$1" >>"$work/probe.service"
  timeout 300 systemd-nspawn --quiet --register=no --keep-unit --volatile=overlay --machine="rotator-test-$$" -D "$root" \
    --capability=CAP_IPC_LOCK --bind="$work/probe:/probe" --bind-ro="$work/probe.service:/etc/systemd/system/probe.service" \
    --boot systemd.wants=probe.service </dev/null >"$work/boot" 2>&1
}

# What is in /probe: the package, a way to find out whether anything boots, and a world for a rotation.
prepare() {
  rm -rf "$work/probe"
  mkdir "$work/probe"
  cp "$deb" "$work/probe/rotator.deb"
  cp "$keyring_deb" "$work/probe/rotator-libsecret.deb"
  printf '#!/bin/sh\ntouch /probe/booted\n' >"$work/probe/try.sh"
  chmod +x "$work/probe/try.sh"
  sandbox_start "$(find "$build" -name ibmcloud-emulator -type f -perm -u+x | head -n 1)" "$work/world" || exit 1
  sandbox_config prod-logs <<'YAML'
grace: 0s
quarantine: 0s
proof: {count: 1, span: 0s, absence_apart: 1s, propagation: 1s}
YAML
  sed -e 's|^management:.*|management: {credential: management}|' -e '/^state_dir:/d' -e '/^host_id:/d' \
    -e 's|^ca_file:.*|ca_file: /probe/ca.pem|' -e 's|path: [^,]*|path: /etc/rotator/keys/fluent-bit.env|' \
    "$sandbox/rotator.yaml" >"$work/probe/rotator.yaml"
  cp "$sandbox/emulator/ca.pem" "$sandbox/management.key" "$top/contrib/systemd/fluent-bit.service.d/rotator.conf" "$work/probe"
  cp "$top/tests/systemd/inside.sh" "$top/tests/systemd/agents.sh" "$top/tests/systemd/keyring.sh" "$top/tests/systemd/tap.sh" \
    "$work/probe"
}

# tell SUITE FILE: the cases of a script that ran inside. One that did not come to its plan has failed.
tell() {
  local line
  while IFS= read -r line; do
    case $line in
      'ok '*) n=$((n + 1)); echo "ok $n - $1: ${line#*- }" ;;
      'not ok '*) n=$((n + 1)); failures=$((failures + 1)); echo "not ok $n - $1: ${line#*- }" ;;
      1..*) [ "${line#1..}" = "$(grep -c '^\(not \)\{0,1\}ok ' "$2")" ] && return ;;
      *) echo "$line" ;;
    esac
  done < <(cat "$2" 2>/dev/null)
  n=$((n + 1)) failures=$((failures + 1))
  echo "not ok $n - $1: $(basename "$2" .tap) ran to its end"
  sed 's/^/# /' "$work/boot"
}

for suite in "$@"; do
  root_with "$suite" systemd systemd systemd-sysv dbus "${depends[@]}" || exit 1
  prepare
  boot try.sh
  [ -e "$work/probe/booted" ] || { sed 's/^/# /' "$work/boot"; skip "a container cannot be booted here"; }
  for script in inside agents keyring; do
    # (a root of its own: gnome-keyring brings a good part of a desktop with it; and a world of its own: in the other, IAM has a
    # key whose state went with its container)
    if [ $script = keyring ]; then
      root_with "$suite" keyring systemd systemd-sysv libpam-systemd dbus dbus-user-session gnome-keyring \
        libsecret-tools "${depends[@]}" "${keyring_depends[@]}" || exit 1
      sandbox_stop
      rm -rf "$work/world"
      prepare
    fi
    boot $script.sh
    tell "$suite" "$work/probe/$script.tap"
    sed 's/^/# /' "$work/probe/journal"
  done
  sandbox_stop
  rm -rf "$work/world"
done
echo "1..$n"
[ $failures = 0 ]
