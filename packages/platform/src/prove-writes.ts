/**
 * Whether a stream still takes messages. After a full disk nats-server answers every question about a stream and stores
 * nothing in it any more, also when there is space again, until it is started anew: only a write tells.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { StreamSpec } from '@countersign/contracts/streams';
import { errorFields } from './logger.ts';
import type { OwnerContext } from './owner-context.ts';
import { StreamFullError } from './publish-stored.ts';

/** Writes a message that nobody reads and that is gone after a second, every `write_probe_ms` while `isOwned` says so. */
export function proveWrites(
  { bus, log, metrics, ready, sweep }: OwnerContext,
  { name: stream, share }: StreamSpec,
  subject: string,
  isOwned: () => boolean,
): void {
  let failures = 0;
  let fault: unknown = null;
  const label = `writes to ${stream}`;
  const tellFault = (thrown: unknown): void => {
    failures += 1;
    fault = thrown;
    log.error(
      { ...errorFields(thrown), stream, failures },
      'the stream takes no messages; if the disk was full and is not any more, nats-server has to be started anew',
    );
  };
  /** A caller that has used up its share is refused; the others are not affected. */
  const isShareFull = (thrown: unknown): boolean =>
    share && thrown instanceof CountersignError && thrown.cause instanceof StreamFullError;
  const probe = async (): Promise<void> => {
    if (!isOwned()) return;
    try {
      await bus.publish(stream, subject, {}, { ttl_s: 1 });
      if (failures > 0) log.info({ stream }, 'the stream takes messages again');
      [failures, fault] = [0, null];
    } catch (thrown) {
      if (!isShareFull(thrown)) tellFault(thrown);
    }
    metrics.set('stream_faults', { stream, fault: 'write' }, failures > 0 ? 1 : 0);
  };
  sweep(label, LIMITS.write_probe_ms, probe);
  ready(label, async () => {
    if (isOwned() && fault !== null) throw fault;
  });
}
