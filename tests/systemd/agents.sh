#!/bin/bash
# Runs in the container: agents of all kinds, and agent-restart@. In the end an agent always has the key that is in its file,
# however often and fast that was replaced and however slow the agent starts.
# shellcheck source=tests/systemd/tap.sh
. /probe/tap.sh

put_key() { printf 'IAM_API_KEY=%s\n' "$2" >"/etc/rotator/keys/.$1" && mv "/etc/rotator/keys/.$1" "/etc/rotator/keys/$1.env"; }
has_key() { [ "$(variable_of "$1" IAM_API_KEY)" = "$2" ]; }
pid_of() { systemctl show "$1" -p MainPID --value; }
state_of() { systemctl show "$1" -p SubState --value; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
# is_over_soon NAME: comes back at the very moment when the service that restarts it is over; after 20 s in any case.
is_over_soon() {
  local end=$((SECONDS + 20))
  until is_state "agent-restart@$1.service" dead || [ $SECONDS -gt $end ]; do :; done
}
# agent NAME LINE…: a consumer with these lines in its [Service].
agent() {
  local name=$1
  shift
  { printf '[Unit]\nStartLimitIntervalSec=60\nStartLimitBurst=2\n[Service]\nEnvironmentFile=/etc/rotator/keys/%s.env\n' "$name"
    printf '%s\n' "$@"; } >"/etc/systemd/system/$name.service"
  systemctl daemon-reload
  put_key "$name" first
  systemctl start "$name"
}

dpkg -i /probe/rotator.deb
echo "# $(systemctl --version | head -n 1)"

agent slow ExecStart='/bin/sleep infinity' ExecStartPost='/bin/sleep 3'
systemctl enable --now agent-restart@slow.path
sleep 1
is "an agent that has its key is left alone when the watching begins" has_key slow first
put_key slow second
is "it is restarted" eventually 10 is_state slow start-post
put_key slow third
is "a key that is replaced while it starts is not missed" eventually 30 has_key slow third
eventually 10 is_state agent-restart@slow.service dead
for i in $(seq 20); do
  put_key slow "key$i"
  sleep 0.2
done
is "nor is the last of twenty" eventually 40 has_key slow key20
is "systemd still watches" eventually 10 is_state agent-restart@slow.path waiting
is "and its start limit did not stop it" systemctl is-active slow

# Type=notify, and as slow.
agent notify Type=notify NotifyAccess=all \
  "ExecStart=/bin/sh -c 'sleep 3; systemd-notify --ready; exec sleep infinity'"
systemctl enable --now agent-restart@notify.path
sleep 1
put_key notify second
sleep 1
put_key notify third
is "Type=notify: a key that is replaced while it starts is not missed" eventually 30 has_key notify third

# At once, and at the worst moment: as soon as the service that restarts is over.
agent quick ExecStart='/bin/sleep infinity'
systemctl enable --now agent-restart@quick.path
sleep 1
for i in 1 2 3 4; do
  put_key quick "a$i"
  eventually 20 has_key quick "a$i"
  is_over_soon quick
  put_key quick "b$i"
  is "replaced just when the restart is over ($i)" eventually 20 has_key quick "b$i"
done
eventually 10 is_state agent-restart@quick.service dead
pid=$(pid_of quick)
chmod 640 /etc/rotator/keys/quick.env
ln /etc/rotator/keys/quick.env /etc/rotator/keys/backup
sleep 2
is "a hard link and other modes are no reason to restart" test "$(pid_of quick)" = "$pid"

systemctl stop agent-restart@quick.path
put_key quick unseen
systemctl start agent-restart@quick.path
is "what happened before the watching began is seen" eventually 20 has_key quick unseen
systemctl stop agent-restart@quick.path
eventually 10 is_state agent-restart@quick.service dead
sleep 1.1
put_key quick boot
rm -rf /run/agent-restart
systemctl start agent-restart@quick.path
is "and also when nothing is remembered, as after a boot" eventually 20 has_key quick boot

eventually 10 is_state agent-restart@quick.service dead
systemctl stop quick
put_key quick later
sleep 1
is "what was stopped stays stopped" status_is 3 -- systemctl is-active quick

# One that does not start any more is told, once, and not tried for ever.
agent broken ExecStart='/bin/sleep infinity' ExecStartPost='/usr/bin/test ! -e /run/broken'
systemctl enable --now agent-restart@broken.path
sleep 1
touch /run/broken
put_key broken second
is "an agent that does not start is a failed unit" eventually 20 systemctl is-failed agent-restart@broken.service
is "and a line in the journal" eventually 5 sh -c 'journalctl --no-pager | grep -q "broken.service could not be restarted with its new key"'
sleep 6
is "of which there is one" sh -c '[ "$(journalctl --no-pager | grep -c "broken.service could not be restarted")" = 1 ]'
rm /run/broken
put_key broken third
systemctl start broken
is "and it is watched on" eventually 10 is_state agent-restart@broken.path waiting
is "with the key it started with" has_key broken third

# Another file, and a folder that others may not enter.
install -d -m 0700 -o rotator -g rotator /srv/keys
agent other ExecStart='/bin/sleep infinity' EnvironmentFile=/srv/keys/x.env
mkdir -p /etc/systemd/system/agent-restart@other.path.d
printf '[Path]\nPathChanged=\nPathChanged=/srv/keys/x.env\n' >/etc/systemd/system/agent-restart@other.path.d/file.conf
printf 'IAM_API_KEY=one\n' >/srv/keys/x.env
systemctl daemon-reload
systemctl start other
systemctl enable --now agent-restart@other.path
sleep 1
printf 'IAM_API_KEY=two\n' >/srv/keys/y.env && mv /srv/keys/y.env /srv/keys/x.env
is "another file, named by a drop-in" eventually 20 has_key other two
echo "1..$n"
journalctl --no-pager -u 'agent-restart*' >/probe/journal
