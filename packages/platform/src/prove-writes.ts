/**
 * Whether a stream still takes messages. After a full disk nats-server answers every question about a stream and stores
 * nothing in it any more, also when there is space again, until it is started anew: only a write tells.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { errorFields } from './logger.ts';
import type { OwnerContext } from './own-stream.ts';

/** Writes a message that nobody reads and that is gone after a second, every `write_probe_ms`. */
export function proveWrites({ bus, log, metrics, ready, sweep }: OwnerContext, stream: string, subject: string): void {
  let failures = 0;
  let fault: unknown = null;
  const label = `writes to ${stream}`;
  const probe = async (): Promise<void> => {
    try {
      await bus.publish(stream, subject, {}, { ttl_s: 1 });
      if (failures > 0) log.info({ stream }, 'the stream takes messages again');
      [failures, fault] = [0, null];
    } catch (thrown) {
      failures += 1;
      fault = thrown;
      log.error(
        { ...errorFields(thrown), stream, failures },
        'the stream takes no messages; if the disk was full and is not any more, nats-server has to be started anew',
      );
    }
    metrics.set('stream_faults', { stream, fault: 'write' }, failures > 0 ? 1 : 0);
  };
  sweep(label, LIMITS.write_probe_ms, probe);
  ready(label, async () => {
    if (fault !== null) throw fault;
  });
}
