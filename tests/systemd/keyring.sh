#!/bin/bash
# Runs in the container: R13, the recipe of rotator-store-libsecret(5) for hosts on which nobody logs in, under a real
# `systemd --user`, with the timer's unit; once after `rotator check`, by which the bus has started a locked keyring already, once
# before it, and beside the units that gnome-keyring brings.
# shellcheck source=tests/systemd/tap.sh
. /probe/tap.sh

person() {
  useradd -m -s /bin/sh "$1"
  home=/home/$1 run=/run/user/$(id -u "$1") who=$1
  loginctl enable-linger "$1"
  eventually 30 test -S "$run/bus"
  runuser -u "$1" -- mkdir -p -m 700 "$home/.config/rotator"
  install -m 600 -o "$1" /probe/management.key "$home/.config/rotator/management.key"
  sed -e "s|^management:.*|management: {file: $home/.config/rotator/management.key}|" \
    -e 's|- file: {.*}|- libsecret: {item: prod-logs}|' -e 's|^    sinks:|    home: {libsecret: {item: prod-logs}}\n&|' \
    /probe/rotator.yaml >"$home/.config/rotator/rotator.yaml"
  chown "$1" "$home/.config/rotator/rotator.yaml"
}
as() { runuser -u "$who" -- env -i HOME="$home" PATH=/usr/bin:/bin XDG_RUNTIME_DIR="$run" "$@"; }
user_unit() { as systemctl --user "$@"; }
# The recipe, as it stands in the manual page.
recipe() {
  as sh -ec "$(zcat /usr/share/man/man5/rotator-store-libsecret.5.gz | sed -n '/^install -d -m 700/,/^\.Ed/p' | sed 's/\\en/\\n/; /^\.Ed/d')"
}
lookup() { as secret-tool lookup xdg:schema com.ibm.cloud.logs.rotator kind sink item prod-logs; }
has_key() { [ "$(lookup | wc -c)" -ge 40 ]; }
stores_are_fine() { [ "$(as rotator check | tee -a /dev/stderr | grep -c '^ok .*libsecret item')" = 2 ]; }
main_pid() { user_unit show rotator-keyring.service -p MainPID --value; }
owner() { as busctl --user call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetConnectionUnixProcessID s org.freedesktop.secrets | cut -d' ' -f2; }
is_unit_s() { [ -n "$(owner)" ] && [ "$(owner)" = "$(main_pid)" ]; }

is "the packages install" dpkg -i /probe/rotator.deb /probe/rotator-libsecret.deb
echo "# $(systemctl --version | head -n 1), gnome-keyring $(dpkg-query -W -f '${Version}' gnome-keyring)"

person ann
is "R13: check first: it says that there is no keyring" bash -c "$(declare -f as); who=ann home=$home run=$run; as rotator check | tee -a /dev/stderr | grep -q 'no default keyring yet'"
is "R13: the bus started a keyring for that" test -n "$(owner)"
is "R13: then the recipe" recipe
is "R13: its unit runs" status_is 0 -- user_unit is-active rotator-keyring.service
is "R13: and is the keyring" is_unit_s
is "R13: check is content" stores_are_fine
is "R13: init" status_is 0 -- as rotator init prod-logs
is "R13: the timer's unit" status_is 0 -- user_unit start rotator-user.service
before=$(lookup)
is "R13: a rotation" status_is 0 -- as rotator rotate prod-logs --wait=retired
is "R13: a consumer has the new key" bash -c "[ '$before' != '$(lookup)' ]"

# However it ends, and whoever asks first.
kill -9 "$(main_pid)"
as rotator check >/dev/null 2>&1
is "R13: killed, with a check before it is back: the unit is the keyring again" eventually 40 is_unit_s
is "R13: with the key" has_key
user_unit stop rotator-keyring.service
as rotator check >/dev/null 2>&1
is "R13: stopped: check finds it locked" bash -c "$(declare -f as); who=ann home=$home run=$run; as rotator check | tee -a /dev/stderr | grep -q 'keyring is locked: .*rotator-keyring.service'"
is "R13: started again" status_is 0 -- user_unit start rotator-keyring.service
is "R13: with the key again" has_key
is "R13: the timer's unit again" status_is 0 -- user_unit start rotator-user.service

person bob
is "R13: recipe first" recipe
is "R13: its unit is the keyring here, too" eventually 10 is_unit_s
is "R13: then check" stores_are_fine
user_unit restart rotator-keyring.service
is "R13: restarted" eventually 10 is_unit_s
is "R13: and check" stores_are_fine

person eve
is "R13: with gnome-keyring's own units" status_is 0 -- user_unit start gnome-keyring-daemon.socket gnome-keyring-daemon.service
is "R13: the recipe" recipe
is "R13: takes their place" eventually 10 is_unit_s
is "R13: check is content there" stores_are_fine
is "no key is in the journal" bash -c "! journalctl --no-pager | grep -qF -- '${before:-nothing}'"
echo "1..$n"
journalctl --no-pager | grep -E 'rotator-keyring|gnome-keyring' >/probe/journal
