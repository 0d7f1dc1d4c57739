/** The official conformance suite of MCP against one server, bare and behind `countersign mcp serve`; part of the set-up of end-to-end.test.ts. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readServeFile } from '@countersign/cli/mcp/read-serve-file';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { type Serving, startServe } from '@countersign/mcp/start-serve';
import { listen } from '@countersign/platform/http';
import { createLogger } from '@countersign/platform/logger';
import { expect, inject, test } from 'vitest';
import { runCli } from '../../cases/cli/run-cli.ts';
import { suiteServer } from '../../harness/mcp-suite-server.ts';
import type { TestSystem } from '../../harness/start-system.ts';

const SUITE = `${PROJECT_DIR}/test/node_modules/@modelcontextprotocol/conformance/dist/index.js`;

/** The only lines that may differ, as they do: bare, then behind the proxy. */
const DIFFERENT: Readonly<Record<string, readonly [string, string]>> = {
  // The server's own progress is not handed on: nothing is that was not released.
  'tools-call-with-progress': ['1/0', '0/1'],
  // The bare server has no sessions and is not asked; the proxy has.
  'server-sse-multiple-streams': ['0/0', '2/0'],
};
/** What the server of the tests does not do. */
const FAILED = [
  'elicitation-sep1034-defaults',
  'elicitation-sep1330-enums',
  'logging-set-level',
  'resources-subscribe',
  'resources-unsubscribe',
  'tools-call-elicitation',
  'tools-call-sampling',
  'tools-call-with-logging',
];

export function mcpConformanceCases(running: () => TestSystem): void {
  test('the official conformance suite of MCP says the same with and without the proxy', async () => {
    await using cleanUp = new AsyncDisposableStack();
    const handler = suiteServer();
    const bare = await listen((asked) => handler.fetch(asked), 0, '127.0.0.1');
    cleanUp.defer(() => bare.close());
    const proxied = await openProxied(running(), bare.url, cleanUp);
    const [without, behind] = [await runSuite(bare.url), await runSuite(proxied)];
    const names = Object.keys(without);
    expect([names.length, Object.keys(behind)]).toEqual([30, names]);
    const different = names.filter((name) => without[name] !== behind[name]);
    expect(Object.fromEntries(different.map((name) => [name, [without[name], behind[name]]]))).toEqual(DIFFERENT);
    expect(names.filter((name) => !without[name]!.endsWith('/0')).sort()).toEqual(FAILED);
  });
}

async function openProxied(system: TestSystem, upstream: string, cleanUp: AsyncDisposableStack): Promise<string> {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'mcp-suite-'));
  const ceiling = { topics: ['job.mcp.suite.*'], capabilities: ['mcp-suite.*'], environments: [] };
  await system.api('admin', 'POST', '/api/v1/agents', { id: 'agent-s', owner: 'admin', ceiling });
  const { key } = (await system.api('admin', 'POST', '/api/v1/keys', { principal: 'agent-s', role: 'agent' })).body;
  const admin = ['--url', system.url, '--key', system.keys.api_keys.admin];
  const worker = [
    '--pool',
    'mcp-suite',
    '--name',
    'proxy',
    '--http',
    '--scheduler-key',
    system.keys.warrant.public_key,
  ];
  await runCli(...admin, 'workers', 'add', ...worker, '--out', join(dir, 'suite.json'));
  let serving: Serving | undefined;
  const url = await openForwarder(() => new URL('suite', serving!.url), key, cleanUp);
  const file = join(dir, 'serve.yaml');
  writeFileSync(
    file,
    `listen: { port: 0, origins: ["${url}"] }\nplane: ${system.url}\nstate: .\nservers:\n  suite: { url: "${upstream}", worker: suite.json }\n`,
  );
  await runCli('mcp', 'tools', 'review', '--serve', file, '--server', 'suite', '--accept-all', '--by', 'alice');
  serving = cleanUp.use(
    await startServe({ ...readServeFile(file), environment: {}, log: createLogger('mcp', 'silent') }),
  );
  return url;
}

/** The suite cannot bring a credential. */
function openForwarder(to: () => URL, key: string, cleanUp: AsyncDisposableStack): Promise<string> {
  const server = createServer((asked, answer) => {
    const headers = { ...asked.headers, authorization: `Bearer ${key}` };
    const on = request(to(), { method: asked.method, headers }, (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    on.on('error', () => answer.destroy());
    answer.on('close', () => on.destroy());
    asked.pipe(on);
  });
  cleanUp.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
  });
}

/** Of each scenario: `passed/failed`. */
async function runSuite(url: string): Promise<Record<string, string>> {
  const args = [SUITE, 'server', '--url', url];
  // It exits with 1 where a scenario fails, which some do on any server.
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    timeout: 120_000,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((failed: { stdout: string }) => failed);
  const lines = stdout.matchAll(/^[✓✗] ([\w-]+): (\d+) passed, (\d+) failed$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, passed, failed]) => [name, `${passed}/${failed}`]));
}
