#!/bin/bash
# Runs in a root, beside a real cron: inside.sh DAEMON ARGUMENT… The line that we ship, fired each minute, and lines with each of our
# statuses. Prints TAP; /var/spool/mail-seen gets what would have been mailed.
set -u
seen=/var/spool/mail-seen
rm -rf $seen /tmp/fired /tmp/overlap /etc/cron.d/*
mkdir -p $seen
chmod 1777 $seen
id rotator >/dev/null 2>&1 || useradd --system --user-group --home-dir /var/lib/rotator rotator
mkdir -p /var/lib/rotator
touch /tmp/fired /tmp/overlap
chmod 666 /tmp/fired /tmp/overlap
program() { cat >"$1" && chmod 755 "$1"; }
program /usr/sbin/sendmail <<'E2'
#!/bin/sh
exec cat >"$(mktemp /var/spool/mail-seen/XXXXXX)"
E2
program /usr/bin/rotator <<'E2'
#!/bin/sh
echo "$(id -un) $*" >>/tmp/fired
E2
# The same line where PATH leads nowhere.
program /usr/bin/rotator-nowhere <<'E2'
#!/bin/sh
echo "nowhere $*" >>/tmp/fired
E2
# What our program does: what a person must read is printed; what is fine is silent.
program /usr/bin/ends-with <<'E2'
#!/bin/sh
[ "$2" = silent ] || echo "said with $1"
exit "$1"
E2
program /usr/bin/lasts <<'E2'
#!/bin/sh
echo began >>/tmp/overlap
sleep 62
echo ended >>/tmp/overlap
E2
sed 's/^17 /* /; s/600/2/g' /src/contrib/cron/rotator.cron >/etc/cron.d/rotator
{ echo PATH=/nowhere; sed 's|/usr/bin/rotator|&-nowhere|' /etc/cron.d/rotator; } >/etc/cron.d/nowhere
{ for status in 0 3 4 5 75; do
    echo "* * * * * root /usr/bin/ends-with $status silent"
    echo "* * * * * root /usr/bin/ends-with $status aloud"
  done
  echo '* * * * * root /usr/bin/lasts'; } >/etc/cron.d/statuses
chmod 644 /etc/cron.d/*

"$@" >/tmp/cron.log 2>&1 &
cron=$!
for _ in $(seq 140); do
  sleep 1
  [ "$(grep -c began /tmp/overlap)" -ge 2 ] && break
done
sleep 4
kill $cron
n=0
is() {
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >/dev/null 2>&1; then echo "ok $n - $name"; else echo "not ok $n - $name"; fi
}
mails() { cat $seen/* 2>/dev/null; }
mailed() { mails | grep -qx "said with $1"; }
silent() { [ "$(mails | grep -c 'ends-with [0-9]* silent')" = 0 ]; }
is "the line that we ship ran as rotator, and got 'run'" grep -qx 'rotator run' /tmp/fired
is "it mailed nothing" sh -c '! cat /var/spool/mail-seen/* | grep -q machine-id'
is "it runs where PATH leads nowhere, too" grep -qx 'nowhere run' /tmp/fired
is "and all that it needs is found" sh -c '! cat /var/spool/mail-seen/* | grep "not found"'
for status in 0 3 4 5 75; do
  is "what is said with status $status is mailed" mailed $status
done
is "a status alone, without a word, is not mailed" silent
is "a run that lasts is overtaken by the next: the lock is ours to hold" sh -c 'head -n 2 /tmp/overlap | tr "\n" " " | grep -qx "began began "'
echo "1..$n"
mails | grep "^Subject" | sort | uniq -c
cat /tmp/cron.log
