// A TAP-like harness and the control interface of the emulator, for conformance.mjs.
import assert from 'node:assert/strict';

// run.sh runs the file once per base URL and prints the one plan itself.
let count = Number(process.env.TAP_DONE ?? 0);
let failed = 0;

export { assert };

export async function test(name, body) {
  count += 1;
  try {
    await body();
    console.log(`ok ${count} - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`not ok ${count} - ${name}`);
    console.log(String(error?.stack ?? error).replace(/^/gm, '  # '));
  }
}

export function finish() {
  if (!('TAP_DONE' in process.env)) console.log(`1..${count}`);
  process.exitCode = failed ? 1 : 0;
}

// The error an SDK call ends in; fails when it does not.
export async function refused(promise, status) {
  const error = await promise.then(
    () => assert.fail('the call was expected to be refused'),
    (e) => e,
  );
  if (error instanceof assert.AssertionError) throw error;
  assert.equal(error.status, status, `${error.status}: ${error.message}`);
  return error;
}

export class Control {
  constructor(base) {
    this.base = base;
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.base}/_control/${path}`, {
      method,
      body: body && JSON.stringify(body),
    });
    const json = await answer.json();
    assert.equal(answer.status, 200, JSON.stringify(json));
    return json;
  }

  get(path) {
    return this.call('GET', path);
  }

  post(path, body = {}) {
    return this.call('POST', path, body);
  }

  clearFaults() {
    return this.call('DELETE', 'faults');
  }
}
