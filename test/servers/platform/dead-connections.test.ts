/**
 * A wire that swallows everything: who hangs on it still stands in the queue group. Questions go past it, the server
 * gives it up, it knows itself that it is not ready, and it comes back by itself.
 */

import { waitUntil } from '@countersign/infra/wait-until';
import { openAskOneself } from '@countersign/platform/ask-oneself';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { connectDatabase } from '@countersign/platform/database';
import { createNatsKey } from '@countersign/platform/nats-key';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { createDatabase } from '../../harness/create-database.ts';
import { layWire, type Wire } from '../../harness/wire.ts';
import { type OpenNats, openNats } from './open-bus.ts';

let nats: OpenNats;
let wire: Wire;
let ingress: Bus;
const owned = new AsyncDisposableStack();
beforeAll(async () => {
  nats = owned.use(await openNats());
  wire = owned.use(await layWire(nats.server.url));
  ingress = await nats.bus('ingress');
});
afterAll(() => owned.disposeAsync());

async function connectAudit(
  servers: string,
): Promise<{ bus: Bus; askOneself: () => Promise<void>; handled: number[] }> {
  const bus = await connectBus({ servers, nkey_seed: createNatsKey().seed, user: 'audit' });
  owned.defer(() => bus.close());
  const handled = [0];
  bus.serve('audit.timeline', async () => {
    handled[0]! += 1;
    return { entries: [] };
  });
  const askOneself = openAskOneself(bus, 'audit');
  await bus.check();
  return { bus, askOneself, handled };
}

function ask() {
  return codeOf(ingress.call('audit.timeline', { tenant: 'acme', job_id: 'j1' }, { timeout_ms: 20_000 }));
}

function isReady(asking: () => Promise<void>): Promise<boolean> {
  return asking().then(
    () => true,
    () => false,
  );
}

/** Whom the server still believes to listen on the verb. */
async function listening(): Promise<number> {
  const answer = await fetch(`${nats.server.monitor_url}/subsz?subs=1&test=rpc.audit.timeline`);
  return ((await answer.json()) as { subscriptions_list?: unknown[] }).subscriptions_list?.length ?? 0;
}

describe('of two instances one hangs on a dead wire', () => {
  test('every question is answered, the server gives it up, and it comes back by itself', async () => {
    const living = await connectAudit(nats.server.url);
    const cut = await connectAudit(wire.url);
    expect([await isReady(living.askOneself), await isReady(cut.askOneself)]).toEqual([true, true]);
    expect(await listening()).toBe(2);

    wire.swallow();
    const before = cut.handled[0]!;
    // Half of them go down the dead wire first.
    expect(new Set(await Promise.all(Array.from({ length: 100 }, ask)))).toEqual(new Set(['none']));
    expect(cut.handled[0]).toBe(before);
    expect(await isReady(cut.askOneself)).toBe(false);
    expect(await isReady(living.askOneself)).toBe(true);
    // ping_interval 5s, ping_max 2.
    await waitUntil('the server gives the connection up', async () => (await listening()) === 1, {
      timeout_ms: 30_000,
    });

    wire.mend();
    await waitUntil('it is ready again', () => isReady(cut.askOneself), { timeout_ms: 30_000 });
    await waitUntil('it is asked again', async () => (await ask()) === 'none' && cut.handled[0]! > before);
  });
});

test('nobody is ready whom no question reaches, though the server answers', async () => {
  const deaf = await nats.bus('approval');
  const askOneself = openAskOneself(deaf, 'approval');
  expect(await isReady(askOneself)).toBe(true);
  // The same user, in the same queue group, that never answers: as a dead connection stands there. Among so many the some 30
  // copies of a question reach the living one once in 32 times, and all 20 questions once in 10 ** 30.
  const dead = Array.from({ length: 1_000 }, () => nats.peer.subscribe('rpc.ping.approval', { queue: 'approval' }));
  await nats.peer.flush();
  await deaf.check();
  const answers = await Promise.all(Array.from({ length: 20 }, () => isReady(askOneself)));
  expect(answers).toContain(false);
  for (const subscription of dead) subscription.unsubscribe();
});

test('a session of Postgres gives up whoever is silent', async () => {
  await using database = await createDatabase();
  const url = new URL(database.admin_url);
  const connected = connectDatabase({ url: url.href, pool: 1, name: 'keepalive' });
  const rows = await connected.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%' ORDER BY name",
  );
  await connected.close();
  expect(rows).toEqual([
    { name: 'tcp_keepalives_count', setting: '2' },
    { name: 'tcp_keepalives_idle', setting: '5' },
    { name: 'tcp_keepalives_interval', setting: '5' },
    { name: 'tcp_user_timeout', setting: '15000' },
  ]);
});
