/** The file of `countersign mcp serve`: what is wrong is told by place and code, and no credential is in it or in a message. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { readServeFile } from '@countersign/cli/mcp/read-serve-file';
import { upstreamOf } from '@countersign/mcp/serve-upstream';
import { startServe } from '@countersign/mcp/start-serve';
import { createLogger } from '@countersign/platform/logger';
import { expect, test } from 'vitest';
import { newFolder, runCli, writeOne } from './run-cli.ts';

const GIVEN = `plane: http://127.0.0.1:8081
state: state
servers:
  files:
    command: [npx, -y, server-files, { env: DATA }]
    env: { API_TOKEN: { file: token }, LEVEL: debug }
    worker: files.json
  web:
    url: https://mcp.example.com/mcp
    headers: { authorization: { env: BEARER } }
    worker: web.json
`;
const SECRET = 'hunter2';

test('a server is what the file says, with its credentials from the environment and from files', () => {
  const folder = newFolder();
  writeFileSync(join(folder, 'token'), `${SECRET}\n`);
  writeFileSync(join(folder, 'serve.yaml'), GIVEN);
  const { settings, ...file } = readServeFile(join(folder, 'serve.yaml'));
  expect(settings).toMatchObject({ listen: { host: '127.0.0.1', port: 8931, plain_http: false, origins: [] } });
  const around = { ...file, environment: { DATA: '/data', BEARER: 'Bearer x' } };
  const { files, web } = settings.servers;
  expect(upstreamOf(files!, 'servers.files', around)).toEqual({
    command: 'npx',
    args: ['-y', 'server-files', '/data'],
    env: { API_TOKEN: SECRET, LEVEL: 'debug' },
    era: 'legacy',
  });
  expect(upstreamOf(web!, 'servers.web', around)).toEqual({
    url: 'https://mcp.example.com/mcp',
    headers: { authorization: 'Bearer x' },
    era: 'auto',
  });
  expect(() => upstreamOf(web!, 'servers.web', { ...around, environment: {} })).toThrow(
    'servers.web.headers.authorization: BEARER is not set',
  );
});

const URL_LINE = 'url: https://mcp.example.com/mcp';
test.each([
  ['no plane', 'plane: http://127.0.0.1:8081\n', '', /:1:1 field_invalid: plane is missing/],
  ['an unknown field', 'state: state', 'state: state\nlogs: x', /:3:1 field_unknown: logs is not a field/],
  ['a key twice', 'state: state', 'state: state\nstate: x', /:3:\d+ yaml_duplicate_key/],
  ['a server with a name of no topic', '  files:', '  Files:', /field_invalid: servers.Files:/],
  [
    'both kinds',
    URL_LINE,
    `${URL_LINE}\n    command: [x]`,
    /field_invalid: servers.web: must have either command or url/,
  ],
  ['a header as text', '{ env: BEARER }', 'hunter2', /:10:\d+ field_invalid: servers.web.headers.authorization/],
  ['a token as text', '{ file: token }', 'hunter2', /servers.files.env.API_TOKEN: looks like a credential/],
  [
    'a password in an argument',
    '{ env: DATA }',
    'postgres://u:hunter2@db/x',
    /servers.files.command.3: has a password in it/,
  ],
  ['a password in a URL', 'https://mcp', 'https://u:hunter2@mcp', /servers.web.url: must be https/],
  ['plain HTTP to elsewhere', 'https://mcp', 'http://mcp', /servers.web.url: must be https/],
  ['env and file', '{ env: DATA }', '{ env: DATA, file: x }', /servers.files.command.3: must be \{ env: NAME \}/],
  ['an origin that is none', 'state: state', 'state: state\nlisten: { origins: ["*"] }', /listen.origins.0/],
])('%s is refused by place and code, and not repeated', async (_, part, instead, says) => {
  expect(GIVEN).toContain(part);
  const { code, out, error } = await runCli('mcp', 'serve', writeOne('serve.yaml', GIVEN.replace(part, instead)));
  expect([code, out]).toEqual([EXIT.usage, '']);
  expect(error).toMatch(says);
  expect(error).not.toContain(SECRET);
});

test.each([
  ['others can reach it without TLS', 'listen: { host: 0.0.0.0 }', 'listen.host: 0.0.0.0 can be reached by others'],
  ['a worker has no file', '', /the file .*files\.json does not exist/],
  [
    'its key is not there',
    'listen: { tls: { cert: serve.yaml, key: none } }',
    /listen\.tls\.key: the file .*none does not exist/,
  ],
  [
    'its certificate is none',
    'listen: { tls: { cert: serve.yaml, key: serve.yaml } }',
    'listen.tls: cert and key are no certificate',
  ],
])('it does not start where %s', async (_, line, says) => {
  const folder = newFolder();
  writeFileSync(join(folder, 'serve.yaml'), `${GIVEN}${line}\n`);
  const { settings } = readServeFile(join(folder, 'serve.yaml'));
  const log = createLogger('test', 'silent');
  await expect(startServe({ settings, folder, environment: {}, log })).rejects.toThrow(says);
});

test('a folder of state that cannot be one is told in one line, with its name', async () => {
  const folder = newFolder();
  const worker = {
    url: 'http://127.0.0.1:9',
    pool: 'mcp-files',
    worker: 'proxy',
    signing_key: '-----BEGIN PRIVATE KEY-----',
    scheduler_public_keys: ['A'.repeat(43)],
  };
  writeFileSync(join(folder, 'worker.json'), JSON.stringify(worker), { mode: 0o600 });
  writeFileSync(join(folder, 'file'), '');
  const text = `plane: http://127.0.0.1:9\nstate: file/state\nservers:\n  files: { command: [x], worker: worker.json }\n`;
  writeFileSync(join(folder, 'serve.yaml'), text);
  const { code, error } = await runCli('mcp', 'serve', join(folder, 'serve.yaml'));
  expect([code, error]).toEqual([EXIT.usage, expect.stringContaining('file/state')]);
});
