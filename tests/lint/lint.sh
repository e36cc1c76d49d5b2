# shellcheck shell=bash
# What the lints written for the shell share. A lint defines
#   look    prints findings about the tree in the current folder
#   plant   makes a small bad tree in the current folder
#   expect  prints what must be found there, one text a line
# and ends with `lint_main "$@"`: NAME.sh [ROOT] fails on any finding, NAME.sh --self-test fails unless exactly the planted
# mistakes are found.
lint_top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

lint_self_test() {
  local tree found text wrong=0 n=0
  tree=$(mktemp -d)
  cd "$tree" || exit 1
  plant
  found=$(look 2>&1)
  while IFS= read -r text; do
    n=$((n + 1))
    if grep -qF -- "$text" <<<"$found"; then
      found=$(awk -v t="$text" 'index($0, t) && !gone {gone = 1; next} {print}' <<<"$found")
    else
      echo "not found, though planted: $text"
      wrong=1
    fi
  done < <(expect)
  if [ -n "$found" ]; then
    printf 'found, though there is nothing wrong:\n%s\n' "$found"
    wrong=1
  fi
  cd / && rm -rf "$tree"
  echo "$n planted mistakes"
  [ $wrong = 0 ] && [ $n -gt 0 ]
}

lint_main() {
  local found
  if [ "${1-}" = --self-test ]; then
    lint_self_test
    exit
  fi
  cd "${1:-$lint_top}" || exit 1
  found=$(look 2>&1)
  [ -z "$found" ] || printf '%s\n' "$found"
  [ -z "$found" ]
  exit
}

# Files of the tree, without what was built; arguments are find's.
lint_find() {
  find . \( -name .git -o -name build -o -name 'build-*' -o -name node_modules \) -prune -o -type f "$@" -print |
    sed 's|^\./||' | sort
}
