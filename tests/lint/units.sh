#!/usr/bin/env bash
# systemd units: `systemd-analyze verify` says nothing (it exits 0 on a misspelt key, so any output counts), and the exposure
# that `systemd-analyze security` works out stays below 2.0 for every service.
# shellcheck source=tests/lint/lint.sh
. "$(dirname "$0")/lint.sh"

exposure=20  # tenths

look() {
  local dir unit
  dir=$(mktemp -d)
  # As they would be installed, but for the programs, which are not on this machine, and for units of others that they add to.
  cp -r contrib/systemd/. "$dir"
  sed -i 's#^ExecStart=/usr/\(bin/rotator\|libexec/rotator/[a-z-]*\) #ExecStart=/bin/true #' "$dir"/*.service
  for unit in "$dir"/*.d; do
    [ -d "$unit" ] && printf '[Service]\nExecStart=/bin/true\n' >"${unit%.d}"
  done
  # (a unit is looked at again with each that names it)
  for unit in "$dir"/*.service "$dir"/*.timer "$dir"/*.path; do
    [ -f "$unit" ] && SYSTEMD_UNIT_PATH="$dir:" systemd-analyze verify --man=no "$unit" 2>&1 | sed "s|^$dir/||"
  done | sort -u
  for unit in "$dir"/user/*.service "$dir"/user/*.timer; do
    [ -f "$unit" ] && sed -i 's|^ExecStart=.*|ExecStart=/bin/true|' "$unit" &&
      SYSTEMD_UNIT_PATH="$dir/user:" XDG_RUNTIME_DIR=$dir systemd-analyze --user verify --man=no "$unit" 2>&1 | sed "s|^$dir/||"
  done | sort -u
  for unit in contrib/systemd/*.service; do
    systemd-analyze security --no-pager --offline=yes --threshold=$exposure "$unit" >"$dir/security" 2>&1 ||
      echo "$unit: $(tail -n 1 "$dir/security")"
  done
  rm -rf "$dir"
}

plant() {
  mkdir -p contrib/systemd/other.service.d contrib/systemd/user
  printf '[Timer]\nOnCalender=hourly\n' >contrib/systemd/user/mine.timer
  printf '[Service]\nType=oneshot\nExecStart=/usr/bin/rotator run\nProtectSytem=strict\n' >contrib/systemd/rotator.service
  printf '[Timer]\nOnCalendar=hourlyish\n' >contrib/systemd/rotator.timer
  printf '[Service]\nEnvironmentFle=/x\n' >contrib/systemd/other.service.d/x.conf
}

expect() {
  echo "rotator.service:4: Unknown key 'ProtectSytem'"
  echo "rotator.timer:2: Failed to parse calendar specification"
  echo "rotator.timer: Timer unit lacks value setting."
  echo "Unit rotator.timer has a bad unit file setting."
  echo "x.conf:2: Unknown key 'EnvironmentFle'"
  echo "user/mine.timer:2: Unknown key 'OnCalender'"
  echo "mine.timer: Timer unit lacks value setting."
  echo "Unit mine.timer has a bad unit file setting."
  echo "contrib/systemd/rotator.service: "
}

lint_main "$@"
