#!/usr/bin/env bash
# A systemd path unit (257, and 252) with two PathChanged= misses changes of the file that is there, while the folder of the other
# path is missing and something comes to be in the folder above that one. The unit stays active, and nothing is logged.
#
# Why it matters: one unit watches a file that is always there and a flag that somebody makes when it is wanted. Where the flag is below
# /run, each socket and pid file that any daemon makes there can cost a change of the other file.
# Cause: systemd watches the nearest folder that exists, and at each event in there takes the watches of all paths down and up again;
# PathChanged= is about events, so that what happened in between is never looked for.
#
# In a root of Debian 13 made by debootstrap and booted by systemd-nspawn (as root; some four minutes). Prints how many of 40 changes
# started no service, with the second folder missing and with it there. Exit status 1 when this changes.
set -u
[ "$(id -u)" -eq 0 ] || exit 2
for program in debootstrap systemd-nspawn=systemd-container; do
  command -v "${program%=*}" >/dev/null || apt-get install -y --no-install-recommends "${program#*=}" >/dev/null 2>&1
done
dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
{ debootstrap --variant=minbase trixie "$dir/root" && cp -L /etc/resolv.conf "$dir/root/etc/" &&
  chroot "$dir/root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends systemd-sysv dbus; } >"$dir/log" 2>&1 </dev/null ||
  { tail -n 5 "$dir/log"; exit 2; }
cat >"$dir/root/probe" <<'P'
#!/bin/bash
mkdir /srv/keys
printf '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nExecStart=/bin/sh -c "cat /srv/keys/key >/srv/read"\n' \
  >/run/systemd/system/reader.service
printf '[Path]\nTriggerLimitIntervalSec=0\nPathChanged=/srv/keys/key\nPathChanged=/run/asked/restart\n' >/run/systemd/system/reader.path
systemctl daemon-reload
for folder in missing there; do
  [ $folder = missing ] || mkdir /run/asked
  systemctl restart reader.path
  missed=0
  for i in $(seq 40); do
    echo "$folder $i" >/srv/keys/new
    touch "/run/other-$folder-$i" &
    mv /srv/keys/new /srv/keys/key
    wait
    for try in $(seq 30); do [ "$(cat /srv/read 2>/dev/null)" = "$folder $i" ] && break; sleep 0.05; done
    [ "$(cat /srv/read 2>/dev/null)" = "$folder $i" ] || missed=$((missed + 1))
    sleep 0.1
  done
  echo "$folder $missed $(systemctl is-active reader.path)"
done >/srv/result
P
chmod +x "$dir/root/probe"
printf '[Unit]\nSuccessAction=poweroff\nFailureAction=poweroff\n[Service]\nType=oneshot\nExecStart=/probe\n' >"$dir/root/etc/systemd/system/probe.service"
timeout 300 systemd-nspawn --quiet --register=no --keep-unit --machine="paths-$$" -D "$dir/root" \
  --boot systemd.wants=probe.service </dev/null >"$dir/log" 2>&1
version=$(chroot "$dir/root" dpkg-query -W -f '${Version}' systemd)
[ -s "$dir/root/srv/result" ] || { tail -n 5 "$dir/log"; exit 2; }
while read -r folder missed active; do
  echo "systemd $version: the other path's folder is $folder: $missed of 40 changes started nothing; the path unit is $active"
done <"$dir/root/srv/result"
read -r _ missed _ < <(grep '^missing ' "$dir/root/srv/result")
[ "${version%%.*}" = 257 ] && [ "$missed" -ge 3 ] && grep -q '^there 0 ' "$dir/root/srv/result"
