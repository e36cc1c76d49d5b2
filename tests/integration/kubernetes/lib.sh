# shellcheck shell=bash
# What the tests of the shipped program in a real cluster share: an emulator of IBM Cloud (tests/cli/lib.sh), the shipped manifests
# with a configuration for that emulator, and a way to run a pod (run_pod.py). Sourced; run by with_cluster.sh.
: "${CLUSTER:?run me by tests/servers/kubernetes/with_cluster.sh}" "${TOP:?root of the tree}"
# shellcheck source=tests/cli/lib.sh
. "$TOP/tests/cli/lib.sh"
space=ibm-observe
rotator_user=system:serviceaccount:$space:rotator
for tool in kubectl jq; do command -v $tool >/dev/null || skip "$tool is not installed"; done
# (Debian 12's own is 1.20: it knows neither components nor tokens)
kubectl create token --help >/dev/null 2>&1 || skip "kubectl is older than 1.24"
[ "$(id -u)" = 0 ] || skip "running a pod needs root"

k() { kubectl --namespace="$space" "$@"; }
must() { "$@" >"$T/out" 2>"$T/err" || fail "$*"; }
until_true() { # until_true SECONDS COMMAND…
  local n=$(($1 * 5))
  shift
  for ((; n > 0; n--)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  fail "this did not come true: $*"
}
secret_value() { k get secret "$1" --output=json | jq -r ".data.\"$2\" // \"\"" | base64 -d; }
accepted() { [ "$(control POST check-value "{\"value\":\"$1\"}" | jq -r .accepted)" = true ]; }

# The target of all these tests.
kube_target() {
  cat <<END
targets:
  - name: prod-logs
    instance: "$crn"
    service_id: $sender_id
    home: {kubernetes: {name: logs-agent-rotation}}
    sinks:
      - kubernetes: {name: logs-agent, key: IAM_API_KEY}
END
}
# The agent, as the roll-out knows it.
agent_daemonset() {
  cat <<END
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs-agent}
spec:
  selector: {matchLabels: {app: logs-agent}}
  template:
    metadata: {labels: {app: logs-agent}}
    spec: {containers: [{name: agent, image: agent}]}
END
}

# How the rotator gets its own tokens, and whether by a Secret with its key. For a test to change.
management="{file: /run/secrets/rotator/apikey}" secret=yes

# kube_config [EXTRA_LINE…]: the rotator's configuration for the emulator.
kube_config() {
  cat <<END
version: 1
management: $management
state_dir: /run/rotator/state
ca_file: /etc/rotator/ca.pem
defaults:
  endpoints: {iam: "$url", ingress: "$url/instances/{guid}"}
  rotate_every: 30d
  rotate_jitter: 0s
  grace: 0s
  reload_within: 0s
  quarantine: 0s
  proof: {count: 2, span: 0s, absence_apart: 0s, propagation: 0s}
END
  kube_target
  [ $# -eq 0 ] || printf '    %s\n' "$@"
}

# Applies the shipped base and components, with the server's strict check of every field.
install_rotator() { # install_rotator [EXTRA_LINE_OF_THE_TARGET…]
  mkdir -p "$T/overlay"
  ln -sfn "$TOP/contrib/kubernetes" "$T/shipped"
  kube_config "$@" >"$T/overlay/rotator.yaml"
  cp "$ca" "$T/overlay/ca.pem"
  cp -rL "$T/shipped" "$T/overlay/shipped"
  cat >"$T/overlay/kustomization.yaml" <<END
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: $space
resources: [shipped/base]
components: [shipped/components/rollout, shipped/components/vault, shipped/components/network-policy${components:+, $components}]
configMapGenerator:
  - {name: rotator-config, behavior: replace, files: [rotator.yaml, ca.pem]}
patches:
  - target: {kind: CronJob}
    patch: '[{"op": "replace", "path": "/spec/schedule", "value": "* * * * *"}, {"op": "add", "path": "/spec/suspend", "value": true}]'
END
  kubectl create namespace $space >/dev/null
  # The profile that the pod must fit: the server refuses any other pod here.
  must kubectl label namespace $space pod-security.kubernetes.io/enforce=restricted
  must kubectl kustomize "$T/overlay"
  cp "$T/out" "$T/manifest.yaml"
  must kubectl apply --validate=strict --filename="$T/manifest.yaml"
  [ $secret = no ] || must k create secret generic rotator-management --from-file=apikey="$T/management.key"
  until_true 60 k get configmap kube-root-ca.crt
}

# pod_of JOB [INDEX]: its pod, and of an indexed one the pod of that index.
pod_of() {
  k get pods --selector="job-name=$1" --output=json |
    jq -re --arg i "${2:-}" '.items | map(select($i == "" or .metadata.annotations["batch.kubernetes.io/job-completion-index"] == $i)) | .[0].metadata.name'
}
# IMAGE_ROOT names the mounted root of an image (contrib/container); else the program just built runs on this machine's root.
image=("--file=$ROTATOR:/usr/bin/rotator" "--file=$TOP/contrib/kubernetes/rollout-restart:/usr/libexec/rotator/rollout-restart")
[ -z "${IMAGE_ROOT:-}" ] || image=("--image=$IMAGE_ROOT")
# run_pod_of JOB [INDEX]: runs the job's pod to its end; its exit code in $code.
run_pod_of() {
  until_true 60 pod_of "$@"
  code=$("$TOP/tests/integration/kubernetes/run_pod.py" $space "$(pod_of "$@")" --server="$CLUSTER_SERVER" \
    --ca="$CLUSTER/ca.crt" --token-file="$CLUSTER/admin.token" --entrypoint=/usr/bin/rotator \
    "${image[@]}" 2>"$T/pod-$1${2:+-$2}.log") || fail "the pod of $* was not run: $(cat "$T/pod-$1${2:+-$2}.log")"
}
becomes_due() { control POST clock '{"advance_s": 2678400}' >/dev/null; }
job() { ROTATOR_JOB_WAIT=no "$TOP/contrib/kubernetes/rotator-job" $space "$@"; }
condition() { k get job "$1" --output=json | jq -e --arg t "$2" 'any(.status.conditions[]?; .type == $t and .status == "True")'; }
# in_cluster STATUS COMMAND…: a rotator command in a pod of its own.
in_cluster() {
  local want=$1 name
  shift
  name=$(job "$@") || fail "no job for $*"
  run_pod_of "$name"
  [ "$code" = "$want" ] || fail "rotator $*: exit code $code, wanted $want: $(cat "$T/pod-$name.log")"
}
