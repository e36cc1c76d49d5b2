#!/usr/bin/env bash
# The package and its units under a real systemd: run.sh BUILD. Boots a Debian 12 in a container of systemd-nspawn, on a layer that
# is thrown away, and there runs inside.sh; the emulator runs out here, on loopback, which the container shares. The image is made
# once by debootstrap and kept in the cache folder. Prints TAP; needs root. Where a container cannot be booted at all (no root, a
# container without mounts), the answer is "1..0 # SKIP".
set -u
build=$(realpath "$1")
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=contrib/sandbox.sh
. "$top/contrib/sandbox.sh"
skip() { echo "1..0 # SKIP $*"; exit 0; }

[ "$(id -u)" -eq 0 ] || skip "booting a container needs root"
for program in debootstrap systemd-nspawn; do
  command -v $program >/dev/null || skip "$program is missing"
done

work=$(mktemp -d)
trap 'sandbox_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

(cd "$work" && cpack -G DEB --config "$build/CPackConfig.cmake" -B "$work/cpack") >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
mkdir "$work/probe"
cp "$work"/cpack/*.deb "$work/probe/rotator.deb"

# The image has systemd and what the package depends on, so that nothing is fetched in the container.
packages=systemd,systemd-sysv,dbus,$(dpkg-deb -f "$work/probe/rotator.deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/ //g')
image=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/debian-12-$(cksum <<<"$packages" | tr -d ' \n')
if [ ! -e "$image/made" ]; then
  rm -rf "$image"
  mkdir -p "$image"
  mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
  echo "# making an image of Debian 12"
  debootstrap --variant=minbase --include="$packages" bookworm "$image/root" ${mirror:+"$mirror"} >"$work/log" 2>&1 ||
    { tail -n 20 "$work/log"; echo "Bail out! debootstrap failed"; exit 1; }
  touch "$image/made"
fi

# boot PROGRAM: boots, runs /probe/PROGRAM as a unit, powers off.
boot() {
  printf '[Unit]\nAfter=dbus.socket\nWants=dbus.socket\nSuccessAction=poweroff\nFailureAction=poweroff\n' >"$work/probe.service"
  printf '[Service]\nType=oneshot\nExecStart=/probe/%s\n' "$1" >>"$work/probe.service"
  timeout 180 systemd-nspawn --quiet --register=no --keep-unit --volatile=overlay --machine=rotator-test -D "$image/root" \
    --capability=CAP_IPC_LOCK --bind="$work/probe:/probe" --bind-ro="$work/probe.service:/etc/systemd/system/probe.service" \
    --boot systemd.wants=probe.service </dev/null >"$work/boot" 2>&1
}

printf '#!/bin/sh\ntouch /probe/booted\n' >"$work/probe/try.sh"
chmod +x "$work/probe/try.sh"
boot try.sh
[ -e "$work/probe/booted" ] || { sed 's/^/# /' "$work/boot"; skip "a container cannot be booted here"; }

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
cp "$top/tests/systemd/inside.sh" "$work/probe"
boot inside.sh
cat "$work/probe/tap"
sed 's/^/# /' "$work/probe/journal"
plan=$(sed -n 's/^1\.\.//p' "$work/probe/tap")
[ "$(grep -c '^ok ' "$work/probe/tap")" = "${plan:-none}" ]
