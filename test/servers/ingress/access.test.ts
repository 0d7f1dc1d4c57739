/** Each role at each route over HTTP, cell by cell against the table in the contracts, and who has the right to each verb. */
import { ACCESS } from '@countersign/contracts/access';
import { VERBS } from '@countersign/contracts/access-verbs';
import { PERMISSION_SETS, ROLES, type Role } from '@countersign/contracts/permissions';
import { RPC } from '@countersign/contracts/rpc';
import { NATS_USERS } from '@countersign/infra/nats/permissions';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { connectDatabase } from '@countersign/platform/database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningIngress, runIngress, TENANT } from './run-ingress.ts';

let ingress: RunningIngress;
let calls: string[];
const keys = Object.fromEntries(ROLES.map((role) => [role, newApiKey()])) as Record<Role, string>;
beforeAll(async () => {
  ingress = await runIngress();
  const database = connectDatabase({ url: ingress.database_url, pool: 1, name: 'test' });
  const human = (id: string, tenant: string) => ({ type: 'human' as const, id, tenant, groups: [] });
  await database.transaction((tx) =>
    registerIdentities(tx, {
      principals: [...ROLES.map((role) => human(`of-${role.replace('_', '-')}`, TENANT))],
      api_keys: [
        ...ROLES.map((role) => ({
          principal: `of-${role.replace('_', '-')}`,
          key: keys[role],
          permissions: [...PERMISSION_SETS[role]],
        })),
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
});
