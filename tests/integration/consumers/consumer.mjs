// A sender on the vendor's Node SDK: each line on standard input is a log to send; answers with a line each.
import readline from 'node:readline';
import sdkCore from 'ibm-cloud-sdk-core';

const service = new sdkCore.BaseService({
  authenticator: sdkCore.getAuthenticatorFromEnvironment('logs'), serviceUrl: process.env.LOGS_URL,
});
for await (const text of readline.createInterface({ input: process.stdin })) {
  const body = [{ applicationName: process.env.NAME, subsystemName: 'consumer', severity: 3, text }];
  try {
    const answer = await service.createRequest({
      options: { url: '/logs/v1/singles', method: 'POST', body },
      defaultOptions: { serviceUrl: service.baseOptions.serviceUrl, headers: { 'Content-Type': 'application/json' } },
    });
    console.log(answer.status);
  } catch (e) {
    console.log(`${e.status}: ${e.message}`.replaceAll('\n', ' '));
  }
}
