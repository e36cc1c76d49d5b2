#!/usr/bin/env bash
# file_kill_test.sh WRITER: kills a write of a file before each of its system calls, one run for each. Readers must see the
# old file or the new one, whole; and the next write must leave the new file and nothing else.
set -u
writer=$1
strace -o /dev/null true 2>/dev/null || { echo "strace cannot trace here: skipped"; exit 77; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
old=old-content new=new-content
mkdir -m 700 "$dir/d"
file=$dir/d/key
printf %s $old >"$file"
strace -o "$dir/calls" "$writer" "$file" $new || { echo "the clean run failed"; exit 1; }

# From the first call that touches the directory on: "name k", the k-th call of that name.
list=$(awk -v dir="$dir/d" '
  /^[a-z0-9_]+\(/ { name = $0; sub(/\(.*/, "", name); n[name]++; if (name != "execve" && index($0, dir)) from = 1; if (from) print name, n[name] }
' "$dir/calls" | grep -v exit)
[ "$(wc -l <<<"$list")" -ge 12 ] || { echo "too few calls seen:"; echo "$list"; exit 1; }

failed=0 seen_old=0 seen_new=0
fail() { echo "killed before $1: $2"; failed=1; }
while read -r name k; do
  rm -rf "$dir/d"
  mkdir -m 700 "$dir/d"
  printf %s $old >"$file"
  { strace -o /dev/null -e "trace=$name" -e "inject=$name:signal=KILL:when=$k" "$writer" "$file" $new; } 2>/dev/null
  case $(cat "$file") in
    "$old") seen_old=$((seen_old + 1)) ;;
    "$new") seen_new=$((seen_new + 1)) ;;
    *) fail "$name $k" "the file is neither old nor new" ;;
  esac
  "$writer" "$file" $new || fail "$name $k" "the next write failed"
  [ "$(cat "$file")" = $new ] || fail "$name $k" "the next write did not write"
  [ "$(ls -A "$dir/d")" = key ] || fail "$name $k" "left behind: $(ls -A "$dir/d")"
done <<<"$list"
if [ $seen_old -le 5 ] || [ $seen_new -eq 0 ]; then
  echo "old $seen_old times, new $seen_new times: the kills did not fall on both sides of the rename"
  failed=1
fi
exit $failed
