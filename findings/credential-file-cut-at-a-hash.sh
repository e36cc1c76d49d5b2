#!/bin/sh
# ibm-cloud-sdk-core: the same credential file holds different keys for the vendor's own SDKs. A # within a value belongs to
# the value for Python, and begins a comment for Node, which sends the first half.
#
# Why it matters: a user-supplied key of IAM may hold any character. The file works in one program and is "key could not be
# found" in the next.
set -eu
python=3.28.0
node=5.9.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" --quiet --disable-pip-version-check install "ibm-cloud-sdk-core==$python"
(cd "$dir" && npm init -y >/dev/null && npm install --no-audit --no-fund --silent "ibm-cloud-sdk-core@$node")
echo "LOGS_APIKEY=0123456789abcdef#0123456789abcdef" >"$dir/ibm-credentials.env"
export IBM_CREDENTIALS_FILE="$dir/ibm-credentials.env"
echo "ibm-cloud-sdk-core $python (Python), $node (Node)"
cat "$dir/ibm-credentials.env"
in_python=$("$dir/venv/bin/python" -c 'from ibm_cloud_sdk_core.get_authenticator import get_authenticator_from_environment as g; print(g("logs").token_manager.apikey)')
in_node=$(cd "$dir" && node -e 'console.log(require("ibm-cloud-sdk-core").getAuthenticatorFromEnvironment("logs").apikey)')
echo "Python reads: $in_python"
echo "Node reads:   $in_node"
if [ "$in_python" = "0123456789abcdef#0123456789abcdef" ] && [ "$in_node" = 0123456789abcdef ]; then
  echo "as found: one file, two keys"
else
  echo "CHANGED: see above"
  exit 1
fi
