# shellcheck shell=bash disable=SC2154
# What the tests of this folder share: one target `edge` whose home is in Vault and which has three sinks, `fleet` (Vault KV
# version 2), `pods` (a Kubernetes Secret) and `host` (a file), each with no more rights than it needs. Sourced by scripts with
# the arguments ROTATOR EMULATOR, run by with_cluster.sh; the rest is that of the Vault tests.
# shellcheck source=tests/integration/vault/lib.sh
. "$(dirname "$0")/../vault/lib.sh"
: "${CLUSTER:?run me by tests/servers/kubernetes/with_cluster.sh}"
space=ibm-observe
kube_rotator=system:serviceaccount:$space:rotator
for tool in kubectl jq; do
  command -v $tool >/dev/null || { echo "SKIP: $tool is not installed"; exit 77; }
done
# (Debian 12's own is 1.20, which makes no tokens)
kubectl create token --help >/dev/null 2>&1 || { echo "SKIP: kubectl is older than 1.24"; exit 77; }

k() { kubectl --namespace=$space "$@"; }
until_true() { # until_true COMMAND…: within half a minute
  local n
  for ((n = 0; n < 150; n++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  fail "this did not come true: $*"
}

# --- rights, and taking them away ---

# vault_rights CAPABILITIES: what the rotator may do with the data of its sink, as '"read", "update"'; none: nothing.
vault_rights() {
  printf 'path "secret/data/logs/edge" { capabilities = [%s] }\n' "${1:-\"deny\"}" >"$work/sink.hcl"
  cat >>"$work/sink.hcl" <<'HCL'
path "secret/metadata/logs/edge" { capabilities = ["read"] }
path "secret/destroy/logs/edge"  { capabilities = ["update"] }
HCL
  vault policy write sink "$work/sink.hcl" >/dev/null
}
# kube_rights VERBS: those of the rotator on its Secret, as get,patch; none: nothing.
kube_may() { [ "$(k auth can-i "$1" secrets/logs-agent --as=$kube_rotator 2>/dev/null)" = "$2" ]; }
kube_rights() {
  local verb want
  k delete role,rolebinding rotator --ignore-not-found >/dev/null
  if [ -n "${1-}" ]; then
    k create role rotator --verb="$1" --resource=secrets --resource-name=logs-agent >/dev/null
    k create rolebinding rotator --role=rotator --serviceaccount=$space:rotator >/dev/null
  fi
  for verb in get patch; do # the server hears of it a moment later
    want=no
    [[ ,${1-}, != *,$verb,* ]] || want=yes
    until_true kube_may $verb $want
  done
}
vault_whole() { vault_rights '"create", "read", "update"'; }
kube_whole() { kube_rights get,patch; }

# --- the world ---

stores_start() {
  sandbox_start "$emulator" "$work/demo"
  vault_dev "$work/vault"
  cat >home.hcl <<'HCL'
path "secret/data/rotator/state/edge"     { capabilities = ["create", "read", "update"] }
path "secret/metadata/rotator/state/edge" { capabilities = ["read"] }
path "secret/destroy/rotator/state/edge"  { capabilities = ["update"] }
HCL
  vault policy write home home.hcl >/dev/null
  vault_whole
  kubectl create namespace $space >/dev/null
  k create secret generic logs-agent >/dev/null
  k create serviceaccount rotator >/dev/null
  kube_whole
  (
    umask 077
    vault token create -policy=home -policy=sink -field=token >"$work/token"
    k create token rotator >"$work/kube.token"
  )
}

# stores_config GRACE: the configuration of the target.
stores_config() {
  {
    head_of_config | sed "s/grace: 0s/grace: $1/; s/absence_apart: 1s/absence_apart: 0s/"
    cat <<YAML
  reload_within: 0s
  alert_after: 0s
vault: {address: "$VAULT_ADDR", auth: {token: {file: $work/token}}}
kubernetes: {server: "$CLUSTER_SERVER", ca_file: $CLUSTER/ca.crt, token_file: $work/kube.token, namespace: $space}
targets:
YAML
    target edge <<YAML
home: {vault: {mount: secret, path: rotator/state/edge}}
sinks:
  - {name: fleet, vault: {mount: secret, path: logs/edge, fields: {value: IAM_API_KEY, id: key_id}}}
  - {name: pods, kubernetes: {name: logs-agent, key: IAM_API_KEY}}
  - {name: host, file: {path: $sandbox/keys/edge.env, format: env, variable: IAM_API_KEY}}
YAML
  } >"$work/rotator.yaml"
  chmod 600 "$work/rotator.yaml"
}

# --- what consumers read ---

in_fleet() { vault kv get -mount=secret -field=IAM_API_KEY logs/edge; }
in_pods() { k get secret logs-agent --output=json | jq -r '.data.IAM_API_KEY // ""' | base64 -d; }
in_host() { sed -n 's/^IAM_API_KEY=//p' "$sandbox/keys/edge.env" | tr -d "'\""; }
accepted() { [ "$(sandbox_control POST check-value "{\"value\":\"$1\"}" | jq -r .accepted)" = true ]; }
current_id() {
  env -u VAULT_ADDR -u VAULT_TOKEN "$rotator" --config "$work/rotator.yaml" status edge --json | jq -r '.targets[0].current'
}
