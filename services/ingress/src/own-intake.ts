/**
 * The intake: a stream for each tenant that has a door on the bus, so that whoever floods it meets the end of its own share.
 * The registry says which tenants these are; a new one has its stream within moments.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { intakeConsumer, intakeStream } from '@countersign/contracts/streams';
import type { Bus, StreamMessage } from '@countersign/platform/bus';
import type { Tx } from '@countersign/platform/database';
import { ownStream } from '@countersign/platform/own-stream';
import type { OwnerContext } from '@countersign/platform/owner-context';
import { untilAnswered } from '@countersign/platform/until-answered';

import { findDoors } from './store-bus.ts';

type Read = (messages: StreamMessage[]) => Promise<void>;
export type Intake = {
  /** All tenants' messages, each tenant's in batches of its own; also of tenants that come later. */
  read(handle: Read): void;
};
type Owner = OwnerContext & { bus: Bus; database: Tx };

/** Messages of one tenant in one batch. Twice as many are in memory, so that sixty-four tenants at once are about a GiB. */
const BATCH = 16;

/** Returns when the streams of all tenants stand. Throws as ownStream does. */
export async function ownIntake(context: Owner): Promise<Intake> {
  const { bus, config, database } = context;
  /** Tenants whose stream stands. A door that was opened stays: what was left there is read. */
  const shares = new Set<string>();
  let handle: Read | null = null;

  function consume(tenant: string): void {
    if (handle !== null) bus.consume(intakeConsumer(tenant), { batch: BATCH, handle });
  }
  async function own(tenant: string): Promise<void> {
    if (shares.has(tenant)) return;
    await ownStream(context, intakeStream(tenant), async () => [intakeConsumer(tenant)]);
    shares.add(tenant);
    consume(tenant);
  }
  async function look(): Promise<void> {
    const tenants = await findDoors(database);
    // One that cannot be made never keeps the others from theirs.
    const outcomes = await Promise.allSettled(tenants.map(own));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  await untilAnswered(look, config.START_WAIT_MS);
  const sweep = context.sweep('tenants of the intake', LIMITS.sweep_seldom_ms, look);
  bus.connection.onReconnect(() => sweep.nudge());
  return {
    read(given) {
      handle = given;
      for (const tenant of shares) consume(tenant);
    },
  };
}
