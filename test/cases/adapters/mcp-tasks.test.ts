/** Held calls as tasks, in both eras and over both kinds of transport: whose they are, what becomes of them, and that nothing votes. */
import { join } from 'node:path';
import { ApiError } from '@countersign/client/api-error';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { waitUntil } from '@countersign/infra/wait-until';
import { keptTasksIn } from '@countersign/mcp/kept-tasks';
import { openCallsIn } from '@countersign/mcp/open-calls';
import { proxyServer } from '@countersign/mcp/proxy-server';
import { httpDoor } from '@countersign/mcp/serve-http';
import { listeningOn } from '@countersign/mcp/serve-stdio';
import { taskNotices } from '@countersign/mcp/task-notices';
import { listen } from '@countersign/platform/http';
import { createLogger } from '@countersign/platform/logger';
import {
  Client as NewerClient,
  StreamableHTTPClientTransport as NewerHttpTransport,
} from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { CallToolResultSchema, TaskStatusNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { partsOf, servedAt, type Talk } from './mcp-parts.ts';

type Job = {
  job_id: string;
  actor: string;
  state: string;
  attempt: number;
  output: unknown;
  failed: boolean;
  past: string[];
};

/** Jobs by their ids; each is held unless its tool says `now`. Only `end` makes one end. */
function playJobs() {
  const jobs = new Map<string, Job>();
  const present: string[] = [];
  const view = (job: Job) => ({
    ...job,
    rule_id: 'r',
    reason: 'because',
    cancel_reason: null,
    cancel_requested: false,
    updated_at: '2026-11-26T00:00:00.000Z',
    waiting_for:
      job.state === 'held'
        ? { approval_id: 'apr', groups: ['sre'], expires_at: '2030-01-01T00:00:00Z', url: '/apr' }
        : null,
  });
  const find = (job_id: string) => jobs.get(job_id)!;
  const end = (state: string, output: unknown = { content: [{ type: 'text', text: 'done' }] }) => {
    for (const job of jobs.values())
      if (job.state === 'held') {
        Object.assign(job, { state, output, attempt: 1, failed: state === 'failed' });
        job.past.push('cleared', 'dispatched', 'running', state);
      }
  };
  const following = new Set<string>();
  const client = (actor: string) =>
    ({
      submit: async ({ job_id, topic }: { job_id: string; topic: string }) => {
        const job = jobs.get(job_id) ?? {
          job_id,
          actor,
          state: 'held',
          attempt: 0,
          output: null,
          failed: false,
          past: ['held'],
        };
        jobs.set(job_id, job);
        if (topic.endsWith('.read')) return { ...view(job), outcome: 'denied', remediation: null };
        if (job.state === 'held') return { ...view(job), outcome: 'accepted' };
        return { ...view(job), outcome: 'ended', job: view(job), result: { output: job.output, status: job.state } };
      },
      job: async (job_id: string) => view(find(job_id)),
      untilEnded: async (job_id: string, { signal }: { signal: AbortSignal }) => {
        while (find(job_id).state === 'held') {
          signal.throwIfAborted();
          await new Promise(setImmediate);
        }
        return view(find(job_id));
      },
      events: async function* (job_id: string, { after, signal }: { after: number; signal: AbortSignal }) {
        following.add(job_id);
        signal.addEventListener('abort', () => following.delete(job_id));
        for (let seq = after + 1; !signal.aborted; await new Promise(setImmediate)) {
          const state = find(job_id).past[seq];
          if (state === undefined) continue;
          yield { seq, kind: `job_${state}`, recorded_at: '2026-11-26T00:00:01.000Z' };
          seq += 1;
          if (state === 'succeeded') return;
        }
      },
      result: async (job_id: string) => ({ output: find(job_id).output, status: find(job_id).state }),
      cancel: async (job_id: string) => Object.assign(find(job_id), { state: 'cancelled' }),
      simulateAll: async ({ requests }: { requests: unknown[] }) => ({
        answers: requests.map(() => ({ ok: true, value: { reason: 'allowed' } })),
      }),
    }) as never;
  const left: string[] = [];
  const worker = {
    join: (job_id: string) => {
      present.push(job_id);
      return () => void left.push(job_id);
    },
    isRunning: () => false,
  };
  return { jobs, present, left, following, end, client, worker };
}

const cleanUp = new AsyncDisposableStack();
afterAll(() => cleanUp.disposeAsync());

let plane: ReturnType<typeof playJobs>;
let parts: Talk & { dir: string };
beforeEach(() => {
  plane = playJobs();
  parts = partsOf(plane.client('mcp-box'), { worker: plane.worker, wait_ms: 0 });
});

const anything = z.looseObject({});
const CALL = { name: 'shell', arguments: { command: 'ls' } };
type Ask = (method: string, params?: object) => Promise<any>;
type Connected = { ask: Ask; client: Client };

const asking =
  (client: Client): Ask =>
  (method, params = {}) =>
    client.request({ method, params } as never, anything as never) as Promise<any>;

/** As over standard input and output. */
async function near(caller: Talk = parts): Promise<Connected> {
  const client = new Client({ name: 'suite', version: '1' });
  const [one, other] = InMemoryTransport.createLinkedPair();
  await Promise.all([proxyServer(caller, () => caller).connect(other as never), client.connect(one)]);
  return { ask: asking(client), client };
}

async function door(changes = new Set<() => unknown>()): Promise<string> {
  const door = httpDoor({
    servers: new Map([['box', { ...servedAt(parts), changes }]]),
    callers: async ({ headers }) => {
      const agent = headers.get('x-api-key');
      if (agent === null) throw new CountersignError('unauthenticated');
      return { ...parts, agent, name: agent, client: plane.client(agent) };
    },
    origins: [],
    log: createLogger('test', 'silent'),
  });
  const listening = await listen(door.fetch, 0, '127.0.0.1', { names: [] });
  cleanUp.defer(async () => {
    const closing = listening.close();
    await door.close();
    await closing;
  });
  return `${listening.url}/box`;
}

async function far(url: string, agent: string): Promise<Connected> {
  const client = new Client({ name: 'suite', version: '1' });
  const requestInit = { headers: { 'x-api-key': agent } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }) as never);
  cleanUp.defer(() => client.close());
  return { ask: asking(client), client };
}

/** A message of 2026-07-28 by hand: no library makes them for tasks. */
async function modern(url: string, agent: string, method: string, params: object, extensions: object = TASKS) {
  const text = await (await send(url, agent, method, params, extensions)).text();
  return JSON.parse(text.startsWith('{') ? text : /data: (.*)/.exec(text)![1]!);
}

function messageOf(method: string, params: object, extensions: object) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'suite', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { extensions },
  };
  return { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } };
}

function send(
  url: string,
  agent: string,
  method: string,
  params: object,
  extensions: object,
  signal?: AbortSignal,
): Promise<Response> {
  const { name, taskId } = params as { name?: string; taskId?: string };
  return fetch(url, {
    method: 'POST',
    ...(signal && { signal }),
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'x-api-key': agent,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(name || taskId ? { 'mcp-name': (name ?? taskId)! } : {}),
    },
    body: JSON.stringify(messageOf(method, params, extensions)),
  });
}
const TASKS = { 'io.modelcontextprotocol/tasks': {} };

describe.each([
  ['standard input and output', () => near()],
  ['HTTP', async () => far(await door(), 'ana')],
])('in 2025-11-25 over %s', (_, connect: () => Promise<Connected>) => {
  test('a call that asks for a task is one at once, and its result is fetched by its id, as often as it is asked for', async () => {
    const { ask, client } = await connect();
    expect(client.getServerCapabilities()!.tasks).toEqual({
      list: {},
      cancel: {},
      requests: { tools: { call: {} } },
    });
    const { task } = await ask('tools/call', { ...CALL, task: { ttl: 60_000 } });
    expect(task).toMatchObject({ status: 'working', ttl: 60_000, pollInterval: 2_000 });
    expect(task.statusMessage).toContain('http://127.0.0.1:8081/apr');
    expect(await ask('tasks/get', { taskId: task.taskId })).toMatchObject({ status: 'working' });
    // Who asks about it waits for it: the job may run.
    expect(plane.present).toContain(task.taskId);
    const waiting = ask('tasks/result', { taskId: task.taskId });
    plane.end('succeeded');
    const meta = { 'io.modelcontextprotocol/related-task': { taskId: task.taskId } };
    expect(await waiting).toMatchObject({ content: [{ text: 'done' }], _meta: meta });
    expect(await ask('tasks/get', { taskId: task.taskId })).toMatchObject({ status: 'completed' });
    expect(await ask('tasks/result', { taskId: task.taskId })).toMatchObject({ content: [{ text: 'done' }] });
    // The result was handed over: the same call is another job.
    await new Promise(setImmediate);
    const again = await ask('tools/call', { ...CALL, task: {} });
    expect([again.task.taskId === task.taskId, plane.jobs.size]).toEqual([false, 2]);
    expect((await ask('tasks/list')).tasks.map(({ status }: any) => status).sort()).toEqual(['completed', 'working']);
  });

  test("the library's own client follows one to its result", async () => {
    const { client } = await connect();
    await client.listTools();
    const seen: string[] = [];
    for await (const message of client.experimental.tasks.callToolStream(CALL, CallToolResultSchema, {
      task: { ttl: 60_000 },
    })) {
      seen.push(message.type);
      if (message.type === 'taskCreated') plane.end('succeeded');
      if (message.type === 'result') expect(message.result).toMatchObject({ content: [{ text: 'done' }] });
    }
    expect([seen[0], seen.at(-1)]).toEqual(['taskCreated', 'result']);
  });

  test('without that, nothing changes, and what is no task is refused', async () => {
    const { ask } = await connect();
    expect(await ask('tools/call', CALL)).toMatchObject({ isError: true, content: [{ type: 'text' }] });
    expect((await ask('tasks/list')).tasks).toEqual([]);
    await expect(ask('tasks/get', { taskId: [...plane.jobs.keys()][0] })).rejects.toThrow(/no such task/);
    await expect(ask('tasks/get', { taskId: '../../x' })).rejects.toThrow(/no such task/);
    await expect(ask('tasks/list', { cursor: 'x' })).rejects.toThrow(/cursor/);
    await expect(ask('tasks/update', { taskId: 'x', inputResponses: {} })).rejects.toThrow(/Method not found/);
    const fetch = { name: 'countersign_result', arguments: { job_id: 'x' }, task: {} };
    await expect(ask('tools/call', fetch)).rejects.toThrow(/takes no tasks/);
    await expect(ask('tools/call', { name: 'none', task: {} })).rejects.toThrow(/no such tool/);
    // Each begins as the protocol has it, one that was denied too.
    const { task } = await ask('tools/call', { name: 'read', task: {} });
    expect(task.status).toBe('working');
    plane.jobs.get(task.taskId)!.state = 'refused';
    expect((await ask('tasks/get', { taskId: task.taskId })).status).toBe('failed');
  });

  test('its client is told on its connection that it moved, each state once, and nobody follows it afterwards', async () => {
    const { ask, client } = await connect();
    const heard: any[] = [];
    client.setNotificationHandler(TaskStatusNotificationSchema, ({ params }) => void heard.push(params));
    const { task } = await ask('tools/call', { ...CALL, task: { ttl: 60_000 } });
    await waitUntil('somebody follows it', () => plane.following.has(task.taskId));
    expect(heard).toEqual([]);
    plane.end('succeeded');
    await waitUntil('it heard of the end', () => heard.at(-1)?.status === 'completed');
    expect(heard.map(({ status, statusMessage }) => `${status}: ${statusMessage}`)).toEqual([
      'working: allowed: it runs while its client asks for it',
      'working: it runs',
      'completed: succeeded',
    ]);
    expect(heard.at(-1)).toMatchObject({
      taskId: task.taskId,
      ttl: 60_000,
      pollInterval: 2_000,
      createdAt: task.createdAt,
    });
    const { task: other } = await ask('tools/call', { ...CALL, arguments: { n: 2 }, task: {} });
    await waitUntil('somebody follows the next one', () => plane.following.has(other.taskId));
    // Over HTTP a session outlives its connections until it is ended, or nobody asked in it for long.
    if (client.transport instanceof StreamableHTTPClientTransport) await client.transport.terminateSession();
    await client.close();
    await waitUntil('nobody follows it', () => !plane.following.has(other.taskId));
  });

  test('cancelling one cancels its job, once', async () => {
    const { ask } = await connect();
    const { task } = await ask('tools/call', { ...CALL, task: {} });
    expect(await ask('tasks/cancel', { taskId: task.taskId })).toMatchObject({ status: 'cancelled' });
    expect(plane.jobs.get(task.taskId)!.state).toBe('cancelled');
    await expect(ask('tasks/cancel', { taskId: task.taskId })).rejects.toThrow(/has ended/);
  });
});

test('the newer library’s client of 2025-11-25 is told so too', async () => {
  const client = new NewerClient({ name: 'suite', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
  const heard: string[] = [];
  const params = z.looseObject({ status: z.string() });
  client.setNotificationHandler('notifications/tasks/status', { params }, ({ status }) => void heard.push(status));
  const requestInit = { headers: { 'x-api-key': 'ana' } };
  await client.connect(new NewerHttpTransport(new URL(await door()), { requestInit }));
  cleanUp.defer(() => client.close());
  const { task } = await asking(client as never)('tools/call', { ...CALL, task: {} });
  await waitUntil('somebody follows it', () => plane.following.has(task.taskId));
  plane.end('succeeded');
  await waitUntil('it heard of the end', () => heard.at(-1) === 'completed');
});

test('a stream that breaks off is taken up where it was, and who may read no more is left', async () => {
  const moves: string[] = [];
  const asked: number[] = [];
  let fault: unknown = new TypeError('terminated');
  const client = {
    events: async function* (_: string, { after }: { after: number }) {
      asked.push(after);
      yield { seq: after + 1, kind: `job_${['held', 'running', 'succeeded'][asked.length - 1]}`, recorded_at: '' };
      throw fault;
    },
  } as never;
  const follow = (done: string) => {
    const notices = taskNotices(new AbortController().signal, 1);
    notices.follow(client, 'one', 60_000, async ({ state }) => moves.push(state) > 0);
    return waitUntil('it told', () => moves.at(-1) === done);
  };
  await follow('succeeded');
  expect([moves, asked]).toEqual([
    ['held', 'running', 'succeeded'],
    [-1, 0, 1],
  ]);
  asked.length = 0;
  fault = new ApiError(404, { code: 'not_found', detail: '' });
  await follow('held');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(asked).toEqual([-1]);
});

describe('in 2026-07-28', () => {
  test('a held call is a task where this request declared it, and tells its result when it has ended', async () => {
    const url = await door();
    const ask = (method: string, params: object, extensions?: object) => modern(url, 'ana', method, params, extensions);
    const { result: made } = await ask('tools/call', CALL);
    expect(made).toMatchObject({ resultType: 'task', status: 'working', pollIntervalMs: 2_000 });
    expect(made.ttlMs).toBe(LIMITS.mcp_task_ms);
    const { taskId } = made;
    expect((await ask('tasks/get', { taskId })).result).toMatchObject({ resultType: 'complete', status: 'working' });
    // Whatever it sends is no vote.
    const said = { taskId, inputResponses: { countersign: { action: 'accept', content: { approve: true } } } };
    expect((await ask('tasks/update', said)).result).toMatchObject({ resultType: 'complete' });
    expect(plane.jobs.get(taskId)!.state).toBe('held');
    plane.end('succeeded');
    for (let i = 0; i < 2; i += 1)
      expect((await ask('tasks/get', { taskId })).result).toMatchObject({
        status: 'completed',
        result: { content: [{ text: 'done' }] },
      });
    expect((await ask('tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
    expect(plane.jobs.get(taskId)!.state).toBe('succeeded');
    expect((await ask('tasks/list', {})).error.code).toBe(-32_601);
    expect((await ask('tasks/result', { taskId })).error.code).toBe(-32_601);
  });

  test('an error of the server is the task’s, a denial its result, and a cancelled one says so', async () => {
    const url = await door();
    const ask = async (method: string, params: object) => (await modern(url, 'ana', method, params)).result;
    const first = await ask('tools/call', CALL);
    plane.end('failed', { error: { code: 'mcp_-32602', detail: 'no such path' } });
    const failed = { status: 'failed', error: { code: -32_602, message: 'no such path' } };
    expect(await ask('tasks/get', { taskId: first.taskId })).toMatchObject(failed);
    const second = await ask('tools/call', { ...CALL, arguments: { n: 2 } });
    plane.end('refused');
    Object.assign(plane.jobs.get(second.taskId)!, { attempt: 0, output: null });
    expect(await ask('tools/call', { name: 'read' })).toMatchObject({ resultType: 'complete', isError: true });
    const third = await ask('tools/call', { ...CALL, arguments: { n: 3 } });
    await ask('tasks/cancel', { taskId: third.taskId });
    expect(await ask('tasks/get', { taskId: third.taskId })).toMatchObject({ status: 'cancelled' });
  });

  test('without the declaration: words, and no answer about tasks', async () => {
    const url = await door();
    const { result } = await modern(url, 'ana', 'tools/call', CALL, {});
    expect(result).toMatchObject({ resultType: 'complete', isError: true });
    const { result: made } = await modern(url, 'ana', 'tools/call', CALL);
    expect((await modern(url, 'ana', 'tasks/get', { taskId: made.taskId }, {})).error.code).toBe(-32_021);
  });
});

type Listener = {
  ask: Ask;
  /** Of 2026-07-28, by hand; its id is 1. */
  listen(notifications: object, extensions?: object): Promise<void>;
  heard(): any[];
  changeTools(): void;
  leave(): void;
};

async function listenerFar(): Promise<Listener> {
  const changes = new Set<() => unknown>();
  const url = await door(changes);
  const heard: any[] = [];
  const over = new AbortController();
  return {
    ask: async (method, params = {}) => (await modern(url, 'ana', method, params)).result,
    async listen(notifications, extensions = TASKS) {
      const response = await send(url, 'ana', LISTEN, { notifications }, extensions, over.signal);
      const text = response.body!.pipeThrough(new TextDecoderStream());
      void (async () => {
        for await (const chunk of text)
          for (const [, data] of chunk.matchAll(/^(?:data: )?(\{.*)$/gm)) heard.push(JSON.parse(data!));
      })().catch(() => undefined);
    },
    heard: () => heard,
    changeTools: () => changes.forEach((tell) => void tell()),
    leave: () => over.abort(),
  };
}

async function listenerNear(): Promise<Listener> {
  const [one, other] = InMemoryTransport.createLinkedPair();
  const all: any[] = [];
  one.onmessage = (message) => void all.push(message);
  const server = proxyServer(parts, () => parts);
  const transport = listeningOn(other as never, servedAt(parts).tasksOf(parts));
  const served = serveStdio(async () => server, { transport });
  cleanUp.defer(() => served.close());
  let id = 1;
  const ask: Ask = async (method, params = {}) => {
    id += 1;
    await one.send({ ...messageOf(method, params, TASKS), id } as never);
    return waitUntil('it is answered', () => all.find((each) => each.id === id && !each.method)?.result);
  };
  await ask('server/discover');
  const isHeard = ({ id, params }: any) => id === 1 || params?._meta?.[SUBSCRIPTION] === 1;
  return {
    ask,
    listen: (notifications, extensions = TASKS) => one.send(messageOf(LISTEN, { notifications }, extensions) as never),
    heard: () => all.filter(isHeard),
    changeTools: () => void server.sendToolListChanged(),
    leave: () => void one.send({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }),
  };
}

const LISTEN = 'subscriptions/listen';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

describe.each([
  ['HTTP', listenerFar],
  ['standard input and output', listenerNear],
])('who listens in 2026-07-28 over %s', (_, connect) => {
  test('hears of each state of the own tasks with its result, and waits for them meanwhile', async () => {
    const { ask, listen, heard, changeTools, leave } = await connect();
    const { taskId } = await ask('tools/call', CALL);
    const { taskId: other } = await ask('tools/call', { ...CALL, arguments: { n: 2 } });
    const theirs = partsOf(plane.client('bob'), { worker: plane.worker });
    const foreign = `mcp-${'b'.repeat(40)}-${'0'.repeat(16)}`;
    keptTasksIn(join(theirs.dir, 'calls')).keep('bob', foreign, 60_000);
    plane.present.length = 0;
    await listen({ taskIds: [taskId, foreign, taskId, 'x', other] });
    await waitUntil('both are held', () => heard().length === 3);
    expect(plane.present).toEqual([taskId, other]);
    const [acknowledged, ...held] = heard();
    expect(acknowledged).toMatchObject({
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: { taskIds: [taskId, other] }, _meta: { [SUBSCRIPTION]: 1 } },
    });
    expect(acknowledged.params.notifications).not.toHaveProperty('toolsListChanged');
    const now = await ask('tasks/get', { taskId });
    const { resultType: _, _meta: __, ...task } = now;
    expect(held.find(({ params }) => params.taskId === taskId)).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tasks',
      params: { ...task, _meta: { [SUBSCRIPTION]: 1 } },
    });
    changeTools();
    plane.end('succeeded');
    await waitUntil('both have ended', () => heard().length === 5);
    for (const { method, params } of heard().slice(3))
      expect([method, params]).toMatchObject([
        'notifications/tasks',
        { status: 'completed', result: { content: [{ text: 'done' }] } },
      ]);
    leave();
    await waitUntil('nobody waits for them', () => plane.left.includes(taskId) && plane.left.includes(other));
  });

  test('hears of tools too where it asked for that, and of no task once it has left', async () => {
    const { ask, listen, heard, changeTools, leave } = await connect();
    const { taskId } = await ask('tools/call', CALL);
    await listen({ taskIds: [taskId], toolsListChanged: true });
    await waitUntil('it is held', () => heard().length === 2);
    expect(heard()[0].params.notifications).toEqual({ toolsListChanged: true, taskIds: [taskId] });
    changeTools();
    await waitUntil('it heard', () => heard().length === 3);
    expect(heard()[2].method).toBe('notifications/tools/list_changed');
    leave();
    await waitUntil('nobody follows it', () => plane.left.includes(taskId) && plane.following.size === 0);
    plane.end('succeeded');
    expect((await ask('tasks/get', { taskId })).status).toBe('completed');
    expect(heard()).toHaveLength(3);
  });

  test.each([
    ['did not declare tasks', ['x'], {}, -32_021],
    ['names what are no ids', [1], undefined, -32_602],
    ['names no list', 'x', undefined, -32_602],
    ['names too many', Array.from({ length: LIMITS.mcp_agent_tasks + 1 }, String), undefined, -32_602],
  ])('is refused where it %s', async (_, taskIds, extensions, code) => {
    const { listen, heard } = await connect();
    await listen({ taskIds }, extensions);
    await waitUntil('it is answered', () => heard().length === 1);
    expect(heard()[0]).toMatchObject({ id: 1, error: { code } });
    if (code === -32_021) expect(heard()[0].error.data).toEqual({ requiredCapabilities: { extensions: TASKS } });
  });
});

test('a task is its owner’s alone, in either era and over either transport', async () => {
  const url = await door();
  const ana = await far(url, 'ana');
  const bob = await far(url, 'bob');
  const { task } = await ana.ask('tools/call', { ...CALL, task: {} });
  const { taskId } = task;
  for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel'])
    await expect(bob.ask(method, { taskId })).rejects.toThrow(/no such task/);
  expect((await bob.ask('tasks/list')).tasks).toEqual([]);
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
    expect((await modern(url, 'bob', method, { taskId, inputResponses: {} })).error.code).toBe(-32_602);
  expect(plane.jobs.get(taskId)!.state).toBe('held');
  // Another caller that shares the agent is another owner.
  const other = await near({ ...parts, name: 'other' });
  await expect(other.ask('tasks/get', { taskId })).rejects.toThrow(/no such task/);
});

test('tasks are bounded, outlive the process, are listed in parts, and end with their time', async () => {
  const folder = join(parts.dir, 'calls');
  const tasks = keptTasksIn(folder);
  const id = (n: number) => `mcp-${'a'.repeat(40)}-${n.toString(16).padStart(16, '0')}`;
  for (let i = 0; i < LIMITS.mcp_agent_tasks; i += 1) tasks.keep('ana', id(i), 60_000);
  expect(tasks.keep('ana', id(999), 60_000)).toBeNull();
  expect(tasks.keep('ana', id(1), 60_000)).not.toBeNull();
  expect(tasks.keep('bob', id(1), 60_000)).toBeNull();
  expect(tasks.keep('bob', id(1_000), 0)).not.toBeNull();
  expect(tasks.find('bob', id(1_000))).toBeNull();
  expect(openCallsIn(folder).has(id(1))).toBe(false);
  expect(keptTasksIn(folder).list('ana')).toHaveLength(LIMITS.mcp_agent_tasks);

  const { ask } = await near();
  for (let i = 0; i < 21; i += 1) await ask('tools/call', { ...CALL, arguments: { i }, task: {} });
  const first = await ask('tasks/list');
  const second = await ask('tasks/list', { cursor: first.nextCursor });
  expect([first.tasks.length, second.tasks.length, second.nextCursor]).toEqual([20, 1, undefined]);
});
