// The same rotation with the vendor's own SDK for Node; the log is sent by fetch, as the SDK has no call for it. For
// tests/bench/run.sh. Environment as for naive.sh; NODE_EXTRA_CA_CERTS names the CA.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(`${process.env.MODULES}/`);
const { IamAuthenticator, IamTokenManager } = require('ibm-cloud-sdk-core');
const IamIdentityV1 = require('@ibm-cloud/platform-services/iam-identity/v1');
const { IAM, INGRESS, MANAGEMENT, IAM_ID, ACCOUNT, KEYS } = process.env;

const authenticator = new IamAuthenticator({ apikey: readFileSync(MANAGEMENT, 'utf8'), url: IAM });
const iam = new IamIdentityV1({ authenticator, serviceUrl: IAM });
const made = (await iam.createApiKey({ name: 'naive', iamId: IAM_ID, accountId: ACCOUNT })).result;
const token = await new IamTokenManager({ apikey: made.apikey, url: IAM }).getToken();
const sent = await fetch(`${INGRESS}/logs/v1/singles`, {
  method: 'POST',
  headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  body: JSON.stringify([{ applicationName: 'bench', subsystemName: 'probe', severity: 3, text: 'test' }]),
});
if (!sent.ok) throw new Error(`ingestion answered ${sent.status}`);
writeFileSync(`${KEYS}/key.env.new`, `IAM_API_KEY=${made.apikey}\n`, { mode: 0o600 });
renameSync(`${KEYS}/key.env.new`, `${KEYS}/key.env`);
await iam.deleteApiKey({ id: readFileSync(`${KEYS}/id`, 'utf8').trim() });
writeFileSync(`${KEYS}/id`, `${made.id}\n`);
