/**
 * The intake: a stream for each tenant that has a door on the bus, so that whoever floods it meets the end of its own share.
 * The bus itself says which tenants these are; one that comes with a reload has its stream within moments.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { isToken } from '@countersign/contracts/names';
import { intakeConsumer, intakeStream } from '@countersign/contracts/streams';
import type { Bus, StreamMessage } from '@countersign/platform/bus';
import { ownStream } from '@countersign/platform/own-stream';
import type { OwnerContext } from '@countersign/platform/owner-context';
import { untilBusAnswers } from '@countersign/platform/until-bus-answers';

type Read = (messages: StreamMessage[]) => Promise<void>;
export type Intake = {
  /** All tenants' messages, each tenant's in batches of its own; also of tenants that come later. */
  read(handle: Read): void;
};
type Owner = OwnerContext & { bus: Bus };
type Share = { owned: boolean; stop: () => void };

/** Messages of one tenant in one batch. Twice as many are in memory, so that sixty-four tenants at once are about a GiB. */
const BATCH = 16;
/** Publish permissions of the user that owns a tenant's stream. */
const MAKES = /^\$JS\.API\.STREAM\.CREATE\.(.+)$/;

/** Returns when the streams of all tenants stand. Throws as ownStream does. */
export async function ownIntake(context: Owner): Promise<Intake> {
  const { bus, config } = context;
  const shares = new Map<string, Share>();
  let handle: Read | null = null;

  function consume(tenant: string): () => void {
    if (handle === null) return () => undefined;
    return bus.consume(intakeConsumer(tenant), { batch: BATCH, handle });
  }
  async function own(tenant: string): Promise<void> {
    const known = shares.get(tenant);
    if (known?.owned) return;
    const share: Share = known ?? { owned: true, stop: () => undefined };
    share.owned = true;
    // Known: its looks go on where they stopped.
    if (!known)
      await ownStream(
        context,
        intakeStream(tenant),
        async () => [intakeConsumer(tenant)],
        () => share.owned,
      );
    share.stop = consume(tenant);
    shares.set(tenant, share);
  }
  async function look(): Promise<void> {
    const tenants = tenantsOf(await bus.permissions());
    for (const [tenant, share] of shares) if (!tenants.includes(tenant)) disown(share);
    // One that cannot be made never keeps the others from theirs.
    const outcomes = await Promise.allSettled(tenants.map(own));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  await untilBusAnswers(look, config.START_WAIT_MS);
  const sweep = context.sweep('tenants of the intake', LIMITS.stream_check_ms, look);
  bus.connection.onReconnect(() => sweep.nudge());
  return {
    read(given) {
      handle = given;
      for (const [tenant, share] of shares) share.stop = consume(tenant);
    },
  };
}

/** Its door is closed: the server lets nobody read there any more. */
function disown(share: Share): void {
  if (!share.owned) return;
  share.owned = false;
  share.stop();
}

function tenantsOf(permitted: readonly string[]): string[] {
  return permitted
    .map((subject) => /^INTAKE_(.+)$/.exec(MAKES.exec(subject)?.[1] ?? '')?.[1])
    .filter((tenant) => tenant !== undefined)
    .filter(isToken);
}
