#!/usr/bin/env bash
# What real schedulers make of our cron line, our exit statuses and runs that overlap: Debian's cron (in a root of Debian 12),
# cronie (13) and supercronic, which is built from its Go module once. rotator-schedulers(7) says what is tested here. Prints TAP.
# Takes two minutes, in which nothing happens but that minutes pass.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/distros/roots.sh
. "$top/tests/distros/roots.sh"
if reason=$(root_lack); then
  echo "1..0 # SKIP $reason"
  exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
supercronic=github.com/aptible/supercronic@v0.2.33

# The spread: many hosts, each with the same second of its own every hour.
spread() {
  local line host seconds=()
  line=$(sed -n 's/^17 [^a-z]*rotator //p' "$top/contrib/cron/rotator.cron")
  mkdir "$work/bin"
  printf '#!/bin/sh\necho "$HOST_NAME"\n' >"$work/bin/uname"
  printf '#!/bin/sh\necho "$1"\n' >"$work/bin/sleep"
  chmod +x "$work/bin/uname" "$work/bin/sleep"
  for host in $(seq -f 'host-%g' 40) host-1; do
    seconds+=("$(HOST_NAME=$host PATH=$work/bin:$PATH sh -c "${line%; exec*}")")
  done
  echo "# ${seconds[*]}"
  [ "${seconds[0]}" = "${seconds[40]}" ] && [ "$(printf '%s\n' "${seconds[@]}" | sort -u | wc -l)" -ge 30 ] &&
    [ "$(printf '%s\n' "${seconds[@]}" | sort -n | tail -n 1)" -lt 600 ]
}

# (with the authorities that this machine trusts: there may be a proxy of its own between)
go_there() {
  [ -x "$root/usr/local/bin/supercronic" ] ||
    root_run "$root" --bind /etc/ssl/certs /certs -- env SSL_CERT_FILE=/certs/ca-certificates.crt GOBIN=/usr/local/bin \
      GOFLAGS=-modcacherw nice go install "$supercronic" >"$work/go" 2>&1 ||
    { cat "$work/go"; return 1; }
}

if root_with bookworm cron cron; then
  root_run "$root" --bind "$top" /src -- /src/tests/schedulers/inside.sh cron -f >"$work/cron.tap" 2>&1 </dev/null &
fi
if root_with trixie cronie cronie; then
  root_run "$root" --bind "$top" /src -- /src/tests/schedulers/inside.sh crond -n -P >"$work/cronie.tap" 2>&1 </dev/null &
fi
if root_with trixie golang golang-go ca-certificates && go_there; then
  root_run "$root" --bind "$top" /src -- /src/tests/schedulers/supercronic.sh >"$work/supercronic.tap" 2>&1 </dev/null
fi
wait
n=1 failures=0
if spread; then echo "ok 1 - hosts are spread over ten minutes"; else echo "not ok 1 - hosts are spread over ten minutes"; failures=1; fi
for scheduler in cron cronie supercronic; do
  while IFS= read -r line; do
    case $line in
      'ok '*) n=$((n + 1)); echo "ok $n - $scheduler: ${line#*- }" ;;
      'not ok '*) n=$((n + 1)); failures=$((failures + 1)); echo "not ok $n - $scheduler: ${line#*- }" ;;
      1..*) ;;
      *) echo "# $line" ;;
    esac
  done < <(cat "$work/$scheduler.tap" 2>/dev/null)
  if ! grep -q '^1\.\.[1-9]' "$work/$scheduler.tap" 2>/dev/null; then
    n=$((n + 1)) failures=$((failures + 1))
    echo "not ok $n - $scheduler: ran to its end"
  fi
done
echo "1..$n"
[ $failures = 0 ]
