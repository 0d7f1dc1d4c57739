/**
 * `countersign mcp serve` against the whole system, part of its one set-up (end-to-end.test.ts): the public server `everything` as
 * a process, one of 2026 over HTTP that wants a credential, and agents that come in with their own keys.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServeFile } from '@countersign/cli/mcp/read-serve-file';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Serving, startServe } from '@countersign/mcp/start-serve';
import { listen } from '@countersign/platform/http';
import { createLogger } from '@countersign/platform/logger';
import { Client as Modern, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runCli } from '../../cases/cli/run-cli.ts';
import { kindsOf } from '../../harness/read-evidence.ts';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForApproval } from '../../harness/wait-for-job.ts';

export const SERVED_RULES: [from: string, to: string][] = [
  [
    'topics:\n',
    'topics:\n  job.mcp.everything.*: { capability: mcp-everything.use }\n  job.mcp.notes.*: { capability: mcp-notes.use }\n  job.mcp.box.*: { capability: mcp-box.use }\n  job.mcp.suite.*: { capability: mcp-suite.use }\n',
  ],
  [
    'rules:\n',
    `rules:
  - id: mcp-everything-held
    match: { topics: [job.mcp.everything.prompts.get] }
    when: payload.params.name == 'args-prompt'
    decision: require_approval
    approval: { stages: [{ group: approvers, count: 1 }], expires_in: 1h }
    constraints: { timeout: 30s, max_attempts: 1 }
    reason: a person looks first
  - id: mcp-box-held
    match: { topics: [job.mcp.box.before-plane, job.mcp.box.before-proxy, job.mcp.box.before-server] }
    decision: require_approval
    approval: { stages: [{ group: approvers, count: 1 }], expires_in: 1h }
    constraints: { timeout: 30s }
    reason: a person looks first
  - id: mcp-everything
    match: { topics: ["job.mcp.everything.*", "job.mcp.notes.*", "job.mcp.box.*", "job.mcp.suite.*"] }
    decision: allow
    reason: it only says what it is asked
`,
  ],
];
export const SERVED_POOLS = ['everything', 'notes', 'box', 'suite']
  .map((name) => `  - { id: mcp-${name}, capabilities: [mcp-${name}.use], tenants: [default], concurrency: 8 }\n`)
  .join('');

const CREDENTIAL = 'Bearer the-credential-of-notes';
const SHORT = { 'countersign/wait-ms': 0 };
const cleanUp = new AsyncDisposableStack();
let system: TestSystem;
let serving: Serving;
let dir: string;
/** Authorization of each request that reached the server over HTTP. */
const credentials = new Set<string | null>();
const kept: string[] = [];
const keys: Record<string, string> = {};

export function mcpServeCases(running: () => TestSystem): void {
  describe('many MCP servers behind the plane', () => {
    beforeAll(async () => {
      system = running();
      dir = mkdtempSync(join(inject('test_stack').run_dir, 'mcp-serve-'));
      await Promise.all([addAgent('agent-a', ['job.mcp.*']), addAgent('agent-b', ['job.mcp.everything.*'])]);
      serving = cleanUp.use(await start(await serveNotes()));
    });
    afterAll(() => cleanUp.disposeAsync());
    cases();
  });
}

async function addAgent(id: string, topics: string[]): Promise<void> {
  const ceiling = { topics, capabilities: ['mcp-everything.*', 'mcp-notes.*'], environments: [] };
  const made = await system.api('admin', 'POST', '/api/v1/agents', { id, owner: 'admin', ceiling });
  const { status, body } = await system.api('admin', 'POST', '/api/v1/keys', { principal: id, role: 'agent' });
  expect([made.status, status]).toEqual([201, 201]);
  keys[id] = body.key;
}

/** One of the newer era, which a client of 2025 would not be answered by. */
async function serveNotes(): Promise<string> {
  const handler = createMcpHandler(
    () => {
      const server = new McpServer({ name: 'notes', version: '1' });
      server.registerTool('keep', { description: 'Keeps a note.' }, () => {
        kept.push('note');
        return { content: [{ type: 'text', text: `kept ${kept.length}` }] };
      });
      server.registerResource('leak', 'note://leak', {}, () => ({
        contents: [{ uri: 'note://leak', text: `aws_access_key_id = AKIA${'IOSFODNN7EXAMPLQ'}` }],
      }));
      return server;
    },
    { legacy: 'reject' },
  );
  const listening = await listen(
    (request) => {
      credentials.add(request.headers.get('authorization'));
      return handler.fetch(request);
    },
    0,
    '127.0.0.1',
  );
  cleanUp.defer(() => listening.close());
  return `${listening.url}/mcp`;
}

async function start(notes: string): Promise<Serving> {
  const admin = ['--url', system.url, '--key', system.keys.api_keys.admin];
  const scheduler = ['--scheduler-key', system.keys.warrant.public_key, '--http', '--name', 'proxy'];
  for (const name of ['everything', 'notes'])
    expect(
      (
        await runCli(
          ...admin,
          'workers',
          'add',
          '--pool',
          `mcp-${name}`,
          '--out',
          join(dir, `${name}.json`),
          ...scheduler,
        )
      ).error,
    ).toBe('');
  const file = join(dir, 'serve.yaml');
  writeFileSync(
    file,
    `listen: { port: 0 }
plane: ${system.url}
state: state
servers:
  everything: { command: ["${PROJECT_DIR}/test/node_modules/.bin/mcp-server-everything"], worker: everything.json }
  notes: { url: "${notes}", headers: { authorization: { file: credential } }, worker: notes.json }
`,
  );
  writeFileSync(join(dir, 'credential'), `${CREDENTIAL}\n`);
  for (const server of ['everything', 'notes'])
    expect(
      (await runCli('mcp', 'tools', 'review', '--serve', file, '--server', server, '--accept-all', '--by', 'alice'))
        .error,
    ).toBe('');
  return startServe({ ...readServeFile(file), environment: {}, log: createLogger('mcp', 'silent') });
}

async function old(agent: string, server: string): Promise<Client & AsyncDisposable> {
  const client = new Client({ name: 'old', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(new URL(server, serving.url), headersOf(agent)) as never);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

async function fresh(agent: string, server: string): Promise<Modern & AsyncDisposable> {
  const client = new Modern({ name: 'fresh', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new ModernTransport(new URL(server, serving.url), headersOf(agent)));
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

function headersOf(agent: string) {
  return { requestInit: { headers: { authorization: `Bearer ${keys[agent]}` } } };
}

async function jobOf(job_id: string) {
  return (await system.api('auditor', 'GET', `/api/v1/jobs/${job_id}`)).body;
}

function cases(): void {
  test('resources and prompts pass the same gates, in either era, and each is a job of the agent that asked', async () => {
    await using ana = await old('agent-a', 'everything');
    await using bob = await fresh('agent-b', 'everything');
    const uri = 'demo://resource/static/document/features.md';
    const [read, prompt] = await Promise.all([ana.readResource({ uri }), bob.getPrompt({ name: 'simple-prompt' })]);
    expect((await ana.listResources()).resources.map((each) => each.uri)).toContain(uri);
    expect((await bob.listPrompts()).prompts.map(({ name }) => name)).toContain('simple-prompt');
    expect(JSON.stringify(read.contents)).toContain('# Everything Server');
    expect(JSON.stringify(prompt.messages)).toContain('simple prompt');
    const jobs = await Promise.all([read, prompt].map(({ _meta }) => jobOf((_meta as any)['countersign/job'])));
    expect(jobs).toMatchObject([
      { topic: 'job.mcp.everything.resources.read', actor: 'agent-a', labels: { mcp_client: 'old/1' } },
      { topic: 'job.mcp.everything.prompts.get', actor: 'agent-b', labels: { mcp_client: 'fresh/1' } },
    ]);
    expect(await kindsOf(system, jobs[0].job_id)).toEqual(expect.arrayContaining(['job_running', 'job_succeeded']));
  });

  test('a prompt that is held is an error with the link, and the same request gets it once somebody agreed', async () => {
    await using ana = await old('agent-a', 'everything');
    const ask = () => ana.getPrompt({ name: 'args-prompt', arguments: { city: 'Bern' }, _meta: SHORT });
    const pending = await ask().catch((thrown) => thrown);
    expect([pending.code, pending.data.status]).toEqual([-32_010, 'pending']);
    const { approval_id, digest } = await waitForApproval(system, pending.data.job_id);
    const again = await ask().catch((thrown) => thrown);
    expect([again.data.job_id, again.message]).toEqual([
      pending.data.job_id,
      expect.stringContaining(`/console/approvals/${approval_id}`),
    ]);
    await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    const got = await ana.getPrompt({ name: 'args-prompt', arguments: { city: 'Bern' } });
    expect([got._meta?.['countersign/job'], JSON.stringify(got.messages)]).toEqual([
      pending.data.job_id,
      expect.stringContaining('Bern'),
    ]);
  });

  test("a server of 2026 over HTTP is asked with its own credential, never with the caller's, for clients of both eras", async () => {
    await using ana = await fresh('agent-a', 'notes');
    await using also = await old('agent-a', 'notes');
    expect(await ana.callTool({ name: 'keep', arguments: {} })).toMatchObject({ content: [{ text: 'kept 1' }] });
    expect(await also.callTool({ name: 'keep', arguments: {} })).toMatchObject({ content: [{ text: 'kept 2' }] });
    const leak = await also.readResource({ uri: 'note://leak' }).catch((thrown) => thrown);
    expect([leak.data.status, JSON.stringify(leak)]).toEqual(['quarantined', expect.not.stringContaining('IOSFODNN7')]);
    expect([...credentials]).toEqual([CREDENTIAL]);
  });

  test("one agent's session over several servers is one run, which stops can name", async () => {
    const runs = await Promise.all(
      (['everything', 'notes'] as const).map(async (server) => {
        await using ana = await old('agent-a', server);
        const name = server === 'notes' ? 'keep' : 'echo';
        const { _meta } = await ana.callTool({ name, arguments: { message: server } });
        return (await jobOf((_meta as any)['countersign/job'])).labels.run;
      }),
    );
    expect(runs).toEqual([expect.stringMatching(/^mcp-[0-9a-f]{16}$/), runs[0]]);
  });

  test("a ceiling is the caller's own: what is beyond it is not offered, and denied in words", async () => {
    await using bob = await old('agent-b', 'notes');
    expect((await bob.listTools()).tools.map(({ name }) => name)).toEqual(['countersign_result']);
    const before = kept.length;
    expect(await bob.callTool({ name: 'keep', arguments: {} })).toMatchObject({
      isError: true,
      _meta: { 'countersign/status': { status: 'denied' } },
    });
    expect(kept).toHaveLength(before);
  });

  test('a job id of another agent opens nothing, and does not let its job run', async () => {
    await using ana = await old('agent-a', 'everything');
    await using bob = await old('agent-b', 'everything');
    const pending = await ana
      .getPrompt({ name: 'args-prompt', arguments: { city: 'Rom' }, _meta: SHORT })
      .catch((thrown) => thrown);
    const { approval_id, digest } = await waitForApproval(system, pending.data.job_id);
    await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
    const stolen = await bob.callTool({ name: 'countersign_result', arguments: pending.data });
    expect(stolen).toMatchObject({ isError: true, _meta: { 'countersign/status': { status: 'denied' } } });
    expect(await kindsOf(system, pending.data.job_id)).not.toContain('job_running');
    const own = await ana.callTool({ name: 'countersign_result', arguments: { job_id: pending.data.job_id } });
    expect([own.isError ?? false, own._meta?.['countersign/job']]).toEqual([false, pending.data.job_id]);
    expect(JSON.stringify(own.content)).toContain('Rom');
  });

  test('who is no agent, has no key, or has one that was revoked is not let in', async () => {
    const list = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
    const answerTo = async (key: string | undefined, body: object = list) => {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      };
      const answer = await fetch(`${serving.url}/notes`, { method: 'POST', headers, body: JSON.stringify(body) });
      return [answer.status, ((await answer.json()) as any).error.data?.code];
    };
    expect(await answerTo(undefined)).toEqual([401, 'unauthenticated']);
    expect(await answerTo(`${keys['agent-a']}x`)).toEqual([401, 'unauthenticated']);
    expect(await answerTo(system.keys.api_keys.admin)).toEqual([403, 'permission_missing']);
    const { body } = await system.api('admin', 'POST', '/api/v1/keys', { principal: 'agent-b', role: 'agent' });
    expect((await answerTo(body.key))[0]).toBe(400);
    await system.api('admin', 'POST', `/api/v1/keys/${body.key_id}/revoke`, { reason: 'lost' });
    await waitUntil('it is let in no more', async () => (await answerTo(body.key))[1] === 'revoked');
  });
}
