#!/bin/sh
# ibm-cloud-sdk-core for Node: any error whose body names IAM in context.url, as every error of IAM does, gets the message
# "Access is denied due to invalid credentials.", whatever its status. A 503, a 429 and a 404 of IAM read as a bad key.
#
# Why it matters: people and programs that go by the message replace a good key during an outage. The status is right.
set -eu
version=5.9.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
(cd "$dir" && npm init -y >/dev/null && npm install --no-audit --no-fund --silent "ibm-cloud-sdk-core@$version")
cat >"$dir/try.js" <<'JS'
const http = require('http');
const { BaseService, IamAuthenticator, NoAuthAuthenticator } = require('ibm-cloud-sdk-core');

const context = { requestId: 'abc', url: 'https://iam.cloud.ibm.com' };
const answers = {
  '/identity/token': [503, { errorCode: 'BXNIM0500E', errorMessage: 'Service is temporarily unavailable.', context }],
  '/v1/apikeys/busy': [429, { errors: [{ code: 'too_many_requests', message: 'Too many requests.' }], context }],
  '/v1/apikeys/gone': [404, { errors: [{ code: 'not_found', message: 'Unable to find object' }], context }],
  '/v1/apikeys/other': [404, { errors: [{ code: 'not_found', message: 'Unable to find object' }] }],
};
const server = http.createServer((request, response) => {
  const [status, body] = answers[request.url];
  request.resume();
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const service = new BaseService({ authenticator: new NoAuthAuthenticator(), serviceUrl: url });
  const get = (path) => service.createRequest({ options: { url: path, method: 'GET' }, defaultOptions: { serviceUrl: url } });
  const seen = [];
  const tell = async (what, call) => {
    const e = await call.then(() => { throw new Error('no error'); }, (error) => error);
    seen.push([e.status, e.message]);
    console.log(`${what}: status ${e.status}, message "${e.message}"`);
  };
  await tell('token endpoint in an outage', new IamAuthenticator({ apikey: 'a-key', url }).tokenManager.getToken());
  await tell('too many requests', get('/v1/apikeys/busy'));
  await tell('a key that is gone', get('/v1/apikeys/gone'));
  await tell('the same without context', get('/v1/apikeys/other'));
  server.close();
  const denied = 'Access is denied due to invalid credentials.';
  const want = [[503, denied], [429, denied], [404, denied], [404, 'Unable to find object']];
  process.exit(JSON.stringify(seen) === JSON.stringify(want) ? 0 : 1);
});
JS
echo "ibm-cloud-sdk-core $version (Node $(node --version))"
if node "$dir/try.js"; then
  echo "as found: outage, limit and absence all read as invalid credentials"
else
  echo "CHANGED: see above"
  exit 1
fi
