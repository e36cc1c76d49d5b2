#!/usr/bin/env bash
# Runs a command on a session bus of its own: session.sh COMMAND…. There is a home directory without anything in it, and
# gnome-keyring with an unlocked default keyring, unless KEYRING=none (no daemon is started) or KEYRING=fresh (it runs, no
# keyring was made). Everything is gone afterwards. Exit 77: a program for it is missing.
set -u
for program in dbus-run-session gnome-keyring-daemon gdbus secret-tool; do
  command -v "$program" >/dev/null || { echo "SKIP: $program is missing"; exit 77; }
done

if [ "${1-}" = --inside ]; then
  shift
  if [ "${KEYRING-}" != none ]; then
    # (all of standard input is the password: no line break)
    printf %s "${KEYRING_PASSWORD-rotator}" | if [ "${KEYRING-}" = fresh ]; then
      gnome-keyring-daemon --start --components=secrets </dev/null
    else
      gnome-keyring-daemon --unlock --components=secrets
    fi >/dev/null 2>&1
    gdbus wait --session --timeout 20 org.freedesktop.secrets || exit 1
  fi
  "$@"
  exit
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/keyring.XXXXXX")
# The daemon forks, and is known by the directory that it was given.
end() {
  local file
  for file in /proc/[0-9]*/environ; do
    if grep -qzxF "XDG_RUNTIME_DIR=$dir/run" "$file" 2>/dev/null; then
      file=${file%/environ}
      [ "${file#/proc/}" = $$ ] || kill -9 "${file#/proc/}" 2>/dev/null
    fi
  done
  rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM
mkdir -m 700 "$dir/home" "$dir/run"
# Before the bus: what it activates inherits its environment.
unset XDG_DATA_HOME XDG_CONFIG_HOME DISPLAY WAYLAND_DISPLAY DBUS_SESSION_BUS_ADDRESS SECRET_BACKEND SECRET_SERVICE_BUS_NAME
me=$(realpath "$0")
HOME=$dir/home XDG_RUNTIME_DIR=$dir/run dbus-run-session -- "$me" --inside "$@"
