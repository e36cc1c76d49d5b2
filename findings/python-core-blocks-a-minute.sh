#!/bin/sh
# ibm-cloud-sdk-core for Python: after one refused exchange, the next get_token() sleeps for the rest of a minute before it
# asks again, though the service would say yes at once.
#
# Why it matters: a key that is not known everywhere yet is refused once and good a second later. A sender that tries again
# stands still for 60 s and then goes on; its thread neither raises nor times out meanwhile.
# Cause: the time of a request is recorded before it and not forgotten when it fails; later callers take it to be under way.
# The Node core resets it.
set -eu
version=3.28.0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" --quiet --disable-pip-version-check install "ibm-cloud-sdk-core==$version"
cat >"$dir/try.py" <<'PY'
import base64, json, sys, threading, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from ibm_cloud_sdk_core import ApiException
from ibm_cloud_sdk_core.authenticators import IAMAuthenticator

asked = []

class Iam(BaseHTTPRequestHandler):  # refuses the first exchange, as IAM does while a key is new; takes the others
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        asked.append(time.monotonic())
        now = int(time.time())
        part = lambda o: base64.urlsafe_b64encode(json.dumps(o).encode()).decode().rstrip("=")
        token = ".".join([part({"alg": "HS256"}), part({"iat": now, "exp": now + 3600}), "c2ln"])
        good = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "expiration": now + 3600}
        bad = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
        body = json.dumps(bad if len(asked) == 1 else good).encode()
        self.send_response(400 if len(asked) == 1 else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

server = HTTPServer(("127.0.0.1", 0), Iam)
threading.Thread(target=server.serve_forever, daemon=True).start()
manager = IAMAuthenticator("a-key", url=f"http://127.0.0.1:{server.server_port}").token_manager
print("ibm-cloud-sdk-core", version("ibm-cloud-sdk-core"), flush=True)
took = []
for n in (1, 2, 3):
    begin = time.monotonic()
    try:
        manager.get_token()
        end = "a token"
    except ApiException as e:
        end = f"ApiException {e.status_code}"
    took.append(time.monotonic() - begin)
    print(f"get_token() {n}: {end} after {took[-1]:.1f} s", flush=True)
print(f"between the two exchanges: {asked[1] - asked[0]:.1f} s")
sys.exit(0 if took[0] < 5 and 50 < took[1] < 75 and took[2] < 5 and len(asked) == 2 else 1)
PY
if "$dir/venv/bin/python" "$dir/try.py"; then
  echo "as found: the second call slept for a minute"
else
  echo "CHANGED: see above"
  exit 1
fi
