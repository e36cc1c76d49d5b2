#!/usr/bin/env bash
# Memory that is exhausted in the middle of what the shipped program does, in whosever allocation: of our own code, libcurl,
# cJSON, libyaml, OpenSSL, libc (memory_fails.c is preloaded). Whole rotations, and every other command, in a world of their own.
#
#   allocations.sh [--store file|vault] [--seed N] [--each N | --every N] [COMMAND…]
#
# --each N: so many allocations of each command, drawn from the seed, fail once; and from a third of them on, all do. --every N:
# each Nth allocation instead, 1 for all of them (hours). COMMAND: rotate, init … instead of all.
#
# After each: no crash, no finding of a sanitizer (the program may be built with ASan: then leaks count too); a status that is
# true, and 0 only where all is done that the command is for; a sentence wherever it is not 0; a sink with a key that IAM
# takes; and one clean run later the world is as it would have been. Needs $ROTATOR, $EMULATOR and $MEMORY_FAILS.
: "${MEMORY_FAILS:?path of the library}"
home_of_caches=$HOME
. "$(dirname "$0")/../cli/lib.sh"
# OpenSSL 3.0 forgets objects of its own when the allocation after fails; that those that are ours are freed is seen by all other tests.
printf 'leak:CRYPTO_zalloc\nleak:CRYPTO_strndup\n' >"$T/leaks.not.ours"
export ASAN_OPTIONS=verify_asan_link_order=0:exitcode=99:allocator_may_return_null=1
export LSAN_OPTIONS=exitcode=98:print_suppressions=0:suppressions=$T/leaks.not.ours
store=file seed=1 each=12 every=0 wanted=()
while [ $# -gt 0 ]; do
  case $1 in
    --store) store=$2 && shift 2 ;;
    --seed) seed=$2 && shift 2 ;;
    --each) each=$2 && shift 2 ;;
    --every) every=$2 && shift 2 ;;
    -*) fail "what is $1?" ;;
    *) wanted+=("$1") && shift ;;
  esac
done
start_emulator

# --- the world: one target, prod, with its state and its key in that store ---

case $store in
  file)
    world_of() { { head_of_config; target "$1" "${2:-$sender_id}"; } >"$config"; }
    value_of() { sink_value "$1"; }
    ;;
  vault)
    top=$(cd "$(dirname "$0")/../.." && pwd)
    # shellcheck source=tests/servers/vault/lib.sh
    . "$top/tests/servers/vault/lib.sh"
    HOME=$home_of_caches vault_binary
    trap 'vault_stop KILL; clean_up' EXIT
    vault_dev "$T/vault" || fail "no Vault"
    (umask 077 && echo root >"$T/vault.token")
    world_of() {
      {
        head_of_config
        cat <<END
  - name: $1
    instance: "$crn"
    service_id: ${2:-$sender_id}
    home: {vault: {path: $1/state}}
    sinks:
      - vault: {path: $1/key}
vault: {address: "$VAULT_ADDR", mount: secret, auth: {token: {file: $T/vault.token}}}
END
      } >"$config"
    }
    value_of() { "$vault" kv get -mount=secret -field=api_key "$1/key" 2>/dev/null; }
    ;;
  *) fail "what store is $store?" ;;
esac

# --- one run in which an allocation fails ---

# Is it true that consumers have no working key? With init the sink may be empty yet, and until repair is done it holds none of ours.
have_none() { [ "$name_of" = init ] || { [ "$name_of" = repair ] && [[ $(value_of prod) = somebody-elses-* ]]; }; }
# failing NUMBER FROM COMMAND…: its status in $status.
failing() {
  local number=$1 from=$2
  shift 2
  env LD_PRELOAD="$MEMORY_FAILS" FAIL_AT="$number" ${from:+FAIL_FROM=1} timeout 90 \
    "$ROTATOR" -c "$config" "$@" >"$T/out" 2>"$T/err" </dev/null
  status=$?
  what="$* with allocation $number${from:+ and all after it} failing: status $status"
  case $status in
    0) ;;
    1 | 2 | 3 | 5 | 75) [ -s "$T/err" ] || fail "$what and not a word" ;;
    # getaddrinfo of glibc 2.36 ends the process where it has no memory for a line of nsswitch.conf, and says "Unexpected
    # error." where it has none for its words either: as good as killed. No code of ours asserts.
    134) grep -q "^rotator: nss_database.c:.* Assertion${from:+\|^Unexpected error.}" "$T/err" || fail "$what" ;;
    # OpenSSL 3.5 falls, called by libcurl, where one of the allocations of a new connection failed. No code of ours calls it.
    139) grep -q '^memory_fails: crashed in SSL_set0_[rw]bio of .*/libssl\.' "$T/err" || fail "$what" ;;
    4) have_none || fail "$what" ;;
    *) fail "$what" ;;
  esac
  ! grep -q 'PEM\|can.t be read\|cannot be used\|Invalid argument\|does not fit\|too long' "$T/err" || fail "$what, and something is called broken"
  ! grep -q 'Sanitizer\|runtime error' "$T/err" || fail "$what"
  ! grep -q 'NO working key' "$T/out" "$T/err" || have_none || fail "$what, and consumers are said to have no working key"
  no_secrets
}
count_of() {
  env FAIL_COUNT="$T/count" LD_PRELOAD="$MEMORY_FAILS" "$ROTATOR" -c "$config" "$@" >"$T/out" 2>"$T/err" </dev/null ||
    fail "rotator $*: status $?"
  cat "$T/count"
}
# numbers MOST: which allocations are to fail.
numbers() {
  if [ "$every" -gt 0 ]; then
    seq "$((seed % every))" "$every" "$1"
  else
    awk -v n="$each" -v most="$1" -v seed="$seed" 'BEGIN {
      srand(seed)
      for (i = 0; i < n; i++) # each fourth among the first thousand, where the program sets itself up
        print int(rand() * (i % 4 ? most : 1000))
    }'
  fi
}

# --- what must be true ---

consumer_works() { key_works "$1" "$(value_of prod)"; }
# clean WHEN: after clean runs the target is idle with one key, which is in the sink.
clean() {
  settle "$1"
  consumer_works "$1, then clean runs"
  [ "$(control POST check-value "{\"value\":\"$(value_of prod)\"}" | jq -r .key_id)" = "$(active_keys)" ] ||
    fail "$1: the key in the sink is not the one that is left"
  leftovers=$(find "$T/state" "$T/sinks" -name '*.tmp*' -o -name '.*' -type f | grep -v '\.lock$')
  [ -z "$leftovers" ] || fail "$1: left over: $leftovers"
}
# same FILTER: the JSON answer is, by the filter, what it is without a fault.
same() {
  [ "$(jq -cS "$1" "$T/out" 2>&1)" = "$(rotator -c "$config" "${command[@]}" 2>/dev/null | jq -cS "$1")" ] ||
    fail "$what, but it answers something else: $(jq -cS "$1" "$T/out")"
}

# For each command: before_X makes the world it begins in, done_X checks what status 0 means, after_X that the next run mends it.
before_rotate() { before=$(value_of prod); }
done_rotate() {
  [ "$(value_of prod)" != "$before" ] && [ "$(active_keys | wc -l)" = 1 ] && [ "$(phase)" = idle ] ||
    fail "$what, and the rotation is not done"
}
after_rotate() { clean "$what"; }

made=0
before_init() { made=$((made + 1)) name=made$made && world_of "$name" "$name"; command=(init "$name"); }
done_init() { key_works "$what" "$(value_of "$name")"; }
after_init() {
  run 0 init "$name"
  key_works "$what, then a clean init" "$(value_of "$name")"
  [ "$(control GET keys | jq --arg i "$(control GET identities | jq -r --arg n "$name" '[.identities[] | select(.name == $n)] | .[0].iam_id')" \
    '[.keys[] | select(.iam_id == $i and (.deleted | not))] | length')" = 1 ] || fail "$what: keys are left over"
}

before_run() { :; }
done_run() { :; }
after_run() { clean "$what"; }

before_status() { :; }
done_status() { same '[.targets[] | {name, phase, working, current, exit}]'; }
after_status() { :; }
before_check() { :; }
done_check() { same '[.. | objects | select(has("findings")) | .findings] | length'; }
after_check() { :; }
before_keys() { :; }
done_keys() { same '[.. | objects | select(has("id")) | .id] | sort'; }
after_keys() { :; }
before_verify() { :; }
done_verify() { same '[.targets[] | {name, working}]'; }
after_verify() { :; }

# A sink that holds what is no key of ours: repair puts the state's value there.
before_repair() {
  case $store in
    file) echo 'IAM_API_KEY=somebody-elses-key-somebody-elses-key-123456' >"$T/sinks/prod.env" ;;
    vault) "$vault" kv put -mount=secret prod/key api_key=somebody-elses-key-somebody-elses-key-123456 >/dev/null ;;
  esac
}
done_repair() { consumer_works "$what"; }
after_repair() { run 0 repair prod --keep=state; clean "$what"; }

# A grace that lasts a day: retire ends it.
before_retire() {
  world_of prod && sed -i 's/^  grace: .*/  grace: 1d/' "$config"
  run 0 rotate prod
  consumer_works "before retire"
}
done_retire() { [ "$(phase)" != grace ] || fail "$what, and grace goes on"; }
after_retire() { world_of prod && clean "$what"; }

try() { # try NUMBER FROM: one run of the command
  "before_$name_of"
  failing "$1" "$2" "${command[@]}"
  [ "$name_of" = repair ] || [ "$name_of" = init ] || consumer_works "$what"
  [ $status != 0 ] || "done_$name_of"
  "after_$name_of"
}
all_of() { # all_of NAME COMMAND…
  local most n i=0
  name_of=$1
  shift
  command=("$@")
  [ ${#wanted[@]} -eq 0 ] || [[ " ${wanted[*]} " == *" $name_of "* ]] || return 0
  "before_$name_of"
  most=$(count_of "${command[@]}") || exit 1
  status=0 what="$* without a fault"
  "done_$name_of"
  "after_$name_of"
  while read -r n; do
    try "$n" ''
    [ $((i % 3)) != 0 ] || try "$n" from
    i=$((i + 1))
  done < <(numbers "$most")
  [ "$i" -gt 0 ] || fail "$name_of: nothing was tried"
  passed "$store: $name_of: $i of $most allocations fail"
}

world_of prod
run 0 init prod
all_of rotate rotate prod --wait=retired
all_of run run
all_of status status --json
all_of check check --json
all_of keys keys --json prod
all_of verify verify --json prod
all_of repair repair prod --keep=state
all_of retire retire prod --yes
all_of init init made
