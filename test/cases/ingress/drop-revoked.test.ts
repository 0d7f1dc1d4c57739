/** When the connection of who was revoked ends: a worker's not before it had the time to hear at a beat what to stop. */
import { LIMITS } from '@countersign/contracts/limits';
import { dropRevoked } from '@countersign/ingress/drop-revoked';
import { expect, test } from 'vitest';

async function droppedAfter(revoked_for_ms: number | null, kind = 'worker'): Promise<number[]> {
  const dropped: number[] = [];
  const connections = [{ cid: 7, account: 'POOL_1', authorized_user: 'U' }];
  const parts = {
    bus: {
      connection: { serverId: () => `N${'A'.repeat(55)}` },
      ask: async (_: string, asked: { cid?: number }) => {
        if (asked.cid !== undefined) dropped.push(asked.cid);
        return { data: { total: 1, connections } };
      },
    },
    database: {
      query: async (text: string) =>
        text.includes('revoked_for_ms')
          ? [{ nkey: 'U', kind, slot: 1, revoked_for_ms }]
          : [{ state: { revision: 1, policies: {}, switches: [], revoked: [], ceilings: {} } }],
    },
    metrics: { count: () => undefined },
    log: { info: () => undefined },
  };
  await dropRevoked(parts as never).look();
  return dropped;
}

test('a worker has a beat, which is one away at most, and as long again for its answer', async () => {
  expect(await droppedAfter(2 * LIMITS.beat_ms - 1)).toEqual([]);
  expect(await droppedAfter(2 * LIMITS.beat_ms)).toEqual([7]);
  expect(await droppedAfter(null)).toEqual([]);
});

test('nobody else has to hear anything', async () => {
  expect(await droppedAfter(0, 'auditor')).toEqual([7]);
  expect(await droppedAfter(null, 'agent')).toEqual([]);
});

test('a look later a second is over', () => {
  expect(2 * LIMITS.beat_ms + LIMITS.revocation_look_ms).toBeLessThanOrEqual(LIMITS.stop_ms);
});
