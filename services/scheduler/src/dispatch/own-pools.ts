/**
 * The pools that have to have a durable consumer on DISPATCH: those of every active policy, and those that attempts are
 * under way in. A pool that comes with an activation gets its durable within a moment, without an operator.
 */
import { DISPATCH, poolConsumer } from '@countersign/contracts/streams';
import { ownStream } from '@countersign/platform/own-stream';
import type { OwnerContext } from '@countersign/platform/owner-context';
import type { SchedulerContext } from '../scheduler-context.ts';
import { readPoolNames } from '../store-pools.ts';

type Owner = OwnerContext & Pick<SchedulerContext, 'bus' | 'database'>;

/** Returns when DISPATCH and its consumers stand. */
export async function ownPools(context: Owner): Promise<void> {
  const pools = await ownStream(context, DISPATCH, async () =>
    (await readPoolNames(context.database)).map(poolConsumer),
  );
  context.bus.onControl(() => pools.nudge());
}
