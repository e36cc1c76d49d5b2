#!/bin/bash
# Runs in the container, as a unit, after the boot: installs the package, sets a target up and lives through a rotation with the
# units. run.sh made the rest of /probe.
# shellcheck source=tests/systemd/tap.sh
. /probe/tap.sh
unit_ended_with() { systemctl show rotator.service -p ExecMainStatus -p Result | tee -a /dev/stderr | grep -qx "ExecMainStatus=$1"; }
key_in_file() { sed -n 's/^IAM_API_KEY=//p' /etc/rotator/keys/fluent-bit.env | tr -d "\"'"; }
consumer_has_the_key() { [ -n "$(variable_of fluent-bit IAM_API_KEY)" ] && [ "$(variable_of fluent-bit IAM_API_KEY)" = "$(key_in_file)" ]; }

is "the package installs" dpkg -i /probe/rotator.deb
is "units are not enabled by themselves" status_is 1 -- systemctl is-enabled rotator.timer
# First contact.
is "without a configuration it names the example" bash -c 'rotator 2>&1 | tee -a /dev/stderr | grep -q /etc/rotator/rotator.yaml.example'
is "and the next command puts it into place" bash -c "\$(rotator run 2>&1 | sed -n 's/^next: //p')"
is "which is a configuration" status_is 3 -- rotator --here check --offline
is "that root and the service read alike" bash -c 'rotator check --offline | tee -a /dev/stderr | grep -q "no such file as LoadCredential="'
rm /etc/rotator/rotator.yaml
is "the rights can be asked for before" status_is 0 -- rotator init prod-logs --print-policy
install -m 0600 /probe/management.key /etc/rotator/management.key
install -m 0644 /probe/rotator.yaml /etc/rotator/rotator.yaml

is "root's rotator is as the service: check" status_is 0 -- rotator check
is "root's rotator is as the service: init" status_is 0 -- rotator init prod-logs
is "by its other name" status_is 0 -- rotator-as-service check
is "state and key belong to rotator alone" test \
  "$(stat -c '%U %a' /var/lib/rotator /var/lib/rotator/*.state /etc/rotator/keys/fluent-bit.env | tr '\n' ' ')" = "rotator 700 rotator 600 rotator 600 "
is "root gets no further in its own shoes than being told" status_is 3 -- /usr/bin/rotator --here check --offline
is "nor with another configuration" status_is 3 -- rotator -c /probe/rotator.yaml check --offline
is "the service's user finds the same state" bash -c 'runuser -u rotator -- rotator status --json | tee -a /dev/stderr | grep -q "\"phase\":\"idle\""'
is "without a terminal it is the same" bash -c 'rotator status --json </dev/null | cat | grep -q "\"phase\":\"idle\""'
is "and on a terminal" status_is 0 -- script -qec "rotator check" /dev/null
is "standard error stays apart" test -z "$(rotator status 2>&1 >/dev/null)"
is "standard input arrives" bash -c 'echo no | rotator forget prod-logs 2>&1 | grep -q "give --yes"'
is "nothing is left of it" bash -c '! ls -d /run/systemd/system/rotator-by-hand* 2>/dev/null'

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
is "a rotation by hand" status_is 0 -- rotator rotate prod-logs --reason "a test of the units"
is "changed the key" test "$before" != "$(key_in_file)"
is "and the consumer was restarted with the new key" eventually 20 consumer_has_the_key
is "it is known who asked" bash -c 'grep -q "root@" /var/lib/rotator/history/*'
systemctl stop fluent-bit
is "the service finishes the rotation" systemctl start rotator.service
is "and succeeds" unit_ended_with 0
is "one key is left" bash -c "rotator keys prod-logs --json | grep -o 'ApiKey-[0-9a-f-]*' | sort -u | wc -l | grep -qx 1"
is "what was stopped stays stopped" status_is 3 -- systemctl is-active fluent-bit
# A path unit that has failed watches nothing: that is told, with the command that mends it, and the consumer then has its key.
again() { cp -p /etc/rotator/keys/fluent-bit.env /etc/rotator/keys/new && mv /etc/rotator/keys/new /etc/rotator/keys/fluent-bit.env; }
watch=agent-restart@fluent-bit
limit() {  # limit UNIT LINE…: a drop-in
  mkdir -p "/etc/systemd/system/$1.d" && printf '%s\n' "${@:2}" >"/etc/systemd/system/$1.d/limit.conf" && systemctl daemon-reload
}
is_dead() { [ "$(systemctl show "$1" -p SubState --value)" = dead ]; }
fails_after() {  # fails_after RESULT: by changes that come soon one after the other
  for _ in 1 2 3; do
    systemctl is-failed -q $watch.path && break
    again
    sleep 1
    eventually 20 is_dead $watch.service
  done
  systemctl show $watch.path -p Result | tee -a /dev/stderr | grep -qx "Result=$1"
}
started() { systemctl show fluent-bit -p ExecMainStartTimestampMonotonic --value; }
newer() { [ "$(started)" -gt "$1" ]; }
# (One change may be two events, the second of which meets the limit: then nothing was missed so far.)
mended() {
  local before
  again
  before=$(started)
  sh -c "$(rotator status 2>&1 | sed -n 's/^next: //p')" || return 1
  eventually 20 newer "$before"
}
told() { rotator status 2>&1 | tee -a /dev/stderr | grep -q "$1.path has failed ($2) and no longer watches /etc/rotator/keys/fluent-bit.env"; }
systemctl start fluent-bit
is "all is well with the path unit, and nothing is said of it" status_is 0 -- rotator status
limit $watch.path '[Path]' TriggerLimitIntervalSec=1min TriggerLimitBurst=1
systemctl restart $watch.path
is "a path unit meets its limit" fails_after trigger-limit-hit
is "status says so" told $watch trigger-limit-hit
is "as a matter for a person" status_is 3 -- rotator status
is "in JSON too" bash -c "rotator status --json | tee -a /dev/stderr | grep -q '\"exit\":3,\"attention\":true,\"next\":\"systemctl reset-failed '"
is "check says so" bash -c "rotator check 2>&1 | tee -a /dev/stderr | grep -q '^FAIL .*restart .*$watch.path has failed'"
is "and has failed" status_is 3 -- rotator check
is "the service says so" status_is 1 -- systemctl start rotator.service
is "as a matter for a person, too" unit_ended_with 3
is "the next command mends it, and what was missed is made up for" mended
is "then it is well" status_is 0 -- rotator status
rm -r /etc/systemd/system/$watch.path.d
limit $watch.service '[Unit]' StartLimitIntervalSec=1min StartLimitBurst=1
systemctl restart $watch.path
is "the unit that it starts meets its limit" fails_after unit-start-limit-hit
is "status says that" told $watch unit-start-limit-hit
is "and the next command mends that" mended
is "and it is well again" status_is 0 -- rotator status
rm -r /etc/systemd/system/$watch.service.d
systemctl daemon-reload
systemctl reset-failed
systemctl restart $watch.path
systemctl stop fluent-bit
# R14: a unit that takes the file as a credential has a copy of it.
printf '[Service]\nType=oneshot\nLoadCredential=key:/etc/rotator/keys/fluent-bit.env\nExecStart=/bin/sh -c "cat $${CREDENTIALS_DIRECTORY}/key >/run/seen"\n' \
  >/etc/systemd/system/reader.service
systemctl daemon-reload
is "R14: a unit with LoadCredential= starts" systemctl start reader
is "R14: and reads the key there" cmp /run/seen /etc/rotator/keys/fluent-bit.env

# T11: the hook of the manual under the unit. The rotator's user gets that restart and no other right.
invocation_of() { systemctl show "$1" -p InvocationID --value; }
hook() { sed -i '/after_publish:/d' /etc/rotator/rotator.yaml && sed -i "s|^    sinks:|    after_publish: {run: [$*], timeout: 30s}\n&|" /etc/rotator/rotator.yaml; }
systemctl start fluent-bit
hook /usr/bin/systemctl, restart, fluent-bit
is "T11: check says that systemd refuses a bare systemctl" bash -c 'rotator check | tee -a /dev/stderr | grep -q "^warn .*hook .*agent-restart(8)"'
is "T11: and it does" bash -c '! runuser -u rotator -- systemctl restart fluent-bit'
hook /usr/libexec/rotator/agent-restart, fluent-bit, --ask
is "T11: check takes the hook that asks" bash -c 'rotator check | tee -a /dev/stderr | grep -q "^ok .*hook"'
starts() { journalctl --no-pager -u fluent-bit.service | grep -c "Started fluent-bit"; }
before=$(invocation_of fluent-bit) began=$(starts)
is "T11: a rotation with the hook" status_is 0 -- rotator rotate prod-logs --wait=published
is "T11: when it is published, the consumer has the key already" consumer_has_the_key
is "T11: it was restarted" test "$(invocation_of fluent-bit)" != "$before"
sleep 6
is "T11: and not twice" test "$(starts)" = $((began + 1))
is "T11: the service ends the rotation" systemctl start rotator.service
# A key that is in no file of this host: the hook alone is what restarts.
printf '[Service]\nExecStart=/bin/sleep infinity\nExecStartPost=/usr/bin/test ! -e /run/broken\n' >/etc/systemd/system/vaulted.service
systemctl daemon-reload
systemctl start vaulted
hook /usr/libexec/rotator/agent-restart, vaulted, --ask
is "T11: without the path unit it is told" bash -c 'rotator rotate prod-logs --patience 1s 2>&1 | tee -a /dev/stderr | grep -q "systemctl enable --now agent-restart@vaulted.path"'
systemctl enable --now agent-restart@vaulted.path
before=$(invocation_of vaulted)
is "T11: and then goes on" systemctl start rotator.service
is "T11: the consumer without a key file was restarted" test "$(invocation_of vaulted)" != "$before"
systemctl start rotator.service
touch /run/broken
is "T11: a consumer that does not start is told" bash -c 'rotator rotate prod-logs --patience 1s 2>&1 | tee -a /dev/stderr | grep -q "vaulted.service could not be restarted"'
is "T11: both keys stay" bash -c "[ \"\$(rotator keys prod-logs --json | grep -o 'ApiKey-[0-9a-f-]*' | sort -u | wc -l)\" = 2 ]"
rm /run/broken
systemctl reset-failed vaulted
systemctl start vaulted
is "T11: until it does" systemctl start rotator.service
is "T11: then the rotation ends" bash -c "systemctl start rotator.service && rotator keys prod-logs --json | grep -o 'ApiKey-[0-9a-f-]*' | sort -u | wc -l | grep -qx 1"
is "T11: the rotator's user can ask for nothing else" bash -c '! runuser -u rotator -- systemctl stop vaulted && ! runuser -u rotator -- systemctl restart agent-restart@vaulted.service'
systemctl disable --now agent-restart@vaulted.path
systemctl stop vaulted fluent-bit
sed -i '/after_publish:/d' /etc/rotator/rotator.yaml

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
sed -i 's|^    sinks:|&\n      - {name: elsewhere, file: {path: /srv/keys/x, format: raw}}|' /etc/rotator/rotator.yaml
is "a sink outside the sandbox: check by hand sees it" bash -c 'rotator-as-service check | tee -a /dev/stderr | grep -q ReadWritePaths='
is "and the unit fails" status_is 1 -- systemctl start rotator.service
is "and says which setting" bash -c 'journalctl --no-pager -u rotator.service | grep -q ReadWritePaths='
mkdir -p /etc/systemd/system/rotator.service.d
printf '[Service]\nReadWritePaths=/srv/keys\n' >/etc/systemd/system/rotator.service.d/keys.conf
systemctl daemon-reload
is "and from the timer" systemctl start rotator.service
is "the sink has the key" test -s /srv/keys/x
is "and check by hand is content" status_is 0 -- rotator-as-service check
sed -i '/srv.keys/d' /etc/rotator/rotator.yaml
is "a sink that is read no more" status_is 0 -- rotator repair prod-logs --drop-sink elsewhere

echo "nonsense: 1" >>/etc/rotator/rotator.yaml
is "a broken configuration makes the unit fail" status_is 1 -- systemctl start rotator.service
is "with the status of a configuration mistake" unit_ended_with 2
is "which the journal explains" bash -c 'journalctl --no-pager -u rotator.service | grep -q "exit status 2: usage or configuration"'
is "the same by hand" status_is 2 -- rotator status
sed -i '/^nonsense/d' /etc/rotator/rotator.yaml
mv /etc/rotator/management.key /etc/rotator/elsewhere
is "a missing credential makes the unit fail" status_is 1 -- systemctl start rotator.service
is "as a matter for a person" unit_ended_with 3
is "in a sentence" bash -c 'journalctl --no-pager -u rotator.service | grep -q "no such file as LoadCredential= in rotator.service names"'
is "the same by hand" bash -c 'rotator check 2>&1 | tee -a /dev/stderr | grep -q "no such file as LoadCredential="'
mv /etc/rotator/elsewhere /etc/rotator/management.key

# What a drop-in says of the unit is so for root's commands, too.
drop_in() { mkdir -p /etc/systemd/system/rotator.service.d && printf '%s\n' '[Service]' "$@" >/etc/systemd/system/rotator.service.d/test.conf && systemctl daemon-reload; }
drop_in 'LoadCredential=' 'LoadCredential=management:/etc/rotator/other.key' 'ExecStartPost=/bin/false'
is "another management key" bash -c 'rotator check 2>&1 | grep -q "no such file as LoadCredential="'
# shellcheck disable=SC1003 # a line that ends with a backslash
drop_in 'Environment=X=1 \' 'ExecStart=%n' 'MemoryMax=1G'
is "lines that go on" bash -c 'rotator status --offline 2>&1 | tee -a /dev/stderr | grep -q prod-logs'
drop_in 'ExecStartPre=/bin/sleep 60'
state_of() { systemctl show "rotator-by-hand-$1" -p ActiveState --value; }
is_state() { [ "$(state_of "$1")" = "$2" ]; }
stopped() {
  rotator status &
  local pid=$!
  eventually 10 is_state $pid activating && kill $pid
  wait $pid
  is_state $pid inactive && [ ! -e /run/systemd/system/rotator-by-hand-$pid.service.d ]
}
is "with the command, its unit ends" stopped
drop_in 'RootDirectory=/nonexistent'
is "a unit that systemd cannot set up is told" status_is 2 -- rotator status
is "in words" bash -c 'rotator status 2>&1 | tee -a /dev/stderr | grep -q "systemd could not start it"'
rm -r /etc/systemd/system/rotator.service.d
systemctl daemon-reload
is "and all is as before" status_is 0 -- rotator status
is "nothing of the key is in the journal" bash -c "! journalctl --no-pager | grep -qF -- '$(key_in_file)'"
is "the package goes" dpkg -P rotator
# (of a unit that is not there, systemd 252 says 3, and 257 says 4)
is "and stops its timer" status_is 3 4 -- systemctl is-active rotator.timer
is "what holds keys stays" test -s /etc/rotator/keys/fluent-bit.env
echo "1..$n"
journalctl --no-pager -u rotator.service -u 'agent-restart@*' >/probe/journal
