#!/usr/bin/env bash
# Runs the suite on a copy of a helper that nobody else can change, with a home of its own: program_suite.sh STORE_PROGRAM
# STORE HELPER. Exit 77: jq, which the example helper uses, is missing.
set -eu
command -v jq >/dev/null || { echo "SKIP: jq is missing"; exit 77; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/program.XXXXXX")
trap 'rm -rf "$dir"' EXIT
install -m 755 "$3" "$dir/program"
mkdir -m 700 "$dir/data" "$dir/data/rotator-items"
export XDG_DATA_HOME=$dir/data
"$1" "$2" "$dir/program"
