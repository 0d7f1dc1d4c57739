/** The MCP proxy's parts over a played plane, and a client of MCP as it ships in front of them. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Submitted } from '@countersign/client/create-client';
import type { Caller } from '@countersign/mcp/ask-plane';
import { keptTasksIn } from '@countersign/mcp/kept-tasks';
import { followTasks } from '@countersign/mcp/listened-tasks';
import { openCallsIn } from '@countersign/mcp/open-calls';
import { type CallerOf, type ListingCaller, proxyServer, type ServerParts } from '@countersign/mcp/proxy-server';
import { reviewedTools } from '@countersign/mcp/reviewed-tools';
import { digestOf, type Tool } from '@countersign/mcp/tool-record';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { inject } from 'vitest';
import { SESSION } from './attack-suite.ts';
import type { FakePlane } from './fake-plane.ts';

/** A server and its one caller. */
export type Talk = ServerParts & ListingCaller;

export const schema = { type: 'object', properties: {} };
export const TOOLS: Tool[] = ['shell', 'read'].map((name) => ({ name, description: name, inputSchema: schema }));

/** What a door over HTTP takes of an open server. */
export function servedAt(parts: Talk) {
  return {
    serverFor: async (callerOf: CallerOf) => proxyServer(parts, callerOf),
    tasksOf: (caller: Caller) => followTasks({ ...parts, ...caller }),
    changes: new Set<() => unknown>(),
  };
}

export function folder(): string {
  return mkdtempSync(join(inject('test_stack').run_dir, 'mcp-'));
}

/** What the plane gives back of a tool is what the server answered, so it has that form here. */
export function asPlane({ client }: FakePlane): Talk['client'] {
  const shaped = (said: Submitted): Submitted => {
    if (said.outcome !== 'ended' || said.result?.status !== 'succeeded') return said;
    const text = JSON.stringify(said.result.output);
    return { ...said, result: { ...said.result, output: { content: [{ type: 'text', text }] } } };
  };
  return {
    job: client.job,
    cancel: client.cancel,
    submit: async (request, options) => {
      const { params } = request.payload as { params: { arguments: unknown } };
      const labels = { run: request.labels?.run ?? 'none' };
      return shaped(
        await client.submit({ topic: request.topic, payload: { input: params.arguments }, labels }, options),
      );
    },
    result: () => Promise.reject(new Error('not asked')),
    untilEnded: () => Promise.reject(new Error('not asked')),
    events: () => {
      throw new Error('not asked');
    },
    simulateAll: async ({ requests }) =>
      ({ answers: requests.map(() => ({ ok: true, value: { reason: 'allowed' } })) }) as never,
  };
}

export function partsOf(client: Talk['client'], more: Partial<Talk> = {}): Talk & { dir: string } {
  const dir = folder();
  const reviewed = TOOLS.map((definition) => ({
    digest: digestOf(definition),
    definition,
    reviewed_by: 'alice',
    reviewed_at: '',
  }));
  writeFileSync(join(dir, 't.json'), JSON.stringify({ server: 'box', tools: reviewed }));
  return {
    dir,
    server: 'box',
    url: 'http://127.0.0.1:8081',
    agent: 'mcp-box',
    run: SESSION,
    name: 'suite',
    client,
    calls: openCallsIn(join(dir, 'calls')),
    tasks: keptTasksIn(join(dir, 'calls')),
    worker: { join: () => () => undefined, isRunning: () => false },
    tools: reviewedTools({
      path: join(dir, 't.json'),
      server: 'box',
      reviewers: null,
      upstream: { listTools: async () => TOOLS },
      log: { error: () => undefined } as never,
    }),
    capabilities: { tools: {} },
    cancel_on_abort: false,
    wait_ms: 20_000,
    state_key: new Uint8Array(32).fill(7),
    ...more,
  };
}

export async function connect(parts: Talk): Promise<Client> {
  const client = new Client({ name: 'suite', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  await Promise.all([proxyServer(parts, () => parts).connect(far as never), client.connect(near)]);
  return client;
}
