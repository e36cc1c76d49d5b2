#!/usr/bin/env bash
# cronie (Debian 13) does not run a job of a user whose home directory is missing, as that of many system users is: nothing is
# run, nothing is mailed, the exit status is nowhere.
#
# Debian packages: cronie 1.7.2-4 in a root of Debian 13 made by debootstrap (as root; some two minutes). Prints which users' jobs
# ran and what was mailed. Exit status 1 when this changes.
set -u
[ "$(id -u)" -eq 0 ] || exit 2
command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap >/dev/null 2>&1
dir=$(mktemp -d)
trap 'rm -rf --one-file-system "$dir"' EXIT
{ debootstrap --variant=minbase trixie "$dir/root" && cp -L /etc/resolv.conf "$dir/root/etc/" &&
  chroot "$dir/root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends cronie; } >"$dir/log" 2>&1 </dev/null ||
  { tail -n 5 "$dir/log"; exit 2; }
cat >"$dir/root/probe" <<'P'
mount -t proc proc /proc
mkdir -m 1777 /mails
printf '#!/bin/sh\ncat >/mails/$$\n' >/usr/sbin/sendmail
chmod 755 /usr/sbin/sendmail
touch /ran && chmod 666 /ran
for user in housed homeless; do
  useradd --system --home-dir /srv/$user $user
  printf '* * * * * %s id -un >>/ran; echo said by %s\n' $user $user >/etc/cron.d/$user
done
mkdir /srv/housed
crond -n -P >/log 2>&1 &
for i in $(seq 70); do [ -s /ran ] && break; sleep 1; done
sleep 2
kill $!
P
unshare --mount --pid --fork --kill-child chroot "$dir/root" bash /probe
cronie=$(chroot "$dir/root" dpkg-query -W -f '${Version}' cronie)
echo "cronie $cronie; jobs ran of: $(tr '\n' ' ' <"$dir/root/ran"); mailed: $(cat "$dir"/root/mails/* 2>/dev/null | grep '^said\|rror' | tr '\n' ' ')"
cat "$dir/root/log"
[ "$(cat "$dir/root/ran")" = housed ] && ! cat "$dir"/root/mails/* | grep -q homeless
