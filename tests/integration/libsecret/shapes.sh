#!/usr/bin/env bash
# R12: what rotator-libsecret makes of the ways of a Secret Service (scripted_service.c says which there are): attributes that are
# not ours, prompts, items that are kept for a person. To be run inside session.sh with KEYRING=none, on a bus that starts nothing.
# shellcheck source=tests/integration/libsecret/lib.sh
. "$(dirname "$0")/lib.sh"
: "${SERVICE:?path of scripted_service}"

service=
stop_service() {
  [ -z "$service" ] || { kill "$service" && wait "$service"; } 2>/dev/null
  service=
}
trap 'stop_service; clean_up' EXIT
# with SHAPE…: such a service, without any item. as NAME SHAPE…: by a program of that name.
with() { as scripted "$@"; }
as() {
  stop_service
  : >"$T/said"
  install -m 755 "$SERVICE" "$T/bin/$1"
  "$T/bin/$1" "${@:2}" >"$T/said" 2>"$T/service.err" &
  service=$!
  for _ in $(seq 100); do
    grep -qx ready "$T/said" && return
    sleep 0.05
  done
  fail "no service: $(cat "$T/service.err")"
}
said() { [ "$(grep -cx "$1" "$T/said")" = "$2" ] || fail "$1, wanted $2 times: $(tr '\n' ' ' <"$T/said")"; }
# How many items of this kind there are, named a.
count() {
  gdbus call --session --dest org.freedesktop.secrets --object-path /org/freedesktop/secrets \
    --method org.freedesktop.Secret.Service.SearchItems "{'kind': '$1', 'item': 'a'}" | grep -o /collection/ | wc -l
}
says() { # says KIND TEXT VERB ITEM [VALUE]: such an error, which tells nobody to remove anything
  local kind=$1 text=$2 answer
  shift 2
  answer=$(helper "$@")
  jq -e --arg kind "$kind" --arg text "$text" '.error.kind == $kind and (.error.text | contains($text))' <<<"$answer" >/dev/null ||
    fail "rotator-libsecret $*: $answer, wanted $kind, $text"
  ! grep -qiE 'clear|remove|delete' <<<"$answer" || fail "it advises to remove: $answer"
}

with attributes
answers .ok check a
answers .ok write a one
answers .ok write a two
answers '.value == "two"' read a
[ "$(count sink)" = 1 ] && [ "$(count trial)" = 0 ] || fail "$(count sink) items, $(count trial) trials"
answers .ok check a
passed "R12: attributes that the service adds do not make an item somebody else's"

with silent
answers .ok check a
answers .ok write a one
answers .ok write a two
answers '.value == "two"' read a
said prompted 2  # (the trial and the item; what is there is not made anew)
said dismissed 0
passed "R12: a prompt that needs nobody is completed"

with two attributes
answers .ok write a one
answers .ok write a two
answers .ok check a
[ "$(count sink)" = 1 ] || fail "$(count sink) items"
passed "R12: a service that replaces nothing gets no second item"

with asks
says denied 'wants a person to say yes each time a program makes an item' write a one
said dismissed 1
says denied 'wants a person to say yes each time a program makes an item' check a
said prompted 2
said dismissed 2
answers .absent read a
passed "R12: a prompt that waits for somebody is dismissed"

with stuck
SECONDS=0
says unsure 'did not answer' write a one
[ $SECONDS -le 8 ] || fail "it took $SECONDS s"
passed "R12: a prompt that does not end is given up"

with declined
says denied 'wants a person to say yes' write a one
said dismissed 0
passed "R12: a prompt that is declined"

with private
says denied 'the keyring is open, but' check a
answers .ok write a one  # (makes it)
says denied 'wants a person to say yes each time a program reads an item' read a
says denied 'wants a person to say yes each time a program writes an item' write a two
passed "R12: an open keyring that gives its items to nobody is not called locked"

as keepassxc private
says denied "take away the mark at 'Confirm when passwords are retrieved by clients'" check a
passed "R12: KeePassXC is told how"

with picky
for i in 1 2 3 4; do
  answers .ok write a $i
  answers ".value == \"$i\"" read a
done
passed "R12: a session whose key is refused is followed by another"

as kwalletd6 garbles
for i in 1 2 3 4; do
  answers .ok write a $i
  answers ".value == \"$i\"" read a
  answers .ok check a
done
passed "R12: a session whose key does not fit is followed by another"

with forgetful
says refused 'does not give back what was written' check a
passed "R12: a keyring that does not keep what is written"

with asks-to-delete
answers .ok check a
answers .ok check a
said prompted 0
said dismissed 2
[ "$(count trial)" = 1 ] || fail "$(count trial) trials"
passed "R12: a trial item that only a person may remove is kept for the next check"

with
for _ in 1 2 3 4 5 6; do helper check a >>"$T/answers" & done
for job in $(jobs -p); do
  [ "$job" = "$service" ] || wait "$job"
done
[ "$(grep -o '"ok":true' "$T/answers" | wc -l)" = 6 ] || fail "six checks at once: $(cat "$T/answers")"
[ "$(count trial)" = 0 ] || fail "$(count trial) trials"
passed "R12: checks at once do not meet"

# The program: what cannot be used with nobody there is told before a key exists.
start_emulator
keyring_config
for shape in private asks forgetful; do
  with $shape
  run 3 check
  rotator -c "$config" init prod >"$T/out" 2>"$T/err" </dev/null && fail "$shape: init goes on"
  err_has 'say yes each time|does not give back'
  err_has 'nothing was made'
  [ -z "$(all_keys)" ] || fail "$shape: a key was made"
done
passed "R12: check and init stop before a key exists"
item() { helper read "$2" | jq -r .value; }  # (secret-tool uses more of the interface than is scripted)
with silent attributes
run 0 check
run 0 init prod
consumer_works "after init"
run 0 rotate prod --wait=retired
settle "a rotation"
consumer_works "after a rotation"
passed "R12: a rotation where new items come by prompts and with other attributes"
