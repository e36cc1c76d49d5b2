# shellcheck shell=bash disable=SC2154
# What the tests on a real keyring share; to be run inside session.sh. Needs $ROTATOR, $EMULATOR and $LIBSECRET, the program
# rotator-libsecret.
: "${LIBSECRET:?path of rotator-libsecret}" "${DBUS_SESSION_BUS_ADDRESS:?no session bus: run by session.sh}"
# shellcheck source=tests/cli/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../cli/lib.sh"
install -m 755 "$LIBSECRET" "$T/bin/rotator-libsecret"  # (a build folder may be writable by a group)
collection=/org/freedesktop/secrets/collection/login
secrets() { gdbus call --session --timeout 20 --dest org.freedesktop.secrets "$@"; }

# --- the daemon ---

daemon_pid() {
  gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
    --method org.freedesktop.DBus.GetConnectionUnixProcessID org.freedesktop.secrets 2>/dev/null | tr -dc '0-9 ' | awk '{print $NF}'
}
lock_keyring() {
  secrets --object-path /org/freedesktop/secrets --method org.freedesktop.Secret.Service.Lock "['$collection']" >/dev/null
}
keyring_home=$(tr '\0' '\n' 2>/dev/null <"/proc/$(daemon_pid)/environ" | sed -n 's/^HOME=//p')
kill_daemon() {
  local pid
  pid=$(daemon_pid)
  [ -n "$pid" ] || return 0
  kill -9 "$pid" 2>/dev/null
  for _ in $(seq 100); do
    [ "$(daemon_pid)" != "$pid" ] && return
    sleep 0.05
  done
  fail "the daemon does not die"
}
is_open() {
  secrets --object-path "$collection" --method org.freedesktop.DBus.Properties.Get org.freedesktop.Secret.Collection Locked 2>/dev/null |
    grep -q false
}
# Puts an unlocked daemon in the place of whatever is there. (One that runs cannot be unlocked without its dialogue. A rotation
# that is under way may have the bus start a locked one before ours has the name: then once more.)
unlock_keyring() {
  local _
  for _ in 1 2 3 4 5; do
    kill_daemon
    printf rotator | HOME=$keyring_home gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
    gdbus wait --session --timeout 20 org.freedesktop.secrets || fail "no keyring"
    is_open && return
  done
  fail "the keyring stays locked"
}

# --- items ---

item() { secret-tool lookup xdg:schema com.ibm.cloud.logs.rotator kind "$1" item "$2"; }
# helper VERB ITEM [VALUE]: the answer of rotator-libsecret.
helper() {
  jq -cn --arg item "$2" --arg value "${3-}" '{version: 1, kind: "sink", item: $item} + if $value == "" then {} else {$value} end' |
    "$T/bin/rotator-libsecret" "$1"
}
# answers FILTER VERB ITEM [VALUE]
answers() {
  local filter=$1 answer
  shift
  answer=$(helper "$@") || fail "rotator-libsecret $*: status $?"
  jq -e "$filter" <<<"$answer" >/dev/null || fail "rotator-libsecret $*: $answer, wanted $filter"
}

# --- configuration ---

keyring_config() {
  {
    echo "libsecret: {program: $T/bin/rotator-libsecret, timeout: ${1:-20s}}"
    head_of_config
    printf '  - name: prod\n    instance: "%s"\n    service_id: %s\n' "$crn" "$sender_id"
    printf '    home: {libsecret: {item: prod}}\n    sinks: [libsecret: {item: prod}]\n'
  } >"$config"
}
# A consumer finds a key, and it works.
consumer_works() {
  local key
  key=$(item sink prod)
  [ -n "$key" ] || fail "$1: a consumer finds nothing"
  key_works "$1" "$key"
  if grep -rqF -- "$key" "$T/out" "$T/err" "$T/state" 2>/dev/null; then
    fail "$1: the key's value was printed or kept"
  fi
}
