/**
 * The plane, the MCP proxy and the server behind it, each taken away before a call is claimed, while it runs and after its result:
 * nothing runs unseen or twice, and no client is left with a silent empty success. Part of one set-up (end-to-end.test.ts).
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServeFile } from '@countersign/cli/mcp/read-serve-file';
import { findFreePort } from '@countersign/infra/find-free-port';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Serving, startServe } from '@countersign/mcp/start-serve';
import { listen } from '@countersign/platform/http';
import { createLogger } from '@countersign/platform/logger';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { runCli } from '../../cases/cli/run-cli.ts';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForApproval } from '../../harness/wait-for-job.ts';
import { layWire, type Wire } from '../../harness/wire.ts';

const PARTS = ['plane', 'proxy', 'server'] as const;
const PHASES = ['before', 'running', 'after'] as const;
type Part = (typeof PARTS)[number];
type Row = { part: Part; phase: (typeof PHASES)[number]; tool: string };
const ROWS: Row[] = PARTS.flatMap((part) => PHASES.map((phase) => ({ part, phase, tool: `${phase}-${part}` })));

const cleanUp = new AsyncDisposableStack();
let system: TestSystem;
let dir: string;
let key: string;
let box: Box;

export function mcpKillCases(running: () => TestSystem): void {
  describe('an MCP call, with a part taken away', () => {
    beforeAll(async () => {
      system = running();
      dir = mkdtempSync(join(inject('test_stack').run_dir, 'mcp-kill-'));
      box = await openBox();
      cleanUp.defer(() => box.shut());
      const ceiling = { topics: ['job.mcp.box.*'], capabilities: ['mcp-box.*'], environments: [] };
      await system.api('admin', 'POST', '/api/v1/agents', { id: 'agent-k', owner: 'admin', ceiling });
      key = (await system.api('admin', 'POST', '/api/v1/keys', { principal: 'agent-k', role: 'agent' })).body.key;
      const admin = ['--url', system.url, '--key', system.keys.api_keys.admin];
      const worker = [
        '--pool',
        'mcp-box',
        '--name',
        'proxy',
        '--http',
        '--scheduler-key',
        system.keys.warrant.public_key,
      ];
      expect((await runCli(...admin, 'workers', 'add', ...worker, '--out', join(dir, 'box.json'))).error).toBe('');
    });
    afterAll(() => cleanUp.disposeAsync());
    test.each(ROWS)('$part, $phase', takesAway);
  });
}

/** The server behind: it says of each call that it arrived, does its work, and answers when it may. */
type Box = { port: number; did: string[]; hold(): () => void; open(): Promise<void>; shut(): Promise<void> };

async function openBox(): Promise<Box> {
  const did: string[] = [];
  let gate: Promise<unknown> = Promise.resolve();
  const handlerFor = () =>
    createMcpHandler(() => {
      const server = new McpServer({ name: 'box', version: '1' });
      for (const { tool } of ROWS)
        server.registerTool(tool, {}, async () => {
          did.push(tool);
          await gate;
          return { content: [{ type: 'text', text: `did ${tool}` }] };
        });
      return server;
    });
  const port = await findFreePort();
  let end: (() => Promise<unknown>) | undefined;
  const made: Box = {
    port,
    did,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    async open() {
      if (end !== undefined) return;
      const handler = handlerFor();
      const listening = await listen((request) => handler.fetch(request), port, '127.0.0.1');
      end = () => Promise.all([handler.close(), listening.close()]);
    },
    async shut() {
      const ending = end;
      end = undefined;
      await ending?.();
    },
  };
  await made.open();
  return made;
}

/** A proxy whose way to the plane can be cut: then nothing of it is seen, whether it was killed or goes on in the dark. */
type Proxy = { wire: Wire; serving: Serving; state: string };

async function startProxy(state: string): Promise<Proxy> {
  const wire = cleanUp.use(await layWire(system.url));
  const worker = join(state, 'worker.json');
  const file = join(state, 'serve.yaml');
  const given = JSON.parse(readFileSync(join(dir, 'box.json'), 'utf8'));
  writeFileSync(worker, JSON.stringify({ ...given, url: wire.url }));
  writeFileSync(
    file,
    `listen: { port: 0 }\nplane: ${wire.url}\nstate: .\nservers:\n  box: { url: "http://127.0.0.1:${box.port}", worker: worker.json }\n`,
  );
  const review = ['mcp', 'tools', 'review', '--serve', file, '--server', 'box', '--accept-all', '--by', 'alice'];
  expect((await runCli(...review)).error).toBe('');
  const serving = await startServe({ ...readServeFile(file), environment: {}, log: createLogger('mcp', 'silent') });
  return { wire, serving, state };
}

type Shown = { text: string; error: boolean; status: string | undefined; job_id: string | undefined };

/** Whatever a client may be left with, and never an empty success. */
async function call(proxy: Proxy, tool: string, wait_ms = 10_000, signal?: AbortSignal): Promise<Shown> {
  const client = new Client({ name: 'suite', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const headers = { authorization: `Bearer ${key}` };
  try {
    await client.connect(
      new StreamableHTTPClientTransport(new URL('box', proxy.serving.url), { requestInit: { headers } }),
    );
    const asked = { name: tool, arguments: {}, _meta: { 'countersign/wait-ms': wait_ms } };
    const { content, isError, _meta } = (await client.callTool(asked, signal ? { signal } : {})) as any;
    expect(content[0].text).not.toBe('');
    const status = _meta['countersign/status'];
    return { text: content[0].text, error: isError === true, status: status?.status, job_id: status?.job_id };
  } catch (thrown) {
    return { text: String(thrown), error: true, status: 'thrown', job_id: undefined };
  } finally {
    await client.close().catch(() => undefined);
  }
}

const succeeds = (tool: string) => ({ error: false, text: `did ${tool}` });

async function takesAway({ part, phase, tool }: Row): Promise<void> {
  const state = mkdtempSync(join(dir, 'state-'));
  const first = await startProxy(state);
  const done = (): number => box.did.filter((each) => each === tool).length;
  const takeAway = (): void | Promise<void> => (part === 'server' ? box.shut() : first.wire.cut());
  const bringBack = async (): Promise<Proxy> => {
    if (part === 'server') await box.open();
    if (part === 'plane') first.wire.mend();
    if (part !== 'proxy') return first;
    if (phase === 'running') await runOut((await jobOf(tool)).job_id);
    // The first may go on in the dark, on the same folder.
    return startProxy(state);
  };

  const left = await PLAYS[phase](first, tool, done, takeAway);
  expect(left.error || left.text === `did ${tool}`).toBe(true);
  if (part === 'server' && phase === 'running') {
    // Told, so the same call would be another one.
    expect(left).toMatchObject({ error: true, text: expect.stringContaining('may have done its work') });
    await bringBack();
  } else {
    const now = await bringBack();
    const lost = part === 'proxy' && phase === 'running';
    // The job that found no server has failed, in words; the same call is another one then.
    const end = await untilSettled(now, tool, part === 'server' && phase === 'before' ? ['failed'] : []);
    expect(end).toMatchObject(lost ? { error: true, text: expect.stringContaining('may_have_run') } : succeeds(tool));
    first.wire.mend();
    if (now !== first) await now.serving.stop();
  }
  await first.serving.stop();
  expect(done()).toBe(1);
}

type Play = (proxy: Proxy, tool: string, done: () => number, takeAway: () => void | Promise<void>) => Promise<Shown>;

const PLAYS: Record<Row['phase'], Play> = {
  async before(proxy, tool, done, takeAway) {
    const held = await call(proxy, tool, 0);
    expect(held.status).toBe('pending');
    await approve(held.job_id!);
    // With the proxy and not claimed: a delivery that is lost on its way comes again much later.
    const parked = join(proxy.state, 'box.calls', `${held.job_id}.parked`);
    await waitUntil('its warrant is with the proxy', () => existsSync(parked));
    await takeAway();
    const left = await call(proxy, tool, 0);
    expect([left.error, done()]).toEqual([true, 0]);
    return left;
  },
  async running(proxy, tool, done, takeAway) {
    const letGo = box.hold();
    const asked = call(proxy, tool);
    await waitUntil('it runs', () => done() === 1);
    await takeAway();
    letGo();
    return asked;
  },
  async after(proxy, tool, done, takeAway) {
    const letGo = box.hold();
    const gone = new AbortController();
    const asked = call(proxy, tool, 10_000, gone.signal);
    await waitUntil('it runs', () => done() === 1);
    gone.abort();
    letGo();
    await waitUntil('its result is there', async () => (await jobOf(tool)).state === 'succeeded');
    await takeAway();
    return asked;
  },
};

/** As an agent would that is told to ask again, and people who agree each time. */
async function untilSettled(proxy: Proxy, tool: string, more: string[]): Promise<Shown> {
  let shown: Shown | undefined;
  await waitUntil(
    'it is settled',
    async () => {
      shown = await call(proxy, tool, 300);
      if (shown.status === 'pending') await approve(shown.job_id!).catch(() => undefined);
      return !['pending', 'unavailable', 'thrown', ...more].includes(shown.status ?? '');
    },
    { timeout_ms: 60_000 },
  );
  return shown!;
}

/** The lease of 15 s, as if they had passed; a beat that was on its way may have grown it again. */
async function runOut(job_id: string): Promise<void> {
  await waitUntil('the first attempt is over', async () => {
    const left = await system.sql(
      'UPDATE scheduler.attempts SET due_at = now() WHERE under_way AND attempt = 1 AND job_id = $1 RETURNING 1',
      [job_id],
    );
    return left.length === 0;
  });
}

/** The last one of that tool. */
async function jobOf(tool: string): Promise<{ job_id: string; state: string }> {
  const { body } = await system.api('auditor', 'GET', `/api/v1/jobs?topic=job.mcp.box.${tool}`);
  return body.jobs[0];
}

async function approve(job_id: string): Promise<void> {
  const { approval_id, digest } = await waitForApproval(system, job_id);
  await system.api('approver', 'POST', `/api/v1/approvals/${approval_id}/approve`, { digest });
}
