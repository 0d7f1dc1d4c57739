/**
 * Each role at each route over HTTP, cell by cell against the table in the contracts; and a caller of one tenant with the ids
 * of another, who must hear what one hears of ids that nobody has.
 */
import { ACCESS, VERBS } from '@countersign/contracts/access';
import { PERMISSION_SETS, ROLES, type Role } from '@countersign/contracts/permissions';
import { RPC } from '@countersign/contracts/rpc';
import { NATS_USERS } from '@countersign/infra/nats/permissions';
import { hashApiKey, keyIdOf, newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { connectDatabase } from '@countersign/platform/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let calls: string[];
const keys = Object.fromEntries(ROLES.map((role) => [role, newApiKey()])) as Record<Role, string>;
const rival = newApiKey();
beforeAll(async () => {
  ingress = await runIngress();
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  const human = (id: string, tenant: string) => ({ type: 'human' as const, id, tenant, groups: [] });
  await database.transaction((tx) =>
    registerIdentities(tx, {
      principals: [...ROLES.map((role) => human(`of-${role.replace('_', '-')}`, TENANT)), human('rita', 'other')],
      api_keys: [
        ...ROLES.map((role) => ({
          principal: `of-${role.replace('_', '-')}`,
          key: keys[role],
          permissions: [...PERMISSION_SETS[role]],
        })),
        { principal: 'rita', key: rival, permissions: [...PERMISSION_SETS.admin] },
      ],
    }),
  );
  await database.close();
  const document = (await (await fetch(`${ingress.url}/openapi.json`)).json()) as { paths: Record<string, object> };
  calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace('/api/v1', '')}`),
  );
});
afterAll(() => ingress[Symbol.asyncDispose]());

async function ask(key: string, call: string, body: object = {}): Promise<{ status: number; text: string }> {
  const [method, path] = call.split(' ') as [string, string];
  const response = await fetch(`${ingress.url}/api/v1${path}`, {
    method,
    headers: { 'x-api-key': key, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}

test('the table has a row for every route and no other, and one for every verb of the bus, with who has the right', () => {
  expect(calls.toSorted()).toEqual(Object.keys(ACCESS).toSorted());
  expect(Object.fromEntries(Object.entries(RPC).map(([verb, { callers }]) => [verb, callers]))).toEqual(VERBS);
  for (const [verb, callers] of Object.entries(VERBS)) {
    const allowed = NATS_USERS.filter(({ permissions }) => permissions.publish.includes(`rpc.${verb}`));
    expect(
      allowed.map(({ name }) => name),
      verb,
    ).toEqual(callers.filter((caller) => caller !== 'worker'));
  }
});

test('each role may call exactly what the table says', async () => {
  const found: Record<string, Role[]> = {};
  for (const call of calls) {
    const may = await Promise.all(
      ROLES.map(
        async (role) => !(await ask(keys[role], call.replaceAll(/\{\w+\}/g, '1'))).text.includes('permission_missing'),
      ),
    );
    found[call] = ROLES.filter((_, i) => may[i]);
  }
  expect(found).toEqual(ACCESS);
}, 60_000);

/** Nobody plays what answers it here; its own service's test crosses tenants. */
const UNPLAYED = ['GET /jobs/{job_id}/record'];

test('ids of another tenant answer as ids that nobody has, on every path that takes one', async () => {
  const job_id = (await ingress.post('/jobs', { topic: 'job.demo.read' })).body.job_id as string;
  const key_id = keyIdOf(hashApiKey(ingress.keys.agent));
  /** Of this tenant, and of nobody; what is judged before anything is looked up is told apart by nothing. */
  const ids: Record<string, [string, string]> = {
    'agents id': ['desk-agent', 'nobody'],
    'people id': ['alice', 'nobody'],
    'groups group': ['sre', 'nothing'],
    'keys key_id': [key_id, 'key_0000000000000000'],
    'tenants tenant': [TENANT, 'nowhere'],
    'jobs job_id': [job_id, '01890000-0000-7000-8000-000000000000'],
  };
  const bodies: Record<string, object> = {
    revoke: { reason: 'x' },
    'PATCH agents': { owner: 'rita' },
    'PATCH people': { groups: [] },
    'PATCH groups': { add: ['rita'] },
    'PATCH keys': { expires_in_minutes: 0 },
  };
  const shown = ({ status, text }: { status: number; text: string }, id: string): string =>
    `${status} ${text.replace(/"trace_id":"\w+"/, '').replaceAll(id, 'ID')}`;
  let tried = 0;
  for (const call of calls.filter((each) => each.includes('{'))) {
    const kind = call.split('/')[1]!;
    const param = /\{(\w+)\}/.exec(call)![1]!;
    const pair = ids[`${kind} ${param}`];
    if (pair === undefined) continue;
    const body = bodies[call.split('/').at(-1)!] ?? bodies[`${call.split(' ')[0]} ${kind}`] ?? {};
    const [theirs, nobodys] = await Promise.all(
      pair.map(async (id) => shown(await ask(rival, call.replace(/\{\w+\}/, id), body), id)),
    );
    expect(theirs, call).toBe(nobodys);
    if (!UNPLAYED.includes(call)) expect(theirs, call).toMatch(/^(404|403)/);
    tried += 1;
  }
  expect(tried).toBeGreaterThan(20);
});
