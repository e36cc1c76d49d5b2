# shellcheck shell=bash disable=SC2154
# Parts that are run in several places: one case of TAP each, and at the end a table. Sourced; $work is a temporary folder.
#
#   table_begin HEADING              what the places are called
#   report PLACE PART PASSED SECONDS STATUS
#   table_end                        the plan and the table; fails when a case has failed
n=0 failures=0

table_begin() { printf '%-10s %-12s %8s %8s  %s\n' "$1" part passed seconds verdict >"$work/table"; }
report() {
  local verdict=ok
  n=$((n + 1))
  if [ "$5" = 0 ]; then
    echo "ok $n - $1: $2"
  else
    echo "not ok $n - $1: $2"
    verdict=FAILED failures=$((failures + 1))
  fi
  printf '%-10s %-12s %8s %8s  %s\n' "$1" "$2" "$3" "$4" "$verdict" >>"$work/table"
}
table_end() {
  echo "1..$n"
  sed 's/^/# | /' "$work/table"
  [ $failures = 0 ]
}
