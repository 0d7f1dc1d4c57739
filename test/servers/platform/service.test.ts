/**
 * The life of a service: all start or none, ready means that work goes round, and what was opened is closed, whatever
 * goes wrong on the way.
 */

import { findFreePort } from '@countersign/infra/find-free-port';
import { migrate } from '@countersign/infra/postgres/migrate';
import { createRoles, LOGIN_ROLES } from '@countersign/infra/postgres/roles';
import { waitUntil } from '@countersign/infra/wait-until';
import { ListenError, listen } from '@countersign/platform/http';
import { createNatsKey } from '@countersign/platform/nats-key';
import { defineService, type ServiceContext, start } from '@countersign/platform/service';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { withClient } from '../../harness/build-template.ts';
import { createDatabase, type TestDatabase } from '../../harness/create-database.ts';
import { startOwnPostgres } from '../../harness/start-system.ts';
import { type OpenNats, openNats } from './open-bus.ts';

const cleanUp = new AsyncDisposableStack();
let nats: OpenNats;
let database: TestDatabase;
let env: Record<string, string>;
beforeAll(async () => {
  nats = cleanUp.use(await openNats());
  database = cleanUp.use(await createDatabase());
  env = {
    DATABASE_URL: database.admin_url,
    NATS_URL: nats.server.url,
    NATS_NKEY_SEED: createNatsKey().seed,
    LOG_LEVEL: 'silent',
  };
});
afterAll(() => cleanUp.disposeAsync());
afterEach(() => vi.restoreAllMocks());

type Context = ServiceContext<Record<string, never>>;

function service(name: 'audit' | 'ingress', begin: (context: Context) => Promise<void> | void) {
  return defineService({ name, config: z.object({}), start: async (context) => begin(context as unknown as Context) });
}

type Readiness = { ready: boolean; starting: boolean; draining: boolean; checks: Record<string, boolean> };

async function readiness(health_url: string): Promise<Readiness & { status: number }> {
  const answer = await fetch(`${health_url}/readyz`);
  return { status: answer.status, ...((await answer.json()) as Readiness) };
}

function untilReady(health_url: string, ready: boolean): Promise<unknown> {
  return waitUntil(`ready: ${ready}`, async () => (await readiness(health_url)).ready === ready);
}

/** Connections that these services hold, to Postgres and to NATS. */
async function heldConnections(): Promise<number> {
  const rows = await withClient(database.admin_url, (client) =>
    client.query(
      "SELECT 1 FROM pg_stat_activity WHERE application_name IN ('audit', 'ingress') AND datname = current_database()",
    ),
  );
  const answer = await fetch(`${nats.server.monitor_url}/connz`);
  const { connections } = (await answer.json()) as { connections: { name?: string }[] };
  return rows.rowCount! + connections.filter(({ name }) => name === 'audit' || name === 'ingress').length;
}

function untilNothingIsHeld(): Promise<unknown> {
  return waitUntil('all connections are closed', async () => (await heldConnections()) === 0);
}

describe('started', () => {
  test('it is alive and ready, and shows its metrics', async () => {
    await using running = await start([service('audit', ({ metrics }) => metrics.count('ledger_sealed_total'))], env);
    const { health_url } = running.services[0]!;
    expect((await fetch(`${health_url}/livez`)).status).toBe(200);
    expect(await readiness(health_url)).toEqual({
      status: 200,
      ready: true,
      starting: false,
      draining: false,
      checks: { database: true, bus: true, 'writes to Postgres': true },
    });
    const metrics = await fetch(`${health_url}/metrics`);
    expect(metrics.headers.get('content-type')).toContain('version=0.0.4');
    expect(await metrics.text()).toContain('countersign_ledger_sealed_total{service="audit"} 1');
    expect((await fetch(`${health_url}/else`)).status).toBe(404);
  });

  test('it is not ready before its start has ended, though it is alive', async () => {
    const port = await findFreePort();
    const gate = Promise.withResolvers<void>();
    const starting = start([service('audit', () => gate.promise)], { ...env, HEALTH_PORT: String(port) });
    const health_url = `http://127.0.0.1:${port}`;
    const alive = () =>
      fetch(`${health_url}/livez`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitUntil('it is alive', alive);
    expect(await readiness(health_url)).toMatchObject({ status: 503, ready: false, starting: true });
    gate.resolve();
    await using running = await starting;
    expect((await readiness(running.services[0]!.health_url)).status).toBe(200);
  });
});

describe('a start that fails', () => {
  test('stops the other services and leaves nothing open', async () => {
    const stopped: string[] = [];
    const failed = start(
      [
        service('audit', ({ onStop }) => onStop(() => void stopped.push('audit'))),
        service('ingress', async ({ onStop }) => {
          onStop(() => void stopped.push('ingress'));
          throw new RangeError('no');
        }),
      ],
      env,
    );
    await expect(failed).rejects.toThrow(RangeError);
    expect(stopped.sort()).toEqual(['audit', 'ingress']);
    await untilNothingIsHeld();
  });

  test('for its port leaves nothing open', async () => {
    const taken = await listen(() => new Response(), 0, '127.0.0.1');
    const failed = start([service('audit', () => {})], { ...env, HEALTH_PORT: String(taken.port) });
    await expect(failed).rejects.toBeInstanceOf(ListenError);
    await untilNothingIsHeld();
    await taken.close();
  });

  test.each([
    ['NATS', { NATS_URL: 'nats://127.0.0.1:1' }],
    ['Postgres', { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/none' }],
  ])('for want of %s gives its port and connections back', async (_, wrong) => {
    const port = await findFreePort();
    const settings = { ...env, ...wrong, START_WAIT_MS: '0', HEALTH_PORT: String(port) };
    await expect(start([service('audit', () => {})], settings)).rejects.toThrow();
    await untilNothingIsHeld();
    await (await listen(() => new Response(), port, '127.0.0.1')).close();
  });
});

describe('stopping', () => {
  test('goes from the last opened to the first, while database and bus still work, past what fails', async () => {
    const order: string[] = [];
    const running = await start(
      [
        service('audit', (context) => {
          context.onStop(async () => {
            await context.database.query('SELECT 1');
            await context.bus.check();
            order.push('first');
          });
          context.onStop(() => {
            order.push('broken');
            throw new RangeError('it does not stop');
          });
          context.onStop(() => void order.push('last'));
        }),
      ],
      env,
    );
    await running[Symbol.asyncDispose]();
    expect(order).toEqual(['last', 'broken', 'first']);
    await untilNothingIsHeld();
  });

  test('says so before anything ends', async () => {
    const gate = Promise.withResolvers<void>();
    const running = await start([service('audit', ({ onStop }) => onStop(() => gate.promise))], env);
    const { health_url } = running.services[0]!;
    const stopping = running[Symbol.asyncDispose]();
    expect(await readiness(health_url)).toMatchObject({ status: 503, ready: false, draining: true });
    gate.resolve();
    await stopping;
    await expect(fetch(`${health_url}/livez`)).rejects.toThrow();
  });

  test('waits for the sweep under way, and starts no other', async () => {
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const sweeping = service('audit', (context) => {
      context.sweep('rows', 1, async () => {
        runs += 1;
        entered.resolve();
        await gate.promise;
        await context.database.query('SELECT 1');
      });
    });
    const running = await start([sweeping], env);
    await entered.promise;
    const stopping = running[Symbol.asyncDispose]();
    gate.resolve();
    await stopping;
    expect(runs).toBe(1);
  });
});

describe('ready', () => {
  test('needs every check that the service names, and says which one fails', async () => {
    let fine = false;
    const checked = service('audit', ({ ready }) => {
      ready('witness', async () => {
        if (!fine) throw new Error('not yet');
      });
    });
    await using running = await start([checked], env);
    const { health_url } = running.services[0]!;
    expect(await readiness(health_url)).toMatchObject({ status: 503, checks: { database: true, witness: false } });
    fine = true;
    expect(await readiness(health_url)).toMatchObject({ status: 200, checks: { witness: true } });
  });

  test('ends when a sweep has not succeeded for long, and comes again with its next success', async () => {
    const realNow = performance.now.bind(performance);
    let later = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => realNow() + later);
    let working = false;
    const sweeping = service('audit', ({ sweep }) => {
      sweep('rows', 5, async () => {
        if (!working) throw new Error('out of order');
      });
    });
    await using running = await start([sweeping], env);
    const { health_url } = running.services[0]!;
    expect(await readiness(health_url)).toMatchObject({ status: 200, checks: { rows: true } });
    later = 60_000;
    expect(await readiness(health_url)).toMatchObject({ status: 503, checks: { rows: false, database: true } });
    working = true;
    await untilReady(health_url, true);
  });

  test('ends while Postgres or NATS is gone, and comes again with it; nothing has to be restarted', async () => {
    await using postgres = await startOwnPostgres(nats.server.store_dir.replace(/jetstream$/, ''));
    await createRoles(postgres.admin_url, Object.fromEntries(LOGIN_ROLES.map((role) => [role, 'unused'])));
    await migrate(postgres.admin_url);
    await using running = await start([service('audit', () => {})], { ...env, DATABASE_URL: postgres.admin_url });
    const { health_url } = running.services[0]!;
    await untilReady(health_url, true);
    await postgres.kill();
    await untilReady(health_url, false);
    expect((await readiness(health_url)).checks).toEqual({
      database: false,
      bus: true,
      'writes to Postgres': expect.any(Boolean),
    });
    expect((await fetch(`${health_url}/livez`)).status).toBe(200);
    await postgres.start();
    await untilReady(health_url, true);

    await nats.server.kill();
    await untilReady(health_url, false);
    expect((await readiness(health_url)).checks).toEqual({ database: true, bus: false, 'writes to Postgres': true });
    await nats.server.start();
    await untilReady(health_url, true);
  });
});
