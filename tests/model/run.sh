#!/usr/bin/env bash
# Checks the model of the protocol (rotation.pml) with SPIN: every world below must keep every promise, and every error that is
# planted in one must break a promise.
#
#   run.sh            the small worlds and all planted errors (what tests/run.sh model runs)
#   run.sh --large    larger worlds as well: some minutes and gigabytes
#   run.sh --world "-DWISHES=1 …"          one world
#   run.sh --plant NAME                    one planted error
#   run.sh --trail NAME "-DWISHES=1 …"     how the planted error NAME breaks a promise, step by step
#
# Prints TAP. A search that is not complete (too deep, no more memory) has failed. One that ended well is not done again until the
# model, this script, SPIN or the compiler has changed: which were done, is kept in the cache folder. The same bytes have the same answer.
set -u
here=$(cd "$(dirname "$0")" && pwd)
model=$here/rotation.pml
work=$(mktemp -d "${TMPDIR:-/tmp}/rotator-model.XXXXXX")
trap 'rm -rf "$work"' EXIT
for tool in spin gcc; do
  command -v "$tool" >/dev/null || { echo "1..0 # SKIP $tool is not installed"; exit 0; }
done

small=(
  ""                                      # two rotators, one sink, one rotation
  "-DWISHES=1 -DFAULTS=1"                 # somebody takes it back, a replica lags
  "-DSINKS=2"
  "-DROTATIONS=2"
  "-DROTATORS=3"
  "-DHANDS=1"                             # a sink is edited, or the current key is deleted
  "-DLOCAL -DWISHES=1 -DFAULTS=1"         # class C: a lock, a mark, and W
  "-DSTALE_HOME"                          # the home store may serve old readings
)
large=(
  "-DROTATIONS=2 -DWISHES=1"
  "-DSINKS=2 -DWISHES=1"
  "-DHANDS=1 -DWISHES=1"
  "-DROTATIONS=2 -DLOCAL -DWISHES=2 -DFAULTS=2"
  "-DSTALE_HOME -DWISHES=1"
)
# L1, with every request landing once or never, and no process left out for ever (weak fairness).
endings=("-DROTATORS=1 -DWISHES=1 -DFAULTS=1" "-DROTATORS=1 -DLOCAL -DWISHES=1")

# An error, and the smallest world in which it breaks a promise (ends: L1).
plants=(
  "absent_once|-DROTATORS=1 -DFAULTS=1"
  "born_enabled|-DWISHES=1"
  "disable_early|"
  "enable_unnoted|-DWISHES=1"
  "grace_from_publishing|"
  "moved_ignored|-DHANDS=1"
  "no_confirm|-DSTALE_HOME"
  "no_grace|"
  "no_lock|-DLOCAL -DWISHES=1"
  "no_mark_wait|-DLOCAL -DWISHES=1"
  "no_sink_cas|-DROTATORS=1 -DWISHES=1"
  "no_stamp|-DWISHES=1"
  "no_state_cas|"
  "one_sink_enough|-DSINKS=2"
  "promote_unproven|"
  "retire_unproven|-DHANDS=1"
  "state_first|-DWISHES=1"
  "stray_any_lineage|"
  "stray_never|-DENDS -DROTATORS=1 -DWISHES=1|ends"
  "stray_no_bound|"
  "swap_no_epoch|-DWISHES=1"
  "swap_unproven|-DWISHES=1 -DHANDS=1"
  "swap_when_retiring|-DWISHES=1"
  "version_is_content|-DWISHES=2"
)

# search PLACE WORLD [ends] [-O…]: prints what the search said; 0 when nothing was found in the whole of it.
search() {
  local dir=$work/$1 kind=-DSAFETY
  local options=(-m1000000)
  [ "${3-}" = ends ] && kind="" options=(-m1000000 -a -f)
  mkdir -p "$dir" && cd "$dir" || return 1
  # shellcheck disable=SC2086
  spin -a $2 "$model" >spin.out 2>&1 && gcc "${4:--O1}" -w $kind -DNFAIR=8 -DCOLLAPSE -o pan pan.c 2>gcc.out || { cat spin.out gcc.out; return 2; }
  ./pan "${options[@]}" >pan.out 2>&1
  grep -E '^pan:1|errors:|states, stored|Search not completed|out of memory|depth' pan.out | sed 's/^ */# /'
  grep -q 'errors: 0' pan.out && ! grep -Eq 'Search not completed|out of memory|max search depth' pan.out
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/rotator-tests/model
mkdir -p "$cache"
find "$cache" -type f -mtime +60 -delete
base=$(cat "$model" "$here/run.sh" <(spin -V; gcc --version) | sha256sum)
# done_before WHAT: sets key.
done_before() {
  key=$cache/$(echo "$base $*" | sha256sum | cut -d' ' -f1)
  [ -e "$key" ] && touch "$key"
}

count=0 failed=0
tell() { # tell OK TEXT
  count=$((count + 1))
  if [ "$1" = 0 ]; then echo "ok $count - $2"; else echo "not ok $count - $2"; failed=1; fi
}
world() { # world OPTIONS [ends]
  local out s=0 again=", searched before"
  if ! done_before world "$@"; then
    again=
    out=$(search world "$@")
    s=$?
    echo "$out"
    [ $s != 0 ] || : >"$key"
  fi
  tell $s "the promises are kept: ${1:-the smallest world}${2:+, and it comes to rest}$again"
}
plant() { # plant NAME|OPTIONS[|ends]
  local name options how out
  IFS='|' read -r name options how <<<"$1"
  if done_before plant "$1"; then
    tell 0 "found: $name, searched before"
    return
  fi
  out=$(search "plant-$name" "$options -DPLANTED -DPLANT_$name" "$how" -O0)
  case $? in
    2) echo "$out"; tell 1 "$name: the model does not compile" ;;
    *)
      grep -Eq '^# pan:1: (assertion violated|acceptance cycle)' <<<"$out" && : >"$key"
      tell $? "found: $name" ;;
  esac
}

case ${1-} in
  --plant) # what is tried of one of them
    for p in "${plants[@]}"; do [ "${p%%|*}" != "$2" ] || plant "$p"; done
    exit $failed ;;
  --world) world "$2"; exit $failed ;;
  --trail)
    search trail "$3 -DPLANTED -DPLANT_$2"
    # shellcheck disable=SC2086
    cd "$work/trail" && spin -t -p -k rotation.pml.trail $3 -DPLANTED "-DPLANT_$2" "$model"
    exit ;;
esac

# The rows of the model are rows of the table; README.md names those that it leaves out.
rows_of_table=$(sed -n '/^#define ROW_LIST/,/^\/\/ clang-format on/p' "$here/../../rotator/engine/decide.h" | grep -o 'X([a-z_]*)' | tr -d 'X()' | sort)
rows_of_model=$({ grep -o '\br_[a-z_]*\b' "$model" | sed 's/^r_//'; sed -n 's/^| `\([a-z_]*\)` | left out.*/\1/p' "$here/README.md"; } | sort -u)
difference=$(diff <(echo "$rows_of_table" | grep -vx name) <(echo "$rows_of_model") | sed -n 's/^</# only in decide.h:/p; s/^>/# only in the model:/p')
[ -z "$difference" ] || echo "$difference"
tell "$([ -z "$difference" ]; echo $?)" "the model's rows are the rows of engine/decide.h"
# Every switch in the model is tried.
untried=$(comm -3 <(grep -o 'PLANT_[a-z_]\+' "$model" | sed 's/PLANT_//' | sort -u) <(printf '%s\n' "${plants[@]}" | cut -d'|' -f1 | sort))
[ -z "$untried" ] || echo "# not both a switch and in the list: $untried"
tell "$([ -z "$untried" ]; echo $?)" "every planted error is tried"

for options in "${small[@]}"; do world "$options"; done
for options in "${endings[@]}"; do world "-DENDS $options" ends; done
[ "${1-}" != --large ] || for options in "${large[@]}"; do world "$options"; done
for p in "${plants[@]}"; do plant "$p"; done
echo "1..$count"
exit $failed
