#!/usr/bin/env bash
# The configurations that documents show are read without a mistake: examples.sh ROTATOR [EMULATOR]. Those are
# contrib/examples/*.yaml and each ```yaml block of a Markdown page that begins with "version:".
set -u
rotator=$(realpath "$1")
cd "$(dirname "$0")/../../.." || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=0 failed=0

# Without credentials and folders of their own, `check` has something to say about the machine; of the files it must say that
# they are fine.
look() {
  cases=$((cases + 1))
  "$rotator" --config "$2" check --offline </dev/null >"$work/out" 2>&1
  if grep -q '^ok  *config ' "$work/out"; then
    echo "ok $cases - $1"
  else
    sed 's/^/# /' "$work/out"
    echo "not ok $cases - $1"
    failed=1
  fi
}

for file in contrib/examples/*.yaml; do
  look "$file" "$file"
done
for page in README.md contrib/docs/*.md contrib/kubernetes/external-secrets/README.md backends/*/README.md; do
  [ -f "$page" ] || continue
  awk -v base="$work/$(tr / _ <<<"$page")" '
    /^ *```yaml/ { n++; on = 1; match($0, /^ */); indent = RLENGTH; file = base "-" n ".yaml"; next }
    /^ *```/ { on = 0 }
    on { print substr($0, indent + 1) > file }' "$page"
  for file in "$work/$(tr / _ <<<"$page")"-*.yaml; do
    if [ -f "$file" ] && grep -q '^version:' "$file"; then
      look "$page, $(basename "$file")" "$file"
    fi
  done
done
echo "version: 2" >"$work/bad.yaml"
cases=$((cases + 1))
"$rotator" --config "$work/bad.yaml" check --offline </dev/null >"$work/out" 2>&1
if [ $? = 2 ] && ! grep -q '^ok  *config ' "$work/out"; then
  echo "ok $cases - a bad one is told"
else
  echo "not ok $cases - a bad one is told"
  failed=1
fi
echo "1..$cases"
exit $failed
