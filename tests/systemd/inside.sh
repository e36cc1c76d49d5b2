#!/bin/bash
# Runs in the container, as a unit, after the boot: installs the package, sets a target up and lives through a rotation with the
# units. run.sh made the rest of /probe.
# shellcheck source=tests/systemd/tap.sh
. /probe/tap.sh
unit_ended_with() { systemctl show rotator.service -p ExecMainStatus -p Result | tee /dev/stderr | grep -qx "ExecMainStatus=$1"; }
key_in_file() { sed -n 's/^IAM_API_KEY=//p' /etc/rotator/keys/fluent-bit.env | tr -d "\"'"; }
consumer_has_the_key() { [ -n "$(variable_of fluent-bit IAM_API_KEY)" ] && [ "$(variable_of fluent-bit IAM_API_KEY)" = "$(key_in_file)" ]; }

is "the package installs" dpkg -i /probe/rotator.deb
is "units are not enabled by themselves" status_is 1 -- systemctl is-enabled rotator.timer
install -m 0600 /probe/management.key /etc/rotator/management.key
install -m 0644 /probe/rotator.yaml /etc/rotator/rotator.yaml

is "by hand as the service: check" status_is 0 -- rotator-as-service check
is "by hand as the service: init" status_is 0 -- rotator-as-service init prod-logs
is "state and key belong to rotator alone" test \
  "$(stat -c '%U %a' /var/lib/rotator /var/lib/rotator/*.state /etc/rotator/keys/fluent-bit.env | tr '\n' ' ')" = "rotator 700 rotator 600 rotator 600 "
is "root gets no further by accident than being told" status_is 3 -- /usr/bin/rotator check --offline

# A consumer that reads its key when it starts.
printf '[Service]\nExecStart=/bin/sleep infinity\n' >/etc/systemd/system/fluent-bit.service
mkdir /etc/systemd/system/fluent-bit.service.d
cp /probe/rotator.conf /etc/systemd/system/fluent-bit.service.d/
systemctl daemon-reload
is "the consumer starts with the key" systemctl start fluent-bit
is "and has it" eventually 20 consumer_has_the_key
is "the path unit is enabled" systemctl enable --now agent-restart@fluent-bit.path

is "the service runs in its sandbox, nothing is due" systemctl start rotator.service
is "and says so" unit_ended_with 0
before=$(key_in_file)
is "a rotation by hand" status_is 0 -- rotator-as-service rotate prod-logs --reason "a test of the units"
is "changed the key" test "$before" != "$(key_in_file)"
is "and the consumer was restarted with the new key" eventually 20 consumer_has_the_key
systemctl stop fluent-bit
is "the service finishes the rotation" systemctl start rotator.service
is "and succeeds" unit_ended_with 0
is "one key is left" bash -c "rotator-as-service keys prod-logs --json | grep -o 'ApiKey-[0-9a-f-]*' | sort -u | wc -l | grep -qx 1"
is "what was stopped stays stopped" status_is 3 -- systemctl is-active fluent-bit
# Three days off: one run, within the delay that spreads a fleet.
mkdir -p /var/lib/systemd/timers
touch -d '3 days ago' /var/lib/systemd/timers/stamp-rotator.timer
is "the timer starts" systemctl enable --now rotator.timer
is "and has a time" bash -c 'systemctl list-timers --no-pager rotator.timer | grep -q "rotator.service"'
soon() {
  local next
  next=$(date -d "$(systemctl show rotator.timer -p NextElapseUSecRealtime --value)" +%s) || return 1
  echo "next run: $next, now: $(date +%s)"
  [ "$next" -le $(($(date +%s) + 600)) ] || systemctl is-active rotator.service
}
is "which is within ten minutes, after three days off" soon

# A sink in a folder that the unit may not write to: by hand it is the same as from the timer, and the setting is named.
install -d -m 0755 -o rotator -g rotator /srv/keys
sed -i 's|^    sinks:|&\n      - file: {path: /srv/keys/x, format: raw}|' /etc/rotator/rotator.yaml
is "a sink outside the sandbox: check by hand sees it" bash -c 'rotator-as-service check | tee /dev/stderr | grep -q ReadWritePaths='
is "and the unit fails" status_is 1 -- systemctl start rotator.service
is "and says which setting" bash -c 'journalctl --no-pager -u rotator.service | grep -q ReadWritePaths='
mkdir -p /etc/systemd/system/rotator.service.d
printf '[Service]\nReadWritePaths=/srv/keys\n' >/etc/systemd/system/rotator.service.d/keys.conf
systemctl daemon-reload
is "with a drop-in, from the timer" systemctl start rotator.service
is "the sink has the key" test -s /srv/keys/x
is "and check by hand is content" status_is 0 -- rotator-as-service check
sed -i '/srv.keys/d' /etc/rotator/rotator.yaml

echo "nonsense: 1" >>/etc/rotator/rotator.yaml
is "a broken configuration makes the unit fail" status_is 1 -- systemctl start rotator.service
is "with the status of a configuration mistake" unit_ended_with 2
is "the same by hand" status_is 2 -- rotator-as-service status
sed -i '/^nonsense/d' /etc/rotator/rotator.yaml
mv /etc/rotator/management.key /etc/rotator/elsewhere
is "a missing credential makes the unit fail" status_is 1 -- systemctl start rotator.service
mv /etc/rotator/elsewhere /etc/rotator/management.key
is "nothing of the key is in the journal" bash -c "! journalctl --no-pager | grep -qF -- '$(key_in_file)'"
is "the package goes" dpkg -P rotator
# (of a unit that is not there, systemd 252 says 3, and 257 says 4)
is "and stops its timer" status_is 3 4 -- systemctl is-active rotator.timer
is "what holds keys stays" test -s /etc/rotator/keys/fluent-bit.env
echo "1..$n"
journalctl --no-pager -u rotator.service -u 'agent-restart@*' >/probe/journal
