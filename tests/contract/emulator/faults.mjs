// The parts of the emulator that no SDK sees: faults, lags, the clock, Cloud Logs, the metadata
// service, the control interface. Arguments: the service URL, the control URL, the metadata URL.
import crypto from 'node:crypto';
import http from 'node:http';
import { assert, Control, finish, test } from './harness.mjs';

const [url, controlUrl, imdsUrl] = process.argv.slice(2);
const control = new Control(controlUrl);
const account = 'f'.repeat(32);
const guid = '5d7a2a52-4a44-4c8c-a2a5-1c2d3e4f5a6b';
const SENDER = 'crn:v1:bluemix:public:logs::::serviceRole:Sender';
// Asks again until the answer is there: how long that takes is the machine's matter.
const comes = async (status, ask) => {
  for (let left = 500; (await ask()).status !== status; left--) {
    assert.ok(left > 0, `${status} never comes`);
    await sleep(20);
  }
};
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms); });
let manager;
let sender;
let bearer;

async function begin() {
  await control.post('reset');
  const made = await control.post('seed', {
    accounts: [{ id: account }],
    instances: [{ guid, account, region: 'eu-de' }],
    service_ids: [{ name: 'manager', apikeys: [{ name: 'm' }] }, { name: 'sender', apikeys: [{ name: 's' }] }],
    profiles: [{ name: 'prof' }],
  });
  [manager, sender] = made.service_ids;
  await control.post('seed', {
    roles: [
      { identity: manager.id, role: 'Operator', service_id: sender.id },
      { identity: manager.id, role: 'PolicyAdministrator' },
      { identity: manager.id, role: 'Reader', instance: guid },
      { identity: sender.id, role: 'Sender', instance: guid },
    ],
  });
  bearer = (await (await exchange(manager.apikeys[0].apikey)).json()).access_token;
}

// Each test starts from the same state.
const check = (name, body) => test(name, async () => {
  await begin();
  await body();
});
const fault = (match, effect) => control.post('faults', { match, effect });
const exchange = (apikey) => fetch(`${url}/identity/token`, {
  method: 'POST', body: new URLSearchParams({ grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey }),
});
const call = (method, path, body, headers = {}, token = bearer) => fetch(url + path, {
  method, headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers }, body: body && JSON.stringify(body),
});
const create = (more = {}, headers = {}) => call('POST', '/v1/apikeys', { name: 'k', iam_id: sender.iam_id, ...more }, headers);
const keys = async () => (await control.get(`keys?iam_id=${sender.iam_id}`)).keys;
const listed = async () => (await (await call('GET', `/v1/apikeys?iam_id=${sender.iam_id}`)).json()).apikeys;
const outcomes = async () => (await control.get('requests')).requests.map((r) => r.outcome);
const lost = (promise) => assert.rejects(promise, TypeError);
const senderToken = async () => (await (await exchange(sender.apikeys[0].apikey)).json()).access_token;
const line = { applicationName: 'app', subsystemName: 'sub', text: { nonce: 'abc' }, severity: 3 };
const send = async (body = [line], token = undefined) =>
  call('POST', `/instances/${guid}/logs/v1/singles`, body, {}, token ?? await senderToken());
const query = (text, metadata) => call('POST', `/instances/${guid}/v1/query`, { query: text, metadata });
const rows = async (answer) => (await answer.text()).split('\n\n').filter(Boolean)
  .map((e) => JSON.parse(e.split('\n').find((l) => l.startsWith('data: ')).slice(6))).flatMap((e) => e.result?.results ?? []);

// With a Host header of its own, which fetch() does not allow.
const asHost = (host, path, body, token) => new Promise((resolve, reject) => {
  const request = http.request(controlUrl + path, { method: 'POST', headers: { host, authorization: `Bearer ${token}` } }, (answer) => {
    answer.resume();
    answer.on('end', () => resolve(answer.statusCode));
  });
  request.on('error', reject);
  request.end(JSON.stringify(body));
});

// Faults

await check('drop_before: nothing is done and nothing is answered', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys' }, { drop_before: true });
  await lost(create());
  assert.equal((await keys()).length, 1);
  assert.equal((await outcomes()).at(-1), 'dropped');
});

await check('lose_answer: it is done, the answer is lost; by reset too', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys', times: 1 }, { lose_answer: true });
  await lost(create());
  assert.equal((await keys()).length, 2);
  await fault({ method: 'DELETE', path: '/v1/apikeys/*' }, { lose_answer: true, reset: true });
  await lost(call('DELETE', `/v1/apikeys/${sender.apikeys[0].id}`));
  assert.equal((await keys())[0].deleted, true);
});

await check('late: lost now, done later', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys' }, { late_ms: 200 });
  await lost(create());
  assert.equal((await keys()).length, 1);
  await sleep(400);
  assert.equal((await keys()).length, 2);
  assert.deepEqual((await outcomes()).slice(-2), ['postponed', 'late']);
});

await check('late with a status: the gateway gives up, the service does not', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys' }, { late_ms: 100, status: 504, body: '<html>timeout</html>' });
  const answer = await create();
  assert.equal(answer.status, 504);
  assert.match(answer.headers.get('content-type'), /html/);
  await sleep(300);
  assert.equal((await keys()).length, 2);
});

await check('duplicate_late: one create becomes two, an own value stops the second', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys' }, { duplicate_late_ms: 50 });
  assert.equal((await create()).status, 201);
  await sleep(200);
  assert.equal((await keys()).length, 3);
  assert.equal((await create({ apikey: 'x'.repeat(40) })).status, 201);
  await sleep(200);
  assert.equal((await keys()).length, 4);
  assert.equal((await control.get('requests')).requests.at(-1).status, 409);
});

await check('status with headers; instead of the work, or after it', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys', times: 1 }, { status: 429, headers: { 'Retry-After': '7' } });
  const busy = await create();
  assert.equal(busy.status, 429);
  assert.equal(busy.headers.get('retry-after'), '7');
  assert.equal((await busy.json()).errors[0].code, 'too_many_requests');
  assert.equal((await keys()).length, 1);
  await fault({ method: 'POST', path: '/v1/apikeys', times: 1 }, { status: 500, status_done: true });
  assert.equal((await create()).status, 500);
  assert.equal((await keys()).length, 2);
  await fault({ path: '/identity/token', times: 1 }, { status: 400, body: '{"errorCode":"BXNIM7777E"}' });
  assert.equal((await (await exchange('x')).json()).errorCode, 'BXNIM7777E');
});

await check('truncate, oversize and slow bodies', async () => {
  await fault({ path: '/v1/apikeys', times: 1 }, { truncate: true });
  await lost(listed());
  await fault({ path: '/v1/apikeys', times: 1 }, { oversize_mib: 3 });
  assert.ok((await (await call('GET', '/v1/apikeys?iam_id=' + sender.iam_id)).text()).length > 3 << 20);
  await fault({ path: '/v1/apikeys', times: 1 }, { slow_ms: 500 });
  const start = Date.now();
  assert.equal((await listed()).length, 1);
  assert.ok(Date.now() - start >= 400);
});

await check('delay before and delay after', async () => {
  await fault({ method: 'POST', path: '/v1/apikeys', times: 1 }, { delay_ms: 200 });
  const first = create();
  await sleep(100);
  assert.equal((await keys()).length, 1);
  await first;
  await fault({ method: 'POST', path: '/v1/apikeys', times: 1 }, { answer_delay_ms: 200 });
  const second = create();
  await sleep(100);
  assert.equal((await keys()).length, 3);
  await second;
});

await check('after, times, identity, host and probability choose', async () => {
  await fault({ path: '/v1/apikeys', after: 1, times: 2 }, { status: 503 });
  const seen = [];
  for (let i = 0; i < 5; i += 1) seen.push((await create()).status);
  assert.deepEqual(seen, [201, 503, 503, 201, 201]);
  await control.clearFaults();
  await fault({ identity: sender.iam_id }, { status: 503 });
  assert.equal((await exchange(sender.apikeys[0].apikey)).status, 503);
  assert.equal((await exchange(manager.apikeys[0].apikey)).status, 200);
  await control.clearFaults();
  await fault({ host: '*.ingress.eu-de.*' }, { status: 502 });
  assert.equal(await asHost(`${guid}.ingress.eu-de.logs.localhost`, '/logs/v1/singles', [line], bearer), 502);
  assert.equal((await exchange(manager.apikeys[0].apikey)).status, 200);
  await control.clearFaults();
  const round = async () => {
    await control.clearFaults();
    await fault({ path: '/v1/apikeys', probability: 0.5, seed: 42 }, { status: 503 });
    const got = [];
    for (let i = 0; i < 30; i += 1) got.push((await call('GET', '/v1/apikeys/ApiKey-x')).status);
    return got;
  };
  const once = await round();
  assert.ok(once.includes(503) && once.includes(404));
  assert.deepEqual(await round(), once);
});

await check('a rule that is not understood is refused', async () => {
  const post = (rule) => fetch(`${controlUrl}/_control/faults`, { method: 'POST', body: JSON.stringify(rule) });
  assert.equal((await post({ match: {}, effect: { statsu: 500 } })).status, 400);
  assert.equal((await post({ match: { pth: '/' }, effect: { status: 500 } })).status, 400);
  assert.equal((await post({ match: {} })).status, 400);
  assert.deepEqual((await control.get('faults')).rules, []);
  const { ids } = await control.post('faults', { rules: [{ effect: { status: 500 } }, { effect: { delay_ms: 1 } }] });
  await control.call('DELETE', `faults/${ids[0]}`);
  assert.deepEqual((await control.get('faults')).rules.map((r) => r.id), [ids[1]]);
});

await check('tokens: wrong account, short life', async () => {
  await fault({ path: '/identity/token' }, { wrong_account: 'e'.repeat(32), expires_in: 1 });
  const body = await (await exchange(manager.apikeys[0].apikey)).json();
  const claims = JSON.parse(Buffer.from(body.access_token.split('.')[1], 'base64url'));
  assert.equal(claims.account.bss, 'e'.repeat(32));
  assert.equal(body.expires_in, 1);
});

await check('ignore_disabled', async () => {
  await fault({ path: '/v1/apikeys' }, { ignore_disabled: true });
  const key = await (await create({}, { 'entity-disable': 'true' })).json();
  assert.equal(key.disabled, false);
});

await check('lags: a new key is unknown here and there for a while', async () => {
  await fault({ path: '/v1/apikeys', method: 'POST' }, { lag: { new_key_token_ms: 300, new_key_list_ms: 300, new_key_get_ms: 300 } });
  const key = await (await create()).json();
  assert.equal((await (await exchange(key.apikey)).json()).errorCode, 'BXNIM0415E');
  assert.equal((await listed()).length, 1);
  assert.equal((await call('GET', `/v1/apikeys/${key.id}`)).status, 404);
  await sleep(350);
  assert.equal((await exchange(key.apikey)).status, 200);
  assert.equal((await listed()).length, 2);
  assert.equal((await call('GET', `/v1/apikeys/${key.id}`)).status, 200);
});

await check('lags: a deleted key lingers, a disabled one works on', async () => {
  await control.post('settings', { lags: { deleted_key_token_ms: 300, deleted_key_list_ms: 300, disabled_key_token_ms: 300 } });
  const a = await (await create()).json();
  const b = await (await create()).json();
  await call('DELETE', `/v1/apikeys/${a.id}`);
  await call('POST', `/v1/apikeys/${b.id}/disable`);
  assert.equal((await exchange(a.apikey)).status, 200);
  assert.equal((await exchange(b.apikey)).status, 200);
  assert.equal((await listed()).length, 3);
  assert.equal((await call('DELETE', `/v1/apikeys/${a.id}`)).status, 404);
  await sleep(350);
  assert.equal((await exchange(a.apikey)).status, 400);
  assert.equal((await exchange(b.apikey)).status, 400);
  assert.equal((await listed()).length, 2);
});

await check('stale lists', async () => {
  await sleep(60);
  const before = await listed();
  await fault({ path: '/v1/apikeys', method: 'GET' }, { stale_list_ms: 50 });
  await create();
  assert.equal((await listed()).length, before.length);
  await sleep(80);
  assert.equal((await listed()).length, before.length + 1);
});

// Policies

const policyBody = () => ({
  type: 'access',
  subject: { attributes: [{ key: 'iam_id', operator: 'stringEquals', value: sender.iam_id }] },
  control: { grant: { roles: [{ role_id: SENDER }] } },
  resource: { attributes: [
    { key: 'accountId', operator: 'stringEquals', value: account },
    { key: 'serviceName', operator: 'stringEquals', value: 'logs' },
    { key: 'serviceInstance', operator: 'stringEquals', value: guid },
  ] },
});
const dropPolicies = async () => {
  for (const p of (await control.get(`policies?iam_id=${sender.iam_id}`)).policies) await call('DELETE', `/v2/policies/${p.id}`);
};

await check('a granter without Sender grants nothing', async () => {
  await dropPolicies();
  assert.equal((await send()).status, 403);
  const made = await (await call('POST', '/v2/policies', policyBody())).json();
  assert.equal((await control.get(`policies?iam_id=${sender.iam_id}`)).policies.at(-1).confers, false);
  assert.equal((await send()).status, 403);
  await call('DELETE', `/v2/policies/${made.id}`);
  await control.post('seed', { roles: [{ identity: manager.id, role: 'Sender', instance: guid }] });
  assert.equal((await call('POST', '/v2/policies', policyBody())).status, 201);
  assert.equal((await send()).status, 200);
});

await check('lags: a policy is neither readable nor in force at once', async () => {
  await dropPolicies();
  await control.post('seed', { service_ids: [{ id: manager.id, downgrant: 'never' }] });
  await control.post('settings', { lags: { policy_get_ms: 800, policy_enforce_ms: 3000, policy_removed_ms: 800 } });
  const { id } = await (await call('POST', '/v2/policies', policyBody())).json();
  assert.equal((await call('GET', `/v2/policies/${id}`)).status, 404);
  assert.equal((await send()).status, 403);
  await comes(200, () => call('GET', `/v2/policies/${id}`));
  assert.equal((await send()).status, 403);
  await comes(200, send);
  await call('DELETE', `/v2/policies/${id}`);
  assert.equal((await send()).status, 200);
  await comes(403, send);
});

await check('rights end at the one service ID; self-rotation is a switch', async () => {
  const own = (token) => call('POST', '/v1/apikeys', { name: 'own', iam_id: sender.iam_id }, {}, token);
  assert.equal((await call('POST', '/v1/apikeys', { name: 'k', iam_id: manager.iam_id })).status, 403);
  const token = await senderToken();
  assert.equal((await own(token)).status, 403);
  await control.post('settings', { self_rotation: true });
  assert.equal((await own(token)).status, 201);
});

// Cloud Logs

await check('ingress by path and by host name', async () => {
  const token = await senderToken();
  assert.equal((await send()).status, 200);
  assert.equal(await asHost(`${guid}.ingress.eu-de.logs.localhost`, '/logs/v1/singles', [line], token), 200);
  assert.equal(await asHost(`${guid}.ingress.private.eu-de.logs.cloud.ibm.com:3443`, '/logs/v1/singles', [line], token), 200);
  assert.equal(await asHost(`${crypto.randomUUID()}.ingress.eu-de.logs.localhost`, '/logs/v1/singles', [line], token), 404);
  const { logs } = await control.get(`logs?instance=${guid}`);
  assert.equal(logs.length, 3);
  assert.equal(logs[0].key_id, sender.apikeys[0].id);
  assert.deepEqual(logs[0].text, { nonce: 'abc' });
});

await check('ingress refuses what is not fit', async () => {
  assert.equal((await send([line], 'garbled')).status, 403);
  assert.equal((await send([line], sender.apikeys[0].apikey)).status, 403);
  assert.equal((await send([line], bearer)).status, 403);
  await control.post('settings', { ingress_unauthorized_status: 401 });
  assert.equal((await send([line], 'garbled')).status, 401);
  assert.equal((await send(line)).status, 400);
  assert.equal((await send([{ ...line, severity: 7 }])).status, 400);
  assert.equal((await send([{ ...line, applicationName: 1 }])).status, 400);
  assert.equal((await send([{ ...line, text: 'x'.repeat(11 << 20) }])).status, 413);
  assert.equal((await control.get('logs')).logs.length, 0);
  const old = await send([{ ...line, timestamp: Date.now() - 25 * 3600e3 }, line]);
  assert.equal(old.status, 200);
  assert.match(await old.text(), /1 of 2 logs were not accepted/);
});

await check('ingress takes 2 MB, by default; the gateway takes 10 MiB', async () => {
  const lines = (mib) => Array.from({ length: mib * 64 }, () => ({ ...line, text: 'x'.repeat(16 << 10) }));
  assert.equal((await send(lines(1))).status, 200);
  assert.equal((await send(lines(2))).status, 413);
  await control.post('settings', { ingress_soft_limit: 0 });
  assert.equal((await send(lines(2))).status, 200);
  assert.equal((await send(lines(10))).status, 413);
});

await check('complaint: 200, a text, and nothing kept unless asked', async () => {
  await fault({ path: '/instances/*', times: 1 }, { complaint: 'ICL dropped logs' });
  const answer = await send();
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), 'ICL dropped logs');
  assert.equal((await control.get('logs')).logs.length, 0);
  await fault({ path: '/instances/*', times: 1 }, { complaint: '{"x":1}', complaint_keep: true, status: 202 });
  assert.equal((await send()).status, 202);
  assert.equal((await control.get('logs')).logs.length, 1);
});

await check('a query whose window ends before it begins finds nothing and warns', async () => {
  await send();
  const window = { start_date: '2026-01-02T00:00:00.000Z', end_date: '2026-01-01T00:00:00.000Z' };
  const answer = await query('source logs', window);
  assert.equal(answer.status, 200);
  const text = await answer.text();
  const events = text.split('\n\n').filter(Boolean).map((e) => JSON.parse(e.split('\n').at(-1).replace(/^data: /, '')));
  const { warning_message: why, ...rest } = events.find((e) => e.warning).warning.time_range_warning;
  assert.ok(why);
  assert.deepEqual(rest, window);
  assert.deepEqual(events.find((e) => e.result).result.results, []);
});

await check('query finds the line once it is visible', async () => {
  const text = "source logs | filter $l.applicationname == 'app' && $l.subsystemname == 'sub' | limit 10";
  await control.post('settings', { query_visible_ms: 200 });
  await send();
  assert.equal((await rows(await query(text))).length, 0);
  await sleep(250);
  const found = await rows(await query(text, { start_date: new Date(Date.now() - 60e3).toISOString(), limit: 5 }));
  assert.equal(found.length, 1);
  assert.deepEqual(JSON.parse(found[0].user_data), { nonce: 'abc' });
  assert.ok(found[0].labels.some((l) => l.key === 'applicationname' && l.value === 'app'));
  assert.equal((await rows(await query("source logs | filter $l.applicationname == 'other'"))).length, 0);
  assert.equal((await query('select *')).status, 400);
  await fault({ path: '/instances/*/singles', times: 1 }, { hide_logs: true });
  await send([{ ...line, applicationName: 'hidden' }]);
  await sleep(250);
  assert.equal((await rows(await query("source logs | filter $l.applicationname == 'hidden'"))).length, 0);
});

await check('query: ten a minute, and not for senders', async () => {
  const sent = await call('POST', `/instances/${guid}/v1/query`, { query: 'source logs' }, {}, await senderToken());
  assert.equal(sent.status, 403);
  for (let i = 0; i < 10; i += 1) assert.equal((await query('source logs')).status, 200);
  assert.equal((await query('source logs')).status, 429);
  await control.post('settings', { query_limit_in_stream: true });
  assert.match(await (await query('source logs')).text(), /rate_limit_reached/);
  await control.post('clock', { advance_s: 61 });
  assert.equal((await query('source logs')).status, 200);
});

// Control

await check('the clock moves tokens, timestamps and the Date header', async () => {
  await control.post('clock', { offset_s: 86400 });
  const answer = await exchange(manager.apikeys[0].apikey);
  const ahead = Date.parse(answer.headers.get('date')) - Date.now();
  assert.ok(Math.abs(ahead - 86400e3) < 5000);
  assert.ok((await answer.json()).expiration * 1000 > Date.now() + 86400e3);
});

await check('a key past expires_at is refused by its own code', async () => {
  const key = await (await create({ expires_at: '2049-01-02T18:30+0000' })).json();
  assert.equal((await exchange(key.apikey)).status, 200);
  await control.post('clock', { offset_s: (Date.UTC(2049, 0, 3) - Date.now()) / 1000 });
  assert.equal((await (await exchange(key.apikey)).json()).errorCode, 'BXNIM9003E');
});

await check('an expired key is deleted for good after ninety days', async () => {
  const at = new Date(Date.now() + 60e3).toISOString().slice(0, 16) + '+0000';
  const { id } = await (await create({ expires_at: at })).json();
  await control.post('clock', { offset_s: 89 * 86400 });
  assert.equal((await keys()).at(-1).deleted, false);
  await control.post('clock', { advance_s: 2 * 86400 });
  assert.deepEqual((await keys()).filter((k) => k.deleted).map((k) => k.id), [id]);
});

await check('a leaked key meets what it asked for', async () => {
  const deleted = await (await create({ action_when_leaked: 'delete' })).json();
  const disabled = await (await create()).json();
  for (const key of [deleted, disabled]) await control.post('leak', { key_id: key.id });
  assert.equal((await (await exchange(deleted.apikey)).json()).errorCode, 'BXNIM0415E');
  assert.equal((await (await exchange(disabled.apikey)).json()).errorCode, 'BXNIM0462E');
});

await check('an error body repeats the key only when asked to', async () => {
  assert.ok(!(await (await exchange('offered-value')).text()).includes('offered-value'));
  await control.post('settings', { echo_apikey: true });
  assert.match((await (await exchange('offered-value')).json()).errorDetails, /offered-value/);
});

await check('check-value answers without leaving a trace', async () => {
  const { apikey, id } = sender.apikeys[0];
  assert.deepEqual(await control.post('check-value', { value: apikey }), { accepted: true, reason: 'accepted', key_id: id, iam_id: sender.iam_id });
  await call('POST', `/v1/apikeys/${id}/disable`);
  assert.equal((await control.post('check-value', { value: apikey })).reason, 'disabled');
  assert.equal((await control.post('check-value', { value: 'nobody' })).reason, 'unknown');
  assert.equal((await keys())[0].authn_count, 0);
  assert.equal((await keys())[0].value_sha256, crypto.createHash('sha256').update(apikey).digest('hex'));
});

await check('latency overlaps', async () => {
  await control.post('latency', { ms: 200 });
  const start = Date.now();
  await Promise.all(Array.from({ length: 200 }, () => call('GET', '/v1/apikeys/ApiKey-x')));
  assert.ok(Date.now() - start < 10000); // one after the other: 40 s
});

await check('a key in a path is masked, events name what was done', async () => {
  const { apikey } = sender.apikeys[0];
  await call('GET', `/v1/apikeys/${apikey}`);
  await call('GET', `/v1/apikeys/x?oops=${apikey}`);
  const text = JSON.stringify(await control.get('requests'));
  assert.ok(!text.includes(apikey) && text.includes('[masked]'));
  await create();
  const { events } = await control.get('events');
  assert.equal(events.at(-1).action, 'iam-identity.serviceid-apikey.create');
  const { requests, last } = await control.get('requests?since=2');
  assert.equal(requests[0].seq, 3);
  assert.equal(requests.at(-1).seq, last);
});

await check('a reset ends every token and forgets every fault', async () => {
  const old = bearer;
  await fault({}, { status: 500 });
  await begin();
  assert.equal((await call('GET', '/v1/apikeys', undefined, {}, old)).status, 401);
  assert.equal((await exchange(manager.apikeys[0].apikey)).status, 200);
});

await check('settings are checked by name and type', async () => {
  const post = (body) => fetch(`${controlUrl}/_control/settings`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal((await post({ nonsense: 1 })).status, 400);
  assert.equal((await post({ self_rotation: 1 })).status, 400);
  assert.equal((await post({ lags: { nonsense_ms: 1 } })).status, 400);
  assert.equal((await control.post('settings', { locked_status: 403 })).locked_status, 403);
});

// Another hand

const hand = (body) => control.post('hand', body);
const verdict = async (i = 0) => (await keys())[i].token_endpoint;

await check('a hand disables, leaks, locks, expires and deletes a key', async () => {
  const key = sender.apikeys[0].id;
  assert.equal(await verdict(), 'accepted');
  await hand({ key, do: 'disable' });
  assert.equal(await verdict(), 'disabled');
  await hand({ key, do: 'enable' });
  await hand({ key, do: 'lock' });
  assert.equal((await call('DELETE', `/v1/apikeys/${key}`)).status, 409);
  await hand({ key, do: 'unlock' });
  await hand({ key, do: 'leak' });
  assert.equal(await verdict(), 'disabled');
  await hand({ key, do: 'enable' });
  await hand({ key, do: 'expire' });
  assert.equal(await verdict(), 'expired');
  await hand({ key, do: 'leak', action: 'delete' });
  assert.equal(await verdict(), 'unknown');
  const { events } = await control.get('events');
  assert.deepEqual([events.at(-1).action, events.at(-1).initiator], ['iam-identity.serviceid-apikey.delete', 'console']);
});

await check('a hand deletes with the lags of the settings', async () => {
  await control.post('settings', { lags: { deleted_key_token_ms: 60000 } });
  await hand({ key: sender.apikeys[0].id, do: 'delete' });
  assert.equal(await verdict(), 'accepted');
  await control.post('clock', { advance_s: 61 });
  assert.equal(await verdict(), 'unknown');
});

await check('a hand takes Sender away; of a policy with more roles only that', async () => {
  assert.equal((await send()).status, 200);
  await control.post('seed', { roles: [{ identity: sender.id, role: 'Reader', instance: guid }] });
  await hand({ identity: sender.id, do: 'revoke', role: 'Sender', instance: guid });
  assert.equal((await send()).status, 403);
  const left = (await control.get(`policies?iam_id=${sender.iam_id}`)).policies.filter((p) => p.state === 'active');
  assert.equal(left.length, 1);
  await hand({ policy: left[0].id, do: 'delete' });
  assert.ok((await control.get(`policies?iam_id=${sender.iam_id}`)).policies.every((p) => p.state === 'deleted'));
});

await check('a hand removes an instance and brings it back; its tokens are not at fault', async () => {
  await hand({ instance: guid, do: 'delete' });
  assert.equal((await send()).status, 404);
  assert.equal((await query('source logs')).status, 404);
  await hand({ instance: guid, do: 'restore' });
  assert.equal((await send()).status, 200);
});

await check('a hand locks and deletes a service ID', async () => {
  const token = await senderToken();
  await hand({ service_id: sender.id, do: 'lock' });
  assert.equal((await control.get('identities')).identities.find((i) => i.id === sender.id).locked, true);
  await hand({ service_id: sender.id, do: 'delete' });
  assert.equal((await send([line], token)).status, 403);
  assert.equal((await exchange(sender.apikeys[0].apikey)).status, 400);
});

await check('a hand that means nothing is refused', async () => {
  const post = async (body) => (await fetch(`${controlUrl}/_control/hand`, { method: 'POST', body: JSON.stringify(body) })).status;
  assert.equal(await post({ key: 'ApiKey-nobody', do: 'delete' }), 404);
  assert.equal(await post({ key: sender.apikeys[0].id, do: 'destroy' }), 400);
  assert.equal(await post({ key: sender.apikeys[0].id }), 400);
  assert.equal(await post({ key: sender.apikeys[0].id, do: 'leak', action: 'burn' }), 400);
  assert.equal(await post({ identity: sender.id, do: 'revoke', role: 'Manager' }), 400);
  assert.equal(await post({ keys: sender.apikeys[0].id, do: 'delete' }), 400);
  assert.equal(await verdict(), 'accepted');
});

// The metadata service

await check('the metadata service gives a profile token, by old and new paths', async () => {
  const put = (path, headers) => fetch(imdsUrl + path, { method: 'PUT', headers, body: '{"expires_in":300}' });
  for (const [first, second, version] of [
    ['/instance_identity/v1/token', '/instance_identity/v1/iam_token', '2022-03-01'],
    ['/identity/v1/token', '/identity/v1/iam_tokens', '2025-08-26'],
  ]) {
    assert.equal((await put(`${first}?version=${version}`, {})).status, 400);
    const identity = await (await put(`${first}?version=${version}`, { 'Metadata-Flavor': 'ibm' })).json();
    const answer = await fetch(`${imdsUrl}${second}?version=${version}`, {
      method: 'POST', headers: { authorization: `Bearer ${identity.access_token}` }, body: '{}',
    });
    assert.equal(answer.status, 200);
    const { access_token: token } = await answer.json();
    assert.match(JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).iam_id, /^iam-Profile-/);
  }
});

finish();
