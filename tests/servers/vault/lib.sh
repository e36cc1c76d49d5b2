# shellcheck shell=bash
# A real Vault for tests. Sourced by bash scripts.
#
#   vault_binary [build]        finds it, or builds it; sets vault; exits with 77 when there is none
#   vault_dev DIR [OPTION…]     a server in memory, unsealed, root token "root"; KV version 2 at secret/, version 1 at kv1/
#   vault_raft DIR              a server with storage and TLS below DIR, initialised and unsealed; may be called again after
#                               vault_stop or a kill: then it is started and left sealed
#   vault_unseal DIR
#   vault_stop [SIGNAL]
#
# Each server sets VAULT_ADDR, VAULT_CACERT (raft), VAULT_TOKEN and vault_pid. Everything it writes is below DIR.
servers=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
vault_given=${VAULT_BIN-}
unset "${!VAULT_@}" "${!BAO_@}"

vault_binary() {
  local find=--find
  [ "${1-}" != build ] || find=
  vault=$(VAULT_BIN=$vault_given "$servers/build.sh" $find vault) || exit 77
}

vault() { "$vault" "$@"; }

# Waits until the server answers at all; fails when it is gone.
vault_ready() {
  local tries=0
  until curl -sS --noproxy '*' ${VAULT_CACERT:+--cacert "$VAULT_CACERT"} -o /dev/null "$VAULT_ADDR/v1/sys/health" 2>/dev/null; do
    tries=$((tries + 1))
    if [ $tries -gt 600 ] || ! kill -0 "$vault_pid" 2>/dev/null; then
      return 1
    fi
    sleep 0.1
  done
}

vault_port() { shuf -i 20000-29999 -n 1; }

vault_dev() {
  local dir=$1 port try
  shift
  mkdir -p "$dir"
  export HOME=$dir
  for try in 1 2 3 4 5; do
    port=$(vault_port)
    export VAULT_ADDR=http://127.0.0.1:$port VAULT_TOKEN=root
    "$vault" server -dev -dev-root-token-id=root -dev-listen-address="127.0.0.1:$port" -dev-no-store-token "$@" \
      >"$dir/server.log" 2>&1 </dev/null &
    vault_pid=$!
    vault_ready && break
    wait "$vault_pid" 2>/dev/null || true
    [ "$try" -lt 5 ] || { cat "$dir/server.log" >&2; return 1; }
  done
  # Its own mounts come a moment after it answers.
  try=0
  until vault secrets enable -path=kv1 -version=1 kv >/dev/null 2>&1; do
    try=$((try + 1))
    [ $try -lt 100 ] || return 1
    sleep 0.1
  done
  try=0
  until vault kv put -mount=secret ready now=yes >/dev/null 2>&1; do
    try=$((try + 1))
    [ $try -lt 100 ] || return 1
    sleep 0.1
  done
}

vault_certificates() {
  local dir=$1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test-ca \
    -keyout "$dir/ca.key" -out "$dir/ca.pem" 2>/dev/null
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=127.0.0.1 \
    -keyout "$dir/server.key" -out "$dir/server.csr" 2>/dev/null
  printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n' >"$dir/server.ext"
  openssl x509 -req -in "$dir/server.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -days 2 \
    -extfile "$dir/server.ext" -out "$dir/server.pem" 2>/dev/null
}

vault_raft_config() {
  local dir=$1 port
  port=$(vault_port)
  mkdir -p "$dir/raft"
  vault_certificates "$dir"
  cat >"$dir/server.hcl" <<HCL
disable_mlock = true
api_addr = "https://127.0.0.1:$port"
cluster_addr = "https://127.0.0.1:$((port + 10000))"
storage "raft" {
  path = "$dir/raft"
  node_id = "one"
}
listener "tcp" {
  address = "127.0.0.1:$port"
  cluster_address = "127.0.0.1:$((port + 10000))"
  tls_cert_file = "$dir/server.pem"
  tls_key_file = "$dir/server.key"
}
HCL
  echo "https://127.0.0.1:$port" >"$dir/address"
}

vault_raft() {
  local dir=$1 fresh=
  export HOME=$dir
  if [ ! -f "$dir/server.hcl" ]; then
    mkdir -p "$dir"
    vault_raft_config "$dir"
    fresh=1
  fi
  VAULT_ADDR=$(cat "$dir/address")
  export VAULT_ADDR VAULT_CACERT=$dir/ca.pem
  "$vault" server -config="$dir/server.hcl" >>"$dir/server.log" 2>&1 </dev/null &
  vault_pid=$!
  vault_ready || { cat "$dir/server.log" >&2; return 1; }
  [ -n "$fresh" ] || return 0
  vault operator init -key-shares=1 -key-threshold=1 -format=json >"$dir/init.json" || return 1
  VAULT_TOKEN=$(jq -r .root_token "$dir/init.json")
  export VAULT_TOKEN
  vault_unseal "$dir" || return 1
  vault secrets enable -path=secret -version=2 kv >/dev/null || return 1
  local try=0
  until vault kv put -mount=secret ready now=yes >/dev/null 2>&1; do
    try=$((try + 1))
    [ $try -lt 100 ] || return 1
    sleep 0.1
  done
}

vault_unseal() {
  local try=0
  vault operator unseal "$(jq -r '.unseal_keys_b64[0]' "$1/init.json")" >/dev/null || return 1
  until [ "$(curl -sS --noproxy '*' --cacert "$VAULT_CACERT" -o /dev/null -w '%{http_code}' "$VAULT_ADDR/v1/sys/health")" = 200 ]; do
    try=$((try + 1))
    [ $try -lt 300 ] || return 1
    sleep 0.1
  done
}

vault_stop() {
  [ -n "${vault_pid-}" ] || return 0
  kill "-${1:-TERM}" "$vault_pid" 2>/dev/null || true
  wait "$vault_pid" 2>/dev/null || true
  vault_pid=
  return 0
}
