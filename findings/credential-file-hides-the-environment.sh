#!/bin/sh
# ibm-cloud-sdk-core, Python and Node: one property of a service in the credential file hides all environment variables of
# that service. A file with LOGS_APIKEY alone turns off LOGS_URL, LOGS_AUTH_URL and LOGS_DISABLE_SSL of the environment.
#
# Why it matters: moving only the secret to a file, which is what a rotator does, sends it to the public default addresses
# without a word: the private endpoint that the environment names is not used.
set -eu
python=3.28.0
node=5.9.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" --quiet --disable-pip-version-check install "ibm-cloud-sdk-core==$python"
(cd "$dir" && npm init -y >/dev/null && npm install --no-audit --no-fund --silent "ibm-cloud-sdk-core@$node")
cat >"$dir/try.py" <<'PY'
import os
from ibm_cloud_sdk_core.get_authenticator import get_authenticator_from_environment
from ibm_cloud_sdk_core.utils import read_external_sources
print("Python", sorted(read_external_sources("logs")), get_authenticator_from_environment("logs").token_manager.url)
PY
cat >"$dir/try.js" <<'JS'
const { readExternalSources, getAuthenticatorFromEnvironment } = require('ibm-cloud-sdk-core');
const names = Object.keys(readExternalSources('logs')).sort();
console.log('Node', names, getAuthenticatorFromEnvironment('logs').tokenManager.url);
JS
echo "LOGS_APIKEY=a-key" >"$dir/ibm-credentials.env"
export LOGS_URL=http://127.0.0.1:1 LOGS_AUTH_URL=http://127.0.0.1:2
echo "ibm-cloud-sdk-core $python (Python), $node (Node)"
echo "- the key in the environment too:"
LOGS_APIKEY=a-key "$dir/venv/bin/python" "$dir/try.py" | tee "$dir/all"
LOGS_APIKEY=a-key node "$dir/try.js" | tee -a "$dir/all"
echo "- the key in the credential file:"
IBM_CREDENTIALS_FILE=$dir/ibm-credentials.env "$dir/venv/bin/python" "$dir/try.py" | tee "$dir/file"
IBM_CREDENTIALS_FILE=$dir/ibm-credentials.env node "$dir/try.js" | tee -a "$dir/file"
if [ "$(grep -c 127.0.0.1:2 "$dir/all")" = 2 ] && [ "$(grep -c https://iam.cloud.ibm.com "$dir/file")" = 2 ] &&
  grep -q "Python \['APIKEY'\]" "$dir/file" && grep -q "Node \[ 'apikey' \]" "$dir/file"; then
  echo "as found: the file with the key alone hid both addresses of the environment"
else
  echo "CHANGED: see above"
  exit 1
fi
