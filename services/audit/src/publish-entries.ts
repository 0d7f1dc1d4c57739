// Puts sealed entries on the audit stream in leaf order, each at least once. The cursor moves only past what the stream
// has acknowledged; nothing is lost with the stream, because Postgres has all of it.
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { subjects } from '@countersign/contracts/subjects';
import type { Bus } from '@countersign/platform/bus';
import type { Database } from '@countersign/platform/database';
import { errorFields, type Logger } from '@countersign/platform/logger';
import { showEntry } from './show-entry.ts';
import { finishPublishing, readLeaves, type StoredEntry, startPublishing } from './store.ts';

type Parts = { bus: Pick<Bus, 'publish'>; database: Database; log: Pick<Logger, 'warn'> };
type Window = { published: number; refused: unknown };

const NOTHING: Window = { published: 0, refused: null };

/** One window per call; answers whether more may wait. While the stream is out of reach it says so once. */
export function publishEntries({ bus, database, log }: Parts): () => Promise<boolean> {
  let down = false;
  return async () => {
    const { published, refused } = await publishWindow(bus, database);
    if (refused !== null && !down) log.warn(errorFields(refused), 'sealed entries wait for the audit stream');
    down = refused !== null;
    return !down && published === LIMITS.publish_window;
  };
}

/** The transaction stays open until the acks are in, because its row lock keeps a second publisher away. */
async function publishWindow(bus: Parts['bus'], database: Database): Promise<Window> {
  return database.transaction(async (tx) => {
    // Acknowledgements may take longer than a silence may last. It holds nothing that anybody but a publisher waits for.
    await tx.query(`SET LOCAL idle_in_transaction_session_timeout = '15s'`);
    const first = await startPublishing(tx);
    if (first === null) return NOTHING;
    const entries = await readLeaves(tx, first, LIMITS.publish_window);
    if (entries.length === 0) return NOTHING;
    const acks = await Promise.allSettled(entries.map((entry, i) => publish(bus, entry, i > 0)));
    const failed = acks.findIndex((ack) => ack.status === 'rejected');
    if (failed < 0) {
      await finishPublishing(tx, first + entries.length);
      return { published: entries.length, refused: null };
    }
    await finishPublishing(tx, first + failed);
    return { published: failed, refused: refusalOf(acks[failed]) };
  });
}

function refusalOf(ack: PromiseSettledResult<void> | undefined): CountersignError {
  const reason: unknown = ack?.status === 'rejected' ? ack.reason : undefined;
  if (reason instanceof CountersignError && reason.code === 'bus_unavailable') return reason;
  throw reason;
}

/**
 * `follows`: the stream takes it only right after the leaf before it, so that a message lost on the way takes those
 * behind it along and order holds through any failure. A batch's first is free, because the stream may be a new one.
 */
function publish(bus: Parts['bus'], entry: StoredEntry, follows: boolean): Promise<void> {
  const index = entry.leaf_index!;
  return bus.publish(subjects.audit(entry.tenant, entry.kind, entry.topic, entry.chain), showEntry(entry), {
    msg_id: `leaf-${index}`,
    ...(follows ? { after_msg_id: `leaf-${index - 1}` } : {}),
  });
}
