/** The door of `countersign mcp serve` over a played plane: who may ask, in both eras, and what one caller has of another. */
import { request } from 'node:http';
import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { httpCallers } from '@countersign/mcp/http-callers';
import { runOfSession, runsIn } from '@countersign/mcp/runs';
import { httpDoor } from '@countersign/mcp/serve-http';
import { listen } from '@countersign/platform/http';
import { createLogger } from '@countersign/platform/logger';
import { Client as Modern, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakePlane, playPlane } from './fake-plane.ts';
import { asPlane, folder, partsOf, servedAt } from './mcp-parts.ts';

const cleanUp = new AsyncDisposableStack();
const plane: FakePlane = playPlane();
let url: string;
let runOf: (who: string) => string;

beforeAll(async () => {
  const client = asPlane(plane);
  runOf = runsIn(folder(), 60_000);
  const [files, mail] = [partsOf(client), partsOf(client)];
  const door = httpDoor({
    servers: new Map([
      ['files', servedAt(files)],
      ['mail', servedAt(mail)],
    ]),
    callers: async ({ headers }) => {
      const agent = /^Bearer (\w+)$/.exec(headers.get('authorization') ?? '')?.[1];
      if (agent === undefined) throw new CountersignError('unauthenticated');
      return { agent, name: agent, run: runOf(agent), client };
    },
    origins: ['https://chat.example.com'],
    log: createLogger('test', 'silent'),
  });
  const listening = await listen(door.fetch, 0, '127.0.0.1', { names: [] });
  cleanUp.defer(async () => {
    const closing = listening.close();
    await door.close();
    await closing;
  });
  url = listening.url;
});
afterAll(() => cleanUp.disposeAsync());

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
};
const JSON_SSE = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

function post(body: unknown, headers: Record<string, string> = {}, path = '/files'): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${url}${path}`, { method: 'POST', headers: { ...JSON_SSE, ...headers }, body: text });
}

const as = (agent: string) => ({ authorization: `Bearer ${agent}` });

async function old(agent: string, path = '/files'): Promise<Client> {
  const client = new Client({ name: 'old', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(path, url), { requestInit: { headers: as(agent) } });
  await client.connect(transport as never);
  return client;
}

async function fresh(agent: string, path = '/files'): Promise<Modern> {
  const client = new Modern({ name: 'fresh', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new ModernTransport(new URL(path, url), { requestInit: { headers: as(agent) } }));
  return client;
}

type AnyClient = { listTools: any; callTool: any; close(): Promise<void> };
type Connect = (agent: string, path?: string) => Promise<unknown>;

async function connectTo(connect: Connect, agent: string, path?: string): Promise<AnyClient & AsyncDisposable> {
  const client = (await connect(agent, path)) as AnyClient;
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() });
}

/** `fetch` would not say another name. */
function statusAs(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/files`, { headers: { host, ...as('ana') } }, ({ statusCode }) =>
      resolve(statusCode!),
    );
    asked.on('error', reject).end();
  });
}

describe.each([
  ['of 2025', old],
  ['of 2026', fresh],
])('a client %s', (_, connect) => {
  test('is offered the reviewed tools, is denied in words, and gets what ran', async () => {
    await using client = await connectTo(connect, 'ana');
    expect((await client.listTools()).tools.map(({ name }: { name: string }) => name)).toContain('read');
    plane.modes.set('read', { is: 'allow', output: { n: 1 } });
    plane.modes.set('shell', { is: 'deny' });
    expect(await client.callTool({ name: 'read', arguments: {} })).toMatchObject({ content: [{ text: '{"n":1}' }] });
    expect(await client.callTool({ name: 'shell', arguments: {} })).toMatchObject({ isError: true });
  });

  test('held: the same call finds the same job, over another connection too, and no other agent finds it', async () => {
    plane.modes.set('shell', { is: 'hold' });
    const held = { name: 'shell', arguments: { in: connect.name }, _meta: { 'countersign/wait-ms': 0 } };
    const ask = async (agent: string) => {
      await using client = await connectTo(connect, agent);
      return (await client.callTool(held))._meta['countersign/status'];
    };
    const [first, again, other] = [await ask('ana'), await ask('ana'), await ask('bob')];
    expect([first.status, again.job_id, other.status]).toEqual(['pending', first.job_id, 'pending']);
    expect(other.job_id).not.toBe(first.job_id);
  });

  test("is in one run over all servers, which is no other agent's", async () => {
    plane.modes.set('read', { is: 'allow' });
    const from = plane.asked.length;
    for (const [agent, path] of [
      ['ana', '/files'],
      ['ana', '/mail'],
      ['bob', '/files'],
    ] as const) {
      await using client = await connectTo(connect, agent, path);
      await client.callTool({ name: 'read', arguments: { path } });
    }
    const [files, mail, other] = plane.asked.slice(from).map(({ run }) => run);
    expect([files, mail === files, other === files]).toEqual([
      expect.stringMatching(/^mcp-[0-9a-f]{16}$/),
      true,
      false,
    ]);
  });
});

describe('a held call is shown as a link where this request declared that its client opens links', () => {
  type Person = { action: 'accept' | 'decline' | 'cancel'; then?: () => void };
  async function ask(
    elicitation: { url: object } | { form: object } | undefined,
    { action, then }: Person,
    args: object,
  ) {
    plane.modes.set('shell', { is: 'hold' });
    const shown: string[] = [];
    const capabilities = elicitation === undefined ? {} : { elicitation: elicitation as never };
    const client = new Modern(
      { name: 'linked', version: '1' },
      { capabilities, versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    if (elicitation !== undefined)
      client.setRequestHandler('elicitation/create', async ({ params }) => {
        shown.push((params as { url: string }).url);
        then?.();
        return { action };
      });
    await client.connect(new ModernTransport(new URL('/files', url), { requestInit: { headers: as('ana') } }));
    const held = { name: 'shell', arguments: { ...args }, _meta: { 'countersign/wait-ms': 0 } };
    const result = (await client.callTool(held)) as any;
    await client.close();
    return { shown, result };
  }
  const PENDING = { isError: true, _meta: { 'countersign/status': { status: 'pending' } } };

  test.each(['accept', 'decline', 'cancel'] as const)(
    '%s is no vote: the job stays held, and is pending in words after one link',
    async (action) => {
      const ran = plane.ran.length;
      const { shown, result } = await ask({ url: {} }, { action }, { action });
      expect(shown).toEqual([expect.stringMatching(/\/approvals\/01890000/)]);
      expect(result).toMatchObject(PENDING);
      expect(plane.ran).toHaveLength(ran);
    },
  );

  test('what was agreed to where people agree comes back in the same call', async () => {
    const then = () => plane.approve();
    const { shown, result } = await ask({ url: {} }, { action: 'accept', then }, { agreed: true });
    expect([shown.length, result.content]).toEqual([1, [{ type: 'text', text: '{"ok":true}' }]]);
  });

  test.each([
    ['nothing', undefined],
    ['forms alone', { form: {} }],
  ])('a client that declared %s is told in words', async (_, elicitation) => {
    const { shown, result } = await ask(elicitation, { action: 'accept' }, { told: String(_) });
    expect(shown).toEqual([]);
    expect(result).toMatchObject(PENDING);
  });

  test('what comes back is taken from its own caller for its own method alone, and no other', async () => {
    plane.modes.set('shell', { is: 'hold' });
    const call = (agent: string, more: object, method = 'tools/call') =>
      post(
        {
          jsonrpc: '2.0',
          id: 1,
          method,
          params: {
            name: 'shell',
            arguments: { raw: true },
            _meta: {
              'countersign/wait-ms': 0,
              'io.modelcontextprotocol/protocolVersion': '2026-07-28',
              'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
              'io.modelcontextprotocol/clientCapabilities': { elicitation: { url: {} } },
            },
            ...more,
          },
        },
        { ...as(agent), 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': 'shell' },
      ).then(async (answer) => (await answer.json()) as any);
    const { result } = await call('ana', {});
    expect(result).toMatchObject({ resultType: 'input_required', requestState: expect.any(String) });
    const { requestState } = result;
    const brought = { requestState, inputResponses: { countersign: { action: 'accept' } } };
    expect((await call('ana', brought)).result).toMatchObject(PENDING);
    const invalid = { error: { code: -32_602, data: { reason: 'invalid_request_state' } } };
    expect(await call('bob', brought)).toMatchObject(invalid);
    expect(await call('ana', { ...brought, requestState: `${requestState.slice(0, -2)}AA` })).toMatchObject(invalid);
  });
});

test('a session that is named is one run for all proxies of its agent, and none of another agent or tenant', () => {
  const ana = { tenant: 'acme', agent: 'ana' };
  const run = runOfSession(ana, 'one');
  expect(run).toMatch(/^mcp-session-[0-9a-f]{32}$/);
  expect(runOfSession({ ...ana }, 'one')).toBe(run);
  const others = [
    runOfSession(ana, 'two'),
    runOfSession({ ...ana, agent: 'bob' }, 'one'),
    runOfSession({ ...ana, tenant: 'x' }, 'one'),
  ];
  expect(new Set([run, ...others, runOfSession(ana, run)]).size).toBe(5);
});

describe('at the door', () => {
  test.each<[string, number, ErrorCode, () => Promise<Response>]>([
    ['nobody', 401, 'unauthenticated', () => post(INITIALIZE)],
    [
      "a page of a stranger's",
      403,
      'origin_unknown',
      () => post(INITIALIZE, { ...as('ana'), origin: 'https://evil.example' }),
    ],
    ['a path of none', 404, 'not_found', () => post(INITIALIZE, as('ana'), '/other')],
    ['text', 415, 'media_type_unsupported', () => post('x', { ...as('ana'), 'content-type': 'text/plain' })],
    ['no JSON', 400, 'json_malformed', () => post('{', as('ana'))],
    ['a batch', 400, 'json_malformed', () => post([INITIALIZE, INITIALIZE], as('ana'))],
    [
      'too much',
      413,
      'json_too_large',
      () => post(JSON.stringify({ x: 'x'.repeat(LIMITS.mcp_request_bytes) }), as('ana')),
    ],
    ['a session of nobody', 404, 'session_unknown', () => post(INITIALIZE, { ...as('ana'), 'mcp-session-id': 'x' })],
  ])('%s is refused', async (_, status, code, ask) => {
    const from = plane.asked.length;
    const response = await ask();
    expect([response.status, await response.json()]).toMatchObject([status, { error: { data: { code } } }]);
    expect(plane.asked).toHaveLength(from);
  });

  test('a name that is pointed here is refused, and a page that is named may ask', async () => {
    expect(await statusAs('evil.example')).toBe(421);
    const origin = 'https://chat.example.com';
    expect((await post(INITIALIZE, { ...as('ana'), origin })).status).toBe(200);
  });

  test("a session is its caller's at its server: the id alone opens nothing", async () => {
    const begun = await post(INITIALIZE, as('ana'));
    const id = { 'mcp-session-id': begun.headers.get('mcp-session-id')! };
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} };
    const [other, elsewhere, own] = await Promise.all([
      post(list, { ...as('bob'), ...id }),
      post(list, { ...as('ana'), ...id }, '/mail'),
      post(list, { ...as('ana'), ...id }),
    ]);
    expect([other.status, elsewhere.status, own.status]).toEqual([404, 404, 200]);
    const gone = await fetch(`${url}/files`, { method: 'DELETE', headers: { ...JSON_SSE, ...as('bob'), ...id } });
    expect(gone.status).toBe(404);
    expect((await post(list, { ...as('ana'), ...id })).status).toBe(200);
  });

  test('one agent has so many sessions, of which the quietest makes way, and locks nobody out', async () => {
    const first = (await post(INITIALIZE, as('eve'))).headers.get('mcp-session-id')!;
    for (let i = 0; i < LIMITS.mcp_agent_sessions; i += 1) expect((await post(INITIALIZE, as('eve'))).status).toBe(200);
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list', params: {} };
    expect((await post(list, { ...as('eve'), 'mcp-session-id': first })).status).toBe(404);
    expect((await post(INITIALIZE, as('ana'))).status).toBe(200);
  });
});

describe('whose a credential is, the plane says', () => {
  const agent = {
    principal: 'ana',
    type: 'agent',
    tenant: 'default',
    groups: [],
    permissions: ['submit'],
    auth_method: 'token',
    on_behalf_of: [],
    csrf_token: null,
  };
  const SAID: Readonly<Record<string, object>> = {
    own: agent,
    'for-bob': { ...agent, on_behalf_of: ['bob'] },
    person: { ...agent, type: 'human' },
    reader: { ...agent, permissions: ['jobs:read:own'] },
  };
  const knock = async (headers: Record<string, string>) => {
    await using stack = new AsyncDisposableStack();
    const api = await listen(
      (asked) => {
        const said = SAID[asked.headers.get('authorization')?.slice('Bearer '.length) ?? ''];
        const refused = { code: 'unauthenticated', detail: 'no', trace_id: '' };
        return Response.json(said ?? refused, { status: said === undefined ? 401 : 200 });
      },
      0,
      '127.0.0.1',
    );
    stack.defer(() => api.close());
    return await httpCallers(api.url, (who) => who)(new Request('http://x', { headers }));
  };

  test('in whose name it acts tells its calls, sessions and runs apart', async () => {
    const [own, forBob] = [await knock(as('own')), await knock({ 'x-api-key': 'for-bob' })];
    expect([own.agent, forBob.agent]).toEqual(['ana', 'ana']);
    expect(own.name).not.toBe(forBob.name);
    expect(own.run).not.toBe(forBob.run);
  });

  test.each<[string, ErrorCode, Record<string, string>]>([
    ['a person', 'permission_missing', as('person')],
    ['who may not submit', 'permission_missing', as('reader')],
    ['nobody it knows', 'unauthenticated', as('other')],
    ['who brings two', 'unauthenticated', { ...as('own'), 'x-api-key': 'own' }],
    ['who brings none', 'unauthenticated', {}],
    ['who brings what is none', 'unauthenticated', { authorization: 'Basic eA==' }],
  ])('%s is refused', async (_, code, headers) => {
    await expect(knock(headers)).rejects.toMatchObject({ code });
  });
});
