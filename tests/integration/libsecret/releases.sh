#!/usr/bin/env bash
# services.sh in roots of Debian releases, with the Secret Services that these have: releases.sh SUITE… (bookworm, trixie). With
# --make before the suites: only makes the roots, which are kept (tests/distros/roots.sh): some minutes, once, for which no test
# should wait. Exit 77: no root can be made here, or what was built here does not run there.
set -u
top=$(cd "$(dirname "$0")/../../.." && pwd)
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"

if reason=$(root_lack); then
  echo "SKIP: $reason"
  exit 77
fi
common=(dbus libglib2.0-bin libsecret-tools gnome-keyring jq curl procps python3-minimal ca-certificates
  libcurl4 libcjson1 libyaml-0-2 libmicrohttpd12 libgnutls30 libssl3)
declare -A services=(
  [bookworm]="keepassxc libkf5wallet-bin libqca-qt5-2-plugins"
  [trixie]="keepassxc-full kwallet6 libqca-qt6-plugins"
)
make_root() { # sets root
  local more
  read -r -a more <<<"${services[$1]}"
  root_with "$1" services "${common[@]}" "${more[@]}"
}

if [ "$1" = --make ]; then
  shift
  for suite in "$@"; do
    make_root "$suite" || exit 1
  done
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
install -m 755 "$ROTATOR" "$work/rotator"
install -m 755 "$EMULATOR" "$work/emulator"
install -m 755 "$LIBSECRET" "$work/rotator-libsecret"
in_root() { root_run "$root" --bind "$top" /src --bind "$work" /programs -- "$@" </dev/null; }
for suite in "$@"; do
  make_root "$suite" || exit 1
  said=$(in_root /programs/rotator --version 2>&1) || { echo "SKIP: what was built here does not run in $suite: $said"; exit 77; }
  in_root env ROTATOR=/programs/rotator EMULATOR=/programs/emulator LIBSECRET=/programs/rotator-libsecret \
    /src/tests/integration/libsecret/services.sh || exit 1
done
