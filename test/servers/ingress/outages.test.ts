/** Whatever is down, the answer is a 503 that says what, and nothing is admitted; afterwards all goes on by itself. */
import { ingress as ingressService } from '@countersign/ingress/service';
import { ConfigError } from '@countersign/platform/config';
import { start } from '@countersign/platform/service';
import { describe, expect, test } from 'vitest';
import { type RunningIngress, runIngress } from './run-ingress.ts';

function submit(ingress: RunningIngress) {
  return ingress.post('/jobs', { topic: 'job.demo.read' });
}

describe('without', () => {
  test('the policy kernel nothing is decided and nothing admitted', async () => {
    await using ingress = await runIngress();
    await ingress.peerBus('policy-kernel').close();
    expect(await submit(ingress)).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    expect(await ingress.post('/policy/simulate', { topic: 'job.demo.read' })).toMatchObject({ status: 503 });
    expect(ingress.peers.admitted).toEqual([]);
    const metrics = await (await fetch(`${ingress.health_url}/metrics`)).text();
    expect(metrics).toMatch(/countersign_input_fail_open_total\{[^}]*\} 0/);
  });

  test('the scheduler nothing is accepted', async () => {
    await using ingress = await runIngress();
    await ingress.peerBus('scheduler').close();
    expect(await submit(ingress)).toMatchObject({ status: 503, body: { code: 'scheduler_unavailable' } });
    expect(await ingress.get('/jobs')).toMatchObject({ status: 503, body: { code: 'scheduler_unavailable' } });
  });

  test('NATS nothing is decided, and when it is back all goes on', async () => {
    await using ingress = await runIngress();
    await ingress.nats.server.kill();
    expect(await submit(ingress)).toMatchObject({ status: 503, body: { code: 'policy_unavailable' } });
    await ingress.nats.server.start();
    await expect.poll(async () => (await submit(ingress)).status).toBe(202);
  });

  test('Postgres nobody is believed, and when it is back all goes on', async () => {
    await using ingress = await runIngress();
    const { pathname } = new URL(ingress.database_url);
    const limit = (connections: number) =>
      ingress.admin.query(`ALTER DATABASE ${pathname.slice(1)} CONNECTION LIMIT ${connections}`);
    await limit(0);
    await ingress.admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'countersign_ingress' AND datname = current_database()`,
    );
    const { status, headers, body } = await submit(ingress);
    expect([status, body.code, headers.get('retry-after')]).toEqual([503, 'database_unavailable', '1']);
    await limit(-1);
    await expect.poll(async () => (await submit(ingress)).status).toBe(202);
  });
});

test.each([
  ['open', /INGRESS_FAIL_OPEN_UNTIL: must be set/],
  ['OPEN', /INGRESS_FAIL_MODE: /],
  ['yes', /INGRESS_FAIL_MODE: /],
])('the fail mode %j alone does not start', async (mode, says) => {
  const settings = {
    DATABASE_URL: 'postgres://x@127.0.0.1/x',
    NATS_URL: 'nats://127.0.0.1:1',
    NATS_NKEY_SEED: `SU${'A'.repeat(56)}`,
    BUS_ISSUER_SEED: `SA${'A'.repeat(56)}`,
  };
  const started = start([ingressService], { ...settings, INGRESS_FAIL_MODE: mode });
  await expect(started).rejects.toBeInstanceOf(ConfigError);
  await expect(started).rejects.toThrow(says);
});
