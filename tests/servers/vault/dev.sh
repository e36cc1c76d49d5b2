#!/usr/bin/env bash
# Runs a test program with a Vault server in memory: dev.sh PROGRAM [ARGUMENT…]. Exit status 77: there is no server.
set -u
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/servers/vault/lib.sh
. "$here/lib.sh"
vault_binary
work=$(mktemp -d)
trap 'vault_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
vault_dev "$work/vault" || exit 1
TMPDIR=$work "$@"
