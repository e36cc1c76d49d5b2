#!/bin/sh
# ibm-cloud-sdk-core for Python: when 80 % of a token's life are over, get_token() asks for a new one in the foreground, and
# raises when that is refused, though the token it holds is good for the remaining 20 %. The next call works again.
#
# Why it matters: the log line calls this a background refresh. With an hour's token, a send is lost 12 minutes before
# anything has expired; the four SDKs of the vendor differ in it (Go and Node go on with the token).
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

LIFE = 100
asked = []

class Iam(BaseHTTPRequestHandler):  # one token of LIFE seconds; then the key is gone
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        asked.append(time.monotonic())
        now = int(time.time())
        part = lambda o: base64.urlsafe_b64encode(json.dumps(o).encode()).decode().rstrip("=")
        token = ".".join([part({"alg": "HS256"}), part({"iat": now, "exp": now + LIFE}), "c2ln"])
        good = {"access_token": token, "token_type": "Bearer", "expires_in": LIFE, "expiration": now + LIFE}
        bad = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
        body = json.dumps(good if len(asked) == 1 else bad).encode()
        self.send_response(200 if len(asked) == 1 else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass

server = HTTPServer(("127.0.0.1", 0), Iam)
threading.Thread(target=server.serve_forever, daemon=True).start()
manager = IAMAuthenticator("a-key", url=f"http://127.0.0.1:{server.server_port}").token_manager
print("ibm-cloud-sdk-core", version("ibm-cloud-sdk-core"), flush=True)
manager.get_token()
begin, seen = time.monotonic(), []
for at in (70, 82, 84):
    time.sleep(max(0, begin + at - time.monotonic()))
    try:
        manager.get_token()
        seen.append("a token")
    except ApiException as e:
        seen.append(f"ApiException {e.status_code}")
    left = LIFE - (time.monotonic() - begin)
    print(f"get_token() with {left:.0f} s of the token left: {seen[-1]}", flush=True)
sys.exit(0 if seen == ["a token", "ApiException 400", "a token"] else 1)
PY
if "$dir/venv/bin/python" "$dir/try.py"; then
  echo "as found: the call at 82 % raised, with a good token at hand"
else
  echo "CHANGED: see above"
  exit 1
fi
