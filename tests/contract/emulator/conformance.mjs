// The vendor's own Node SDK, unmodified, against the emulator: a fake that the vendor's client
// cannot use is a wrong fake. Arguments: the service URL, the control URL, the metadata URL.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sdkCore from 'ibm-cloud-sdk-core';
import IamIdentityV1 from '@ibm-cloud/platform-services/iam-identity/v1.js';
import IamPolicyManagementV1 from '@ibm-cloud/platform-services/iam-policy-management/v1.js';
import { assert, Control, finish, refused, test } from './harness.mjs';

const [url, controlUrl, imdsUrl] = process.argv.slice(2);
const {
  BearerTokenAuthenticator, ContainerAuthenticator, IamAssumeAuthenticator, IamAuthenticator, VpcInstanceAuthenticator,
} = sdkCore;
const control = new Control(controlUrl);
const account = 'a'.repeat(32);
const guid = '0b8c8a4e-0d3a-4f6e-9f0e-3a4a5b6c7d8e';
const SENDER = 'crn:v1:bluemix:public:logs::::serviceRole:Sender';
const READER = 'crn:v1:bluemix:public:iam::::serviceRole:Reader';
const MINUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d\+0000$/;

await control.post('reset');
const seeded = await control.post('seed', {
  accounts: [{ id: account, token_life_s: 1800 }],
  instances: [{ guid, account, region: 'eu-de' }],
  service_ids: [
    { id: 'ServiceId-11111111-1111-4111-8111-111111111111', account, name: 'manager', apikeys: [{ name: 'm' }] },
    { id: 'ServiceId-22222222-2222-4222-8222-222222222222', account, name: 'stranger', apikeys: [{ name: 's' }] },
    { id: 'ServiceId-33333333-3333-4333-8333-333333333333', account, name: 'sender', apikeys: [] },
  ],
  profiles: [{ id: 'Profile-44444444-4444-4444-8444-444444444444', account, name: 'prof', cr_tokens: ['cr-token-text'] }],
  roles: [
    { identity: 'ServiceId-11111111-1111-4111-8111-111111111111', role: 'Administrator' },
    { identity: 'ServiceId-11111111-1111-4111-8111-111111111111', role: 'PolicyAdministrator' },
    { identity: 'ServiceId-11111111-1111-4111-8111-111111111111', role: 'Sender', instance: guid },
  ],
});
const [manager, stranger, sender] = seeded.service_ids;

function services(apikey) {
  const authenticator = new IamAuthenticator({ apikey, url });
  return {
    authenticator,
    identity: new IamIdentityV1({ authenticator, serviceUrl: url }),
    policy: new IamPolicyManagementV1({ authenticator, serviceUrl: url }),
  };
}

const admin = services(manager.apikeys[0].apikey);
const weak = services(stranger.apikeys[0].apikey);
const { identity, policy } = admin;
const token = (apikey) => new IamAuthenticator({ apikey, url }).tokenManager.getToken();
const claims = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));
const ownValue = () => crypto.randomBytes(33).toString('base64url');
const makeKey = async (more = {}) =>
  (await identity.createApiKey({ name: 'key', iamId: sender.iam_id, storeValue: false, ...more })).result;

// What the SDK would not send.
const raw = async (method, path, body) => (await fetch(url + path, {
  method, body: JSON.stringify(body), headers: { authorization: `Bearer ${await token(manager.apikeys[0].apikey)}` },
})).status;

// Tokens

await test('a token names its identity and account and lasts as long as the account says', async () => {
  const jwt = await token(manager.apikeys[0].apikey);
  const c = claims(jwt);
  assert.equal(c.iam_id, manager.iam_id);
  assert.equal(c.sub, manager.id);
  assert.equal(c.account.bss, account);
  assert.equal(c.exp - c.iat, 1800);
});

await test('the signature verifies under the published key set', async () => {
  const jwt = await token(manager.apikeys[0].apikey);
  const [head, payload, signature] = jwt.split('.');
  const { keys } = await (await fetch(`${url}/identity/keys`)).json();
  const { kid, alg } = JSON.parse(Buffer.from(head, 'base64url'));
  assert.equal(alg, 'RS256');
  const key = crypto.createPublicKey({ key: keys.find((k) => k.kid === kid), format: 'jwk' });
  const verify = (text) => crypto.verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  assert.ok(verify(`${head}.${payload}`));
  assert.ok(!verify(`${head}.${payload}x`));
});

await test('discovery names the endpoints, and only those that are there', async () => {
  const d = await (await fetch(`${url}/identity/.well-known/openid-configuration`)).json();
  assert.equal(d.token_endpoint, `${url}/identity/token`);
  assert.equal((await fetch(d.jwks_uri)).status, 200);
  const addresses = Object.values(d).filter((v) => v.startsWith(url));
  for (const a of addresses) assert.notEqual((await fetch(a)).status, 404, a);
});

await test('an unknown key is 400 BXNIM0415E', async () => {
  const e = await refused(token('nobody-has-this-key'), 400);
  assert.equal(e.result.errorCode, 'BXNIM0415E');
  assert.match(e.result.errorMessage, /could not be found/);
  // The SDK hides the text of whatever names the IAM host in its context, as the service does.
  assert.equal(e.message, 'Access is denied due to invalid credentials.');
});

await test('GET on the token endpoint is 405 BXNIM0060E', async () => {
  const answer = await fetch(`${url}/identity/token`);
  assert.equal(answer.status, 405);
  assert.equal((await answer.json()).errorCode, 'BXNIM0060E');
});

await test('a client id and secret are accepted', async () => {
  const a = new IamAuthenticator({ apikey: manager.apikeys[0].apikey, url, clientId: 'bx', clientSecret: 'bx' });
  assert.equal(claims(await a.tokenManager.getToken()).client_id, 'bx');
});

await test('a compute-resource token is exchanged for a profile token', async () => {
  const form = new URLSearchParams({
    grant_type: 'urn:ibm:params:oauth:grant-type:cr-token', cr_token: 'cr-token-text', profile_name: 'prof',
  });
  const post = (body) => fetch(`${url}/identity/token`, { method: 'POST', body });
  const answer = await post(form);
  assert.equal(answer.status, 200);
  assert.equal(claims((await answer.json()).access_token).iam_id, 'iam-Profile-44444444-4444-4444-8444-444444444444');
  form.set('cr_token', 'another');
  const refusal = await post(form);
  assert.equal((await refusal.json()).errorCode, 'BXNIM0398E');
});

await test('the other authenticators of the SDK reach the profile too', async () => {
  const iamProfileId = 'Profile-44444444-4444-4444-8444-444444444444';
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'emulator-'));
  const crTokenFilename = path.join(dir, 'token');
  fs.writeFileSync(crTokenFilename, 'cr-token-text');
  const authenticators = [
    new ContainerAuthenticator({ crTokenFilename, iamProfileName: 'prof', url }),
    new IamAssumeAuthenticator({ apikey: manager.apikeys[0].apikey, iamProfileId, url }),
    new VpcInstanceAuthenticator({ iamProfileId, url: imdsUrl }),
    new VpcInstanceAuthenticator({ url: imdsUrl }),
  ];
  for (const a of authenticators) assert.equal(claims(await a.tokenManager.getToken()).iam_id, `iam-${iamProfileId}`);
  fs.rmSync(dir, { recursive: true });
});

await test('a token with a changed byte is refused', async () => {
  const jwt = await token(manager.apikeys[0].apikey);
  const at = jwt.length - 100;
  const bad = jwt.slice(0, at) + (jwt[at] === 'A' ? 'B' : 'A') + jwt.slice(at + 1);
  const service = new IamIdentityV1({ authenticator: new BearerTokenAuthenticator({ bearerToken: bad }), serviceUrl: url });
  const e = await refused(service.listApiKeys({ iamId: sender.iam_id }), 401);
  assert.equal(e.result.errors[0].code, 'invalid_access_token');
});

await test('a token ends when the clock says so', async () => {
  const authenticator = new BearerTokenAuthenticator({ bearerToken: await token(manager.apikeys[0].apikey) });
  const service = new IamIdentityV1({ authenticator, serviceUrl: url });
  await service.listApiKeys({ iamId: sender.iam_id });
  await control.post('clock', { offset_s: 1801 });
  await refused(service.listApiKeys({ iamId: sender.iam_id }), 401);
  await control.post('clock', { offset_s: 0 });
});

// API keys

await test('create returns the value once, get never', async () => {
  const created = await identity.createApiKey({
    name: 'one', description: 'first', iamId: sender.iam_id, accountId: account, storeValue: false, actionWhenLeaked: 'none',
  });
  const key = created.result;
  assert.equal(created.status, 201);
  assert.equal(created.headers.etag, key.entity_tag);
  assert.match(key.id, /^ApiKey-/);
  assert.match(key.created_at, MINUTE);
  assert.match(key.apikey, /^[A-Za-z0-9_-]{44}$/);
  assert.equal(key.action_when_leaked, 'none');
  const got = await identity.getApiKey({ id: key.id, includeActivity: true, includeHistory: true });
  assert.ok(!got.result.apikey);
  assert.equal(got.result.activity.authn_count, 0);
  assert.equal(got.result.history[0].action, 'create');
  await token(key.apikey);
  const used = await identity.getApiKey({ id: key.id, includeActivity: true });
  assert.equal(used.result.activity.authn_count, 1);
  assert.match(used.result.activity.last_authn, MINUTE);
  assert.equal((await identity.deleteApiKey({ id: key.id })).status, 204);
});

await test('reads have the member apikey, as the models of the SDKs require; empty unless stored', async () => {
  const key = await makeKey();
  const reads = async () => [
    (await identity.getApiKey({ id: key.id })).result,
    (await identity.getApiKeysDetails({ iamApiKey: key.apikey })).result,
    (await identity.updateApiKey({ id: key.id, ifMatch: '*', description: 'd' })).result,
    ...(await identity.listApiKeys({ iamId: sender.iam_id })).result.apikeys,
  ];
  for (const k of await reads()) assert.equal(k.apikey, '');
  await control.post('settings', { empty_apikey: false });
  for (const k of await reads()) assert.ok(!('apikey' in k));
  await control.post('settings', { empty_apikey: true });
  await identity.deleteApiKey({ id: key.id });
});

await test('a key that says nothing about leaks is disabled when it leaks; a user\'s key is left alone', async () => {
  const key = await makeKey();
  assert.equal(key.action_when_leaked, 'disable');
  const { users } = await control.post('seed', { users: [{ id: 'IBMid-LEAK', account, apikeys: [{ name: 'u' }] }] });
  const own = services(users[0].apikeys[0].apikey).identity;
  assert.equal((await own.getApiKey({ id: users[0].apikeys[0].id })).result.action_when_leaked, 'none');
  for (const id of [key.id, users[0].apikeys[0].id]) await control.post('leak', { key_id: id });
  await token(users[0].apikeys[0].apikey);
  assert.equal((await refused(token(key.apikey), 400)).result.errorCode, 'BXNIM0462E');
  await identity.deleteApiKey({ id: key.id });
});

await test('sessions are for keys of users', async () => {
  await refused(identity.createApiKey({ name: 'k', iamId: sender.iam_id, supportSessions: true }), 400);
  const key = await makeKey();
  await refused(identity.updateApiKey({ id: key.id, ifMatch: '*', supportSessions: true }), 400);
  await identity.deleteApiKey({ id: key.id });
});

await test('no name may be empty', async () => {
  const key = await makeKey();
  assert.equal(await raw('POST', '/v1/apikeys', { name: '', iam_id: sender.iam_id }), 400);
  assert.equal(await raw('POST', '/v1/serviceids', { name: '', account_id: account }), 400);
  assert.equal(await raw('POST', '/v1/serviceid_groups', { name: '', account_id: account }), 400);
  await refused(identity.updateApiKey({ id: key.id, ifMatch: '*', name: '' }), 400);
  await refused(identity.updateServiceId({ id: sender.id, ifMatch: '*', name: '' }), 400);
  assert.equal((await identity.getApiKey({ id: key.id })).result.name, 'key');
  await identity.deleteApiKey({ id: key.id });
});

await test('whether disable and lock count as a change of the key is a setting', async () => {
  const key = await makeKey();
  const read = async () => (await identity.getApiKey({ id: key.id })).result;
  const acts = [() => identity.disableApiKey({ id: key.id }), () => identity.lockApiKey({ id: key.id })];
  const undo = [() => identity.unlockApiKey({ id: key.id }), () => identity.enableApiKey({ id: key.id })];
  for (const moves of [true, false]) {
    await control.post('settings', {
      disable_moves_modified_at: moves, disable_moves_entity_tag: moves, lock_moves_modified_at: moves, lock_moves_entity_tag: moves,
    });
    for (const act of acts) {
      await control.post('clock', { advance_s: 60 });
      const before = await read();
      await act();
      const after = await read();
      assert.equal(after.modified_at !== before.modified_at, moves);
      assert.equal(after.entity_tag !== before.entity_tag, moves);
    }
    for (const act of undo) await act();
  }
  await control.post('clock', { offset_s: 0 });
  await control.post('settings', {
    disable_moves_modified_at: true, disable_moves_entity_tag: true, lock_moves_modified_at: true, lock_moves_entity_tag: true,
  });
  await identity.deleteApiKey({ id: key.id });
});

await test('a compressed body is understood, or refused with 415', async () => {
  const zipped = new IamIdentityV1({ authenticator: admin.authenticator, serviceUrl: url });
  zipped.setEnableGzipCompression(true);
  const make = () => zipped.createApiKey({ name: 'zipped', iamId: sender.iam_id });
  const key = (await make()).result;
  assert.equal(key.name, 'zipped');
  await control.post('settings', { accept_gzip: false });
  await refused(make(), 415);
  await control.post('settings', { accept_gzip: true });
  const coded = (headers) => fetch(`${url}/v1/apikeys`, { method: 'POST', body: '{}', headers });
  const authorization = `Bearer ${await token(manager.apikeys[0].apikey)}`;
  assert.equal((await coded({ authorization, 'content-encoding': 'gzip' })).status, 400);
  assert.equal((await coded({ authorization, 'content-encoding': 'br' })).status, 415);
  await identity.deleteApiKey({ id: key.id });
});

await test('a stored value can be read again', async () => {
  const key = await makeKey({ storeValue: true });
  assert.equal((await identity.getApiKey({ id: key.id })).result.apikey, key.apikey);
  await identity.deleteApiKey({ id: key.id });
});

await test('own value, created disabled: unknown to nobody, usable once enabled', async () => {
  const apikey = ownValue();
  const key = await makeKey({ apikey, entityDisable: 'true' });
  assert.equal(key.apikey, apikey);
  assert.equal(key.disabled, true);
  const e = await refused(token(apikey), 400);
  assert.equal(e.result.errorCode, 'BXNIM0462E');
  assert.equal((await identity.enableApiKey({ id: key.id })).status, 204);
  await token(apikey);
  await refused(identity.enableApiKey({ id: key.id }), 409);
  assert.equal((await identity.disableApiKey({ id: key.id })).status, 204);
  await refused(identity.disableApiKey({ id: key.id }), 409);
  await refused(identity.createApiKey({ name: 'twin', iamId: sender.iam_id, apikey }), 409);
  await refused(identity.createApiKey({ name: 'short', iamId: sender.iam_id, apikey: 'too-short' }), 400);
  await identity.deleteApiKey({ id: key.id });
});

await test('details finds a key by its value', async () => {
  const key = await makeKey();
  assert.equal((await identity.getApiKeysDetails({ iamApiKey: key.apikey })).result.id, key.id);
  await identity.deleteApiKey({ id: key.id });
  const e = await refused(identity.getApiKeysDetails({ iamApiKey: key.apikey }), 404);
  assert.equal(e.result.errors[0].code, 'not_found');
});

await test('update wants the current entity tag', async () => {
  const key = await makeKey();
  const first = await identity.updateApiKey({ id: key.id, ifMatch: key.entity_tag, name: 'renamed', description: 'text' });
  assert.equal(first.result.name, 'renamed');
  assert.notEqual(first.result.entity_tag, key.entity_tag);
  await refused(identity.updateApiKey({ id: key.id, ifMatch: key.entity_tag, name: 'again' }), 409);
  const any = await identity.updateApiKey({ id: key.id, ifMatch: '*', description: '', expiresAt: '2049-01-02T18:30+0000' });
  assert.equal(any.result.description, undefined);
  assert.equal(any.result.expires_at, '2049-01-02T18:30+0000');
  await identity.deleteApiKey({ id: key.id });
});

await test('a locked key stands until it is unlocked', async () => {
  const key = await makeKey({ entityLock: 'true' });
  assert.equal(key.locked, true);
  await refused(identity.deleteApiKey({ id: key.id }), 409);
  assert.equal((await identity.unlockApiKey({ id: key.id })).status, 204);
  assert.equal((await identity.lockApiKey({ id: key.id })).status, 204);
  await refused(identity.lockApiKey({ id: key.id }), 409);
  await identity.unlockApiKey({ id: key.id });
  assert.equal((await identity.deleteApiKey({ id: key.id })).status, 204);
});

await test('a deleted key is 404 not_found; its token lives on', async () => {
  const key = await makeKey();
  const before = (await identity.listApiKeys({ iamId: sender.iam_id })).result.apikeys.length;
  const jwt = await token(key.apikey);
  await identity.deleteApiKey({ id: key.id });
  const e = await refused(identity.deleteApiKey({ id: key.id }), 404);
  assert.equal(e.result.errors[0].code, 'not_found');
  assert.equal(e.result.errors[0].message_code, 'BXNIM0102E');
  assert.equal(e.result.status_code, 404);
  assert.equal(typeof e.result.trace, 'string');
  assert.equal(e.headers['transaction-id'], e.result.trace);
  await refused(token(key.apikey), 400);
  const after = (await identity.listApiKeys({ iamId: sender.iam_id })).result.apikeys.length;
  assert.equal(after, before - 1);
  const service = new IamIdentityV1({ authenticator: new BearerTokenAuthenticator({ bearerToken: jwt }), serviceUrl: url });
  await refused(service.listApiKeys({ iamId: sender.iam_id }), 403); // known, but without rights
});

await test('lists come in pages of 20, at most 100, and the limit is 20 keys', async () => {
  await control.post('seed', { accounts: [{ id: account, key_limit: 60 }] });
  const made = [];
  for (let i = 0; i < 45; i += 1) made.push(await makeKey({ name: `page-${String(i).padStart(2, '0')}` }));
  const first = (await identity.listApiKeys({ iamId: sender.iam_id })).result;
  assert.equal(first.limit, 20);
  assert.equal(first.apikeys.length, 20);
  assert.equal(first.previous, undefined);
  const seen = [];
  let pagetoken;
  do {
    const page = (await identity.listApiKeys({
      iamId: sender.iam_id, pagesize: 7, pagetoken, sort: 'name', order: 'desc', filter: 'name sw "page-"',
    })).result;
    seen.push(...page.apikeys.map((k) => k.name));
    pagetoken = page.next && new URL(page.next).searchParams.get('pagetoken');
    assert.ok(!page.next || page.next.startsWith(url));
  } while (pagetoken);
  assert.deepEqual(seen, made.map((k) => k.name).sort().reverse());
  await refused(identity.listApiKeys({ iamId: sender.iam_id, pagesize: 101 }), 400);
  await refused(identity.listApiKeys({ iamId: sender.iam_id, filter: 'name like "x"' }), 400);
  const some = (await identity.listApiKeys({ iamId: sender.iam_id, filter: '(name ew "-03" or name co "ge-04")' })).result;
  assert.deepEqual(some.apikeys.map((k) => k.name), ['page-03', 'page-04']);
  const all = (await identity.listApiKeys({ accountId: account, scope: 'account', type: 'serviceid', pagesize: 100 })).result;
  assert.equal(all.apikeys.length, 47);
  const limits = (await identity.getAccountLimits({ accountId: account, apikeysPerIdentity: sender.iam_id })).result;
  assert.deepEqual(limits.apikeys_per_identity, { limit: 60, identities: [{ iam_id: sender.iam_id, count: 45 }] });
  const bulk = (await identity.bulkListAccountEntityConsumption({ accountId: account, apikeysPerIdentity: [sender.iam_id] })).result;
  assert.equal(bulk.apikeys_per_identity.identities[0].count, 45);
  await control.post('seed', { accounts: [{ id: account, key_limit: 45 }] });
  const e = await refused(identity.createApiKey({ name: 'over', iamId: sender.iam_id }), 422);
  assert.equal(e.result.errors[0].message_code, 'BXNIM0151E');
  for (const key of made) await identity.deleteApiKey({ id: key.id });
  await control.post('seed', { accounts: [{ id: account, key_limit: 20 }] });
});

await test('who has no role is refused, and told what for', async () => {
  const e = await refused(weak.identity.createApiKey({ name: 'x', iamId: sender.iam_id }), 403);
  assert.match(e.result.errors[0].message, /iam-identity\.apikey\.create/);
});

// Service IDs

await test('a service ID lives and takes its keys along', async () => {
  const created = await identity.createServiceId({
    accountId: account, name: 'svc', description: 'text', apikey: { name: 'inner', store_value: false },
  });
  const svc = created.result;
  assert.equal(created.status, 201);
  assert.equal(svc.iam_id, `iam-${svc.id}`);
  assert.ok(svc.apikey.apikey);
  const byName = (await identity.listServiceIds({ accountId: account, name: 'svc' })).result.serviceids;
  assert.deepEqual(byName.map((s) => s.id), [svc.id]);
  const got = await identity.getServiceId({ id: svc.id, includeActivity: true });
  assert.equal(got.headers.etag, got.result.entity_tag);
  const changed = await identity.updateServiceId({ id: svc.id, ifMatch: got.result.entity_tag, description: 'other' });
  assert.equal(changed.result.description, 'other');
  await refused(identity.updateServiceId({ id: svc.id, ifMatch: got.result.entity_tag, name: 'n' }), 409);
  assert.equal((await identity.lockServiceId({ id: svc.id })).result.locked ?? true, true);
  await refused(identity.deleteServiceId({ id: svc.id }), 409);
  await identity.unlockServiceId({ id: svc.id });
  const jwt = await token(svc.apikey.apikey);
  assert.equal((await identity.deleteServiceId({ id: svc.id })).status, 204);
  await refused(identity.getServiceId({ id: svc.id }), 404);
  await refused(identity.getApiKey({ id: svc.apikey.id }), 404);
  const service = new IamIdentityV1({ authenticator: new BearerTokenAuthenticator({ bearerToken: jwt }), serviceUrl: url });
  await refused(service.listApiKeys({}), 401);
});

await test('service IDs are listed by account', async () => {
  await refused(identity.listServiceIds({}), 400);
  await control.post('settings', { list_needs_account: false });
  assert.ok((await identity.listServiceIds({})).result.serviceids.length >= 3);
  await control.post('settings', { list_needs_account: true });
  const by = async (sort, order) => (await identity.listServiceIds({ accountId: account, sort, order })).result.serviceids;
  assert.deepEqual((await by('modified_at', 'desc')).map((s) => s.id).sort(), [manager, stranger, sender].map((s) => s.id));
  await refused(by('created_by'), 400);
});

// Groups of service IDs

await test('a group of service IDs lives', async () => {
  const created = await identity.createServiceIdGroup({ accountId: account, name: 'loggers', description: 'text' });
  assert.equal(created.status, 201);
  const { id } = created.result;
  assert.match(created.result.created_at, MINUTE);
  assert.equal(created.result.created_by, manager.iam_id);
  const got = await identity.getServiceIdGroup({ id });
  assert.deepEqual(got.result, created.result);
  assert.equal(got.headers.etag, got.result.entity_tag);
  await refused(identity.createServiceIdGroup({ accountId: account, name: 'loggers' }), 409);
  const update = (ifMatch) => identity.updateServiceIdGroup({ id, ifMatch, name: 'senders', description: '' });
  const updated = (await update(got.result.entity_tag)).result;
  assert.equal(updated.name, 'senders');
  assert.ok(!('description' in updated));
  await refused(update(got.result.entity_tag), 409);
  assert.deepEqual((await identity.listServiceIdGroup({ accountId: account })).result.serviceid_groups, [updated]);
  await refused(weak.identity.createServiceIdGroup({ accountId: account, name: 'x' }), 403);
  assert.equal((await identity.deleteServiceIdGroup({ id })).status, 204);
  assert.equal((await refused(identity.getServiceIdGroup({ id }), 404)).result.errors[0].code, 'not_found');
  assert.deepEqual((await identity.listServiceIdGroup({ accountId: account })).result.serviceid_groups, []);
});

await test('lists that name no group show the default group alone', async () => {
  const group = (await identity.createServiceIdGroup({ accountId: account, name: 'apart' })).result.id;
  const made = (await identity.createServiceId({
    accountId: account, name: 'grouped', groupId: group, showGroupId: 'true', apikey: { name: 'inner' },
  })).result;
  assert.equal(made.group_id, group);
  const ids = async (more) => (await identity.listServiceIds({ accountId: account, name: 'grouped', ...more })).result.serviceids.map((s) => s.id);
  const keys = async (more) => (await identity.listApiKeys({ iamId: made.iam_id, ...more })).result.apikeys.map((k) => k.id);
  const wide = async (more) => (await identity.listApiKeys({
    accountId: account, scope: 'account', pagesize: 100, ...more,
  })).result.apikeys.map((k) => k.id).filter((id) => id === made.apikey.id);
  for (const list of [ids, keys, wide]) {
    assert.equal((await list({})).length, 0);
    assert.equal((await list({ groupId: group })).length, 1);
    await refused(list({ groupId: 'nobody' }), 400);
  }
  // It is there all the same, by its id and by its key, and for the count of the limits.
  assert.ok(!('group_id' in (await identity.getServiceId({ id: made.id })).result));
  assert.equal((await identity.getServiceId({ id: made.id, showGroupId: 'true' })).result.group_id, group);
  assert.equal((await identity.getApiKey({ id: made.apikey.id })).result.id, made.apikey.id);
  const limits = (await identity.getAccountLimits({
    accountId: account, apikeysPerIdentity: made.iam_id, serviceidsPerGroup: group, serviceidGroups: true,
  })).result;
  assert.equal(limits.apikeys_per_identity.identities[0].count, 1);
  assert.deepEqual(limits.serviceids_per_group.serviceid_groups, [{ group_id: group, count: 1 }]);
  assert.equal(limits.serviceid_groups.count, 1);
  await control.post('settings', { default_group_only: false, group_id_on_request: false, unknown_group_status: 200 });
  assert.deepEqual(await ids({}), [made.id]);
  assert.deepEqual(await keys({}), [made.apikey.id]);
  assert.deepEqual(await ids({ groupId: 'nobody' }), []);
  assert.equal((await identity.getServiceId({ id: made.id })).result.group_id, group);
  await control.post('settings', { default_group_only: true, group_id_on_request: true, unknown_group_status: 400 });
  await refused(identity.deleteServiceIdGroup({ id: group }), 409);
  await refused(identity.createServiceId({ accountId: account, name: 'x', groupId: 'nobody' }), 400);
  await identity.deleteServiceId({ id: made.id });
  await identity.deleteServiceIdGroup({ id: group });
});

await test('the default group may have a name', async () => {
  await control.post('settings', { default_group_id: 'default' });
  const seen = (await identity.listServiceIds({ accountId: account, groupId: 'default', showGroupId: 'true' })).result.serviceids;
  assert.ok(seen.some((s) => s.id === sender.id && s.group_id === 'default'));
  await control.post('settings', { default_group_id: '' });
  assert.ok(!('group_id' in (await identity.getServiceId({ id: sender.id, showGroupId: 'true' })).result));
});

// Policies

const resourceV2 = (instance = guid) => ({
  attributes: [
    { key: 'accountId', operator: 'stringEquals', value: account },
    { key: 'serviceName', operator: 'stringEquals', value: 'logs' },
    { key: 'serviceInstance', operator: 'stringEquals', value: instance },
  ],
});
const grant = (role) => ({ grant: { roles: [{ role_id: role }] } });
const subjectV2 = { attributes: [{ key: 'iam_id', operator: 'stringEquals', value: sender.iam_id }] };
const createV2 = (service, role = SENDER, instance = guid) =>
  service.createV2Policy({ type: 'access', control: grant(role), subject: subjectV2, resource: resourceV2(instance), description: 'd' });

await test('roles of the service are found by name', async () => {
  const roles = (await policy.listRoles({ accountId: account, serviceName: 'logs' })).result;
  const found = roles.service_roles.find((r) => r.display_name === 'Sender');
  assert.equal(found.crn, SENDER);
  assert.deepEqual(found.actions, ['logs.data-ingress.send']);
  assert.ok(roles.system_roles.length > 0);
});

await test('a custom role lives, and its one action is what it grants', async () => {
  const made = await policy.createRole({
    displayName: 'Probe reader', name: 'ProbeReader', accountId: account, serviceName: 'logs', actions: ['logs.data-ingress.send'],
  });
  assert.equal(made.status, 201);
  const { id, crn } = made.result;
  const got = await policy.getRole({ roleId: id });
  const listed = (await policy.listRoles({ accountId: account, serviceName: 'logs' })).result.custom_roles;
  assert.deepEqual(listed.map((r) => r.id), [id]);
  const key = await makeKey();
  const send = async () => (await fetch(`${url}/instances/${guid}/logs/v1/singles`, {
    method: 'POST', headers: { authorization: `Bearer ${await token(key.apikey)}` }, body: '[]',
  })).status;
  assert.equal(await send(), 403);
  const granted = (await createV2(policy, crn)).result;
  assert.equal(await send(), 200);
  const replace = (ifMatch) => policy.replaceRole({
    roleId: id, ifMatch, displayName: 'Reader', actions: ['logs.logs-data-api-high.read'],
  });
  assert.equal((await replace(got.headers.etag)).result.display_name, 'Reader');
  await refused(replace(got.headers.etag), 409);
  assert.equal(await send(), 403);
  await policy.deleteV2Policy({ id: granted.id });
  assert.equal((await policy.deleteRole({ roleId: id })).status, 204);
  await refused(createV2(policy, crn), 404);
  await identity.deleteApiKey({ id: key.id });
});

await test('a seeded policy says who made it', async () => {
  const list = (await policy.listV2Policies({ accountId: account, iamId: manager.iam_id })).result.policies;
  assert.equal(list.length, 3);
  for (const p of list) assert.match(p.created_by_id, /^IBMid-/);
});

await test('a v2 policy lives', async () => {
  const created = await createV2(policy);
  assert.equal(created.status, 201);
  const id = created.result.id;
  assert.equal(created.result.state, 'active');
  assert.match(created.result.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const got = await policy.getV2Policy({ id });
  assert.equal(got.result.control.grant.roles[0].role_id, SENDER);
  const etag = got.headers.etag;
  const e = await refused(createV2(policy), 409);
  assert.equal(e.result.errors[0].code, 'policy_conflict_error');
  assert.equal(e.result.errors[0].details.conflicts_with.policy.id, id);
  assert.equal(e.result.errors[0].details.conflicts_with.etag, etag);
  const replace = (ifMatch, role) => policy.replaceV2Policy({
    id, ifMatch, type: 'access', control: grant(role), subject: subjectV2, resource: resourceV2(),
  });
  assert.equal((await replace(etag, READER)).result.control.grant.roles[0].role_id, READER);
  await refused(replace(etag, SENDER), 409);
  const list = (await policy.listV2Policies({ accountId: account, iamId: sender.iam_id })).result.policies;
  assert.deepEqual(list.map((p) => p.id), [id]);
  assert.equal((await policy.deleteV2Policy({ id })).status, 204);
  const gone = await refused(policy.getV2Policy({ id }), 404);
  assert.equal(gone.result.errors[0].code, 'policy_not_found');
});

await test('a v1 policy lives, and v2 sees the same', async () => {
  const body = {
    type: 'access',
    subjects: [{ attributes: [{ name: 'iam_id', value: sender.iam_id }] }],
    roles: [{ role_id: SENDER }],
    resources: [{ attributes: [
      { name: 'accountId', value: account }, { name: 'serviceName', value: 'logs' }, { name: 'serviceInstance', value: guid },
    ] }],
  };
  const created = await policy.createPolicy(body);
  assert.equal(created.status, 201);
  const policyId = created.result.id;
  assert.equal(created.result.roles[0].display_name, 'Sender');
  const got = await policy.getPolicy({ policyId });
  assert.equal((await policy.getV2Policy({ id: policyId })).result.control.grant.roles[0].role_id, SENDER);
  await refused(policy.createPolicy(body), 409);
  const replaced = await policy.replacePolicy({ policyId, ifMatch: got.headers.etag, ...body, description: 'new' });
  assert.equal(replaced.result.description, 'new');
  assert.equal((await policy.deletePolicy({ policyId })).status, 204);
  await refused(policy.getPolicy({ policyId }), 404);
});

await test('policies come in pages through the pagers of the SDK', async () => {
  const made = [];
  for (let i = 0; i < 5; i += 1) made.push((await createV2(policy, READER, crypto.randomUUID())).result.id);
  const v2 = await new IamPolicyManagementV1.V2PoliciesPager(policy, { accountId: account, iamId: sender.iam_id, limit: 2 }).getAll();
  assert.deepEqual(v2.map((p) => p.id), made);
  const v1 = await new IamPolicyManagementV1.PoliciesPager(policy, { accountId: account, iamId: sender.iam_id, limit: 3 }).getAll();
  assert.deepEqual(v1.map((p) => p.id), made);
  for (const id of made) await policy.deleteV2Policy({ id });
});

await test('who may not read policies sees none; who may not write is refused', async () => {
  const { result } = await createV2(policy);
  const list = await weak.policy.listV2Policies({ accountId: account, iamId: sender.iam_id });
  assert.deepEqual(list.result.policies, []);
  const e = await refused(createV2(weak.policy, READER), 403);
  assert.equal(e.result.errors[0].code, 'insufficent_permissions');
  assert.equal(e.result.status_code, 403);
  await policy.deleteV2Policy({ id: result.id });
});

await test('the policy is what ingress asks for', async () => {
  const key = await makeKey();
  const send = async () => (await fetch(`${url}/instances/${guid}/logs/v1/singles`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await token(key.apikey)}`, 'content-type': 'application/json' },
    body: JSON.stringify([{ applicationName: 'a', subsystemName: 'b', text: { nonce: 'n' }, severity: 3 }]),
  })).status;
  assert.equal(await send(), 403);
  const { result } = await createV2(policy);
  assert.equal(await send(), 200);
  const { logs } = await control.get(`logs?instance=${guid}`);
  assert.equal(logs.at(-1).key_id, key.id);
  await policy.deleteV2Policy({ id: result.id });
  assert.equal(await send(), 403);
  await identity.deleteApiKey({ id: key.id });
});

await test('no key value and no token is in the control answers', async () => {
  const text = JSON.stringify([await control.get('requests'), await control.get('keys'), await control.get('events')]);
  assert.ok(!text.includes(manager.apikeys[0].apikey));
  assert.ok(!text.includes(await token(manager.apikeys[0].apikey)));
});

finish();
