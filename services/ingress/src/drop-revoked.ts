/**
 * Ends the connections of who was revoked. The server is asked who is connected and the registry which of them may be, so
 * nothing has to be remembered and it does not matter which instance let them in.
 */
import { SERVICES_ACCOUNT } from '@countersign/contracts/bus-accounts';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { server } from '@countersign/contracts/subjects';
import type { Bus } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import { readControl } from '@countersign/platform/control-gate';
import type { Tx } from '@countersign/platform/database';
import type { Logger } from '@countersign/platform/logger';
import type { Metrics } from '@countersign/platform/metrics';
import type { SweepRun } from '@countersign/platform/sweep';
import { z } from 'zod';
import { findBusUsers } from './store-bus.ts';

const listed = z.object({
  data: z.object({
    total: z.int(),
    connections: z.array(
      z.object({ cid: z.int(), account: z.string().default(''), authorized_user: z.string().default('') }),
    ),
  }),
});
type Listed = z.output<typeof listed>['data']['connections'];

type DropParts = {
  bus: Pick<Bus, 'ask' | 'connection'>;
  database: Tx;
  metrics: Pick<Metrics, 'count'>;
  log: Pick<Logger, 'info'>;
};

/**
 * A worker that runs something is first told at its beat to stop it: cut off, it would run on to the end of its lease. The next
 * beat is a whole one away at most, and as long is for its answer; with the time to the next look a second is over.
 */
const TOLD_MS = 2 * LIMITS.beat_ms;
/** Longer than a connection may take to be let in: one that was judged before a revocation stands by then. */
const STILL_COMING_MS = LIMITS.connect_ms + 1_000;

/**
 * A look, to be repeated each `revocation_look_ms` until it answers `idle`, and at each word of a change of `control`. It asks
 * the server only after such a change, for as long as a connection that was let in before it may still come, and at first.
 * `forget` makes the next look one of those.
 */
export function dropRevoked({ bus, database, metrics, log }: DropParts): { look: SweepRun; forget(): void } {
  let revision = -1;
  let until = 0;
  return {
    async look() {
      const now = await readControl(database, []);
      if (now.revision !== revision) until = monotonicMs() + STILL_COMING_MS;
      revision = now.revision;
      if (monotonicMs() >= until) return 'idle';
      const dropped = await dropOnce(bus, database);
      for (let i = 0; i < dropped; i += 1) metrics.count('bus_connections_ended_total');
      if (dropped > 0) log.info({ dropped }, 'connections to the bus were ended: whose they were is revoked');
      return undefined;
    },
    forget() {
      revision = -1;
    },
  };
}

async function dropOnce(bus: DropParts['bus'], database: Tx): Promise<number> {
  const server_id = bus.connection.serverId();
  let dropped = 0;
  for (let offset = 0, total = 1; offset < total; ) {
    const page = await listConnections(bus, server_id, offset);
    const outside = page.connections.filter(({ account }) => account !== SERVICES_ACCOUNT && account !== '');
    const known = await findBusUsers(
      database,
      outside.map(({ authorized_user }) => authorized_user),
    );
    const revoked = outside.filter(({ authorized_user }) => {
      const { kind, revoked_for_ms } = known.get(authorized_user) ?? {};
      return (revoked_for_ms ?? -1) >= (kind === 'worker' ? TOLD_MS : 0);
    });
    for (const { cid } of revoked) await bus.ask(server.disconnect(server_id), { cid });
    dropped += revoked.length;
    total = page.total;
    offset += page.connections.length;
    if (page.connections.length === 0) break;
  }
  return dropped;
}

async function listConnections(
  bus: DropParts['bus'],
  server_id: string,
  offset: number,
): Promise<{ total: number; connections: Listed }> {
  const question = { auth: true, offset, limit: LIMITS.listed_connections };
  const answer = listed.safeParse(await bus.ask(server.connections(server_id), question));
  if (!answer.success) throw new CountersignError('bus_unavailable', undefined, { cause: answer.error });
  return answer.data.data;
}
