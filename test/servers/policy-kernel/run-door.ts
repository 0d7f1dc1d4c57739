/** The HTTP door in front of the kernels under test, with one person for each part in a rollout. */
import { PERMISSION_SETS, type Permission } from '@countersign/contracts/permissions';
import { findFreePort } from '@countersign/infra/find-free-port';
import { newApiKey } from '@countersign/ingress/api-key';
import { registerIdentities } from '@countersign/ingress/register-identities';
import { ingress } from '@countersign/ingress/service';
import { connectDatabase } from '@countersign/platform/database';
import { start } from '@countersign/platform/service';
import type { RunningKernels } from './run-kernel.ts';

const PEOPLE = {
  admin: PERMISSION_SETS.admin,
  /** May change every tenant's policy. */
  operator: [...PERMISSION_SETS.admin, 'policy:global'],
  approver: PERMISSION_SETS.approver,
  auditor: PERMISSION_SETS.auditor,
  agent: PERMISSION_SETS.agent,
} satisfies Record<string, readonly Permission[]>;
type Person = keyof typeof PEOPLE;
type Reply = { status: number; body: any };

export type Door = AsyncDisposable & {
  url: string;
  keys: Readonly<Record<Person, string>>;
  /** `body` as text goes as it is. */
  post(who: Person, path: string, body?: unknown): Promise<Reply>;
  get(who: Person, path: string): Promise<Reply>;
};

export async function openDoor(run: RunningKernels): Promise<Door> {
  const cleanUp = new AsyncDisposableStack();
  const people = Object.keys(PEOPLE) as Person[];
  const keys = Object.fromEntries(people.map((name) => [name, newApiKey()])) as Record<Person, string>;
  const DATABASE_URL = run.url_for('countersign_ingress');
  const database = connectDatabase({ url: DATABASE_URL, pool: 1, name: 'test' });
  cleanUp.defer(() => database.close());
  const person = (id: string) => ({ type: 'human' as const, id, tenant: 'default', groups: [] });
  const ceiling = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };
  const agent = { type: 'agent' as const, id: 'agent', tenant: 'default', owner: 'admin', ceiling, signing_key: null };
  await database.transaction((tx) =>
    registerIdentities(tx, {
      tenants: ['default'],
      principals: [...people.filter((name) => name !== 'agent').map(person), agent],
      api_keys: people.map((name) => ({ principal: name, key: keys[name], permissions: [...PEOPLE[name]] })),
      workers: [],
    }),
  );
  const port = await findFreePort();
  cleanUp.use(
    await start([ingress], {
      DATABASE_URL,
      NATS_URL: run.nats.server.url,
      NATS_NKEY_SEED: run.nats.seedOf('ingress'),
      BUS_ISSUER_SEED: run.nats.issuer.seed,
      HTTP_PORT: String(port),
      LOG_LEVEL: 'silent',
    }),
  );
  const url = `http://127.0.0.1:${port}/api/v1`;
  const send = async (who: Person, path: string, more: RequestInit): Promise<Reply> => {
    const headers = { 'x-api-key': keys[who], 'content-type': 'application/json' };
    const response = await fetch(`${url}${path}`, { ...more, headers });
    return { status: response.status, body: await response.json() };
  };
  return {
    url,
    keys,
    post: (who, path, body) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return send(who, path, { method: 'POST', ...(text === undefined ? {} : { body: text }) });
    },
    get: (who, path) => send(who, path, {}),
    [Symbol.asyncDispose]: () => cleanUp.disposeAsync(),
  };
}
