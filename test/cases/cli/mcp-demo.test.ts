/** `countersign mcp demo`: what clients are told to start, without a secret, and written whole or not at all. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { CLIENTS, clientConfigurations } from '@countersign/cli/mcp/client-configurations';
import { expect, test } from 'vitest';
import { newFolder, runCli, writeOne } from './run-cli.ts';

const SECRET = 'cs_hunter2';
const PROXY = {
  server: 'files',
  tenant: 'default',
  agent: 'mcp-files',
  api_key: SECRET,
  worker: {
    url: 'http://127.0.0.1:8081',
    pool: 'mcp-files',
    worker: 'proxy',
    signing_key: `-----BEGIN PRIVATE KEY-----${SECRET}`,
    scheduler_public_keys: ['A'.repeat(43)],
  },
  env: { GITHUB_TOKEN: SECRET },
};
const SERVER = ['npx', '-y', 'server-files', '/home/ana/my files', '--flag'];

test('each client is told the same command, where and in the form that it reads', () => {
  const countersign = ['/usr/bin/node', '/opt/main.ts'] as const;
  const made = clientConfigurations({ server: 'files', countersign, file: '/k/files.json', command: SERVER }, CLIENTS);
  const args = ['/opt/main.ts', 'mcp', 'wrap', '--file', '/k/files.json', '--', ...SERVER];
  const files = { type: 'stdio', command: '/usr/bin/node', args };
  expect(made).toEqual([
    { client: 'claude-code', path: '.mcp.json', configuration: { mcpServers: { files } } },
    { client: 'cursor', path: '.cursor/mcp.json', configuration: { mcpServers: { files } } },
    { client: 'vscode', path: '.vscode/mcp.json', configuration: { servers: { files } } },
  ]);
});

test('written: what is printed, no key, nothing overwritten, and all or none', async () => {
  const file = writeOne('files.json', JSON.stringify(PROXY));
  const run = (...args: string[]) => runCli('mcp', 'demo', '--json', '--file', file, ...args, '--', ...SERVER);
  const project = newFolder();
  const written = await run('--out', project);
  expect(written.code).toBe(EXIT.done);
  for (const { path, configuration } of written.json)
    expect(JSON.parse(readFileSync(join(project, path), 'utf8'))).toEqual(configuration);
  expect(written.json).toHaveLength(CLIENTS.length);
  expect(written.out).not.toContain(SECRET);

  const other = newFolder();
  mkdirSync(join(other, '.vscode'));
  writeFileSync(join(other, '.vscode/mcp.json'), 'mine');
  const refused = await run('--out', other);
  expect([refused.code, refused.error]).toEqual([EXIT.usage, expect.stringContaining('.vscode/mcp.json')]);
  expect(readFileSync(join(other, '.vscode/mcp.json'), 'utf8')).toBe('mine');
  expect(existsSync(join(other, '.mcp.json'))).toBe(false);
  expect((await run('--client', 'cursor', '--out', other)).json).toMatchObject([{ path: '.cursor/mcp.json' }]);
});

test('what no client could start is refused, and says what to do first', async () => {
  const nowhere = await runCli(
    'mcp',
    'demo',
    '--file',
    writeOne('files.json', JSON.stringify(PROXY)),
    '--out',
    '/proc/none',
    '--',
    'x',
  );
  expect([nowhere.code, nowhere.error]).toEqual([EXIT.usage, expect.stringContaining('/proc/none is no folder')]);
  const missing = join(newFolder(), 'none.json');
  const { code, error, out } = await runCli('mcp', 'demo', '--file', missing, '--', ...SERVER);
  expect([code, out, error]).toEqual([EXIT.usage, '', expect.stringContaining('countersign mcp add')]);
});

test('for servers over HTTP each client is told the URL, and to bring its own key, which is nowhere', async () => {
  const file = writeOne(
    'serve.yaml',
    'plane: http://127.0.0.1:8081\nstate: s\nservers:\n  a: { command: [x], worker: a }\n  b: { command: [x], worker: b }\n',
  );
  const run = (...args: string[]) => runCli('mcp', 'demo', '--json', '--serve', file, ...args);
  const { json } = await run();
  const to = (key: string, base = 'http://127.0.0.1:8931') =>
    Object.fromEntries(
      ['a', 'b'].map((name) => [
        name,
        { type: 'http', url: `${base}/${name}`, headers: { Authorization: `Bearer ${key}` } },
      ]),
    );
  const inputs = [{ type: 'promptString', id: 'countersign-key', description: expect.any(String), password: true }];
  expect(json).toEqual([
    { client: 'claude-code', path: '.mcp.json', configuration: { mcpServers: to('$' + '{COUNTERSIGN_API_KEY}') } },
    {
      client: 'cursor',
      path: '.cursor/mcp.json',
      configuration: { mcpServers: to('$' + '{env:COUNTERSIGN_API_KEY}') },
    },
    {
      client: 'vscode',
      path: '.vscode/mcp.json',
      configuration: { servers: to('$' + '{input:countersign-key}'), inputs },
    },
  ]);
  const elsewhere = await run('--client', 'cursor', '--base', 'https://mcp.example.com/');
  expect(elsewhere.json[0].configuration.mcpServers).toEqual(
    to('$' + '{env:COUNTERSIGN_API_KEY}', 'https://mcp.example.com'),
  );
  expect((await run('--base', 'ftp://x')).error).toContain('--base');
  expect((await runCli('mcp', 'demo')).error).toContain('--serve');
});

test.each(['', '  ', 'x'.repeat(257)])(
  'a session that is called %j has no name, and nothing is started',
  async (session) => {
    const { code, error } = await runCli('mcp', 'wrap', '--session', session, '--', ...SERVER);
    expect([code, error]).toEqual([EXIT.usage, expect.stringContaining('--session: must be')]);
  },
);
