/**
 * The life of a worker: takes as many messages as it has free slots, and ends without leaving a job or a result behind.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { poolConsumer } from '@countersign/contracts/streams';
import { workerUser } from '@countersign/contracts/subjects';
import type { Delivery } from '@countersign/contracts/worker-door';
import { connectBus, type StreamMessage } from '@countersign/platform/bus';
import { monotonicMs } from '@countersign/platform/clock';
import { createLogger, errorFields, type Logger } from '@countersign/platform/logger';
import { isTurnedAway } from '@countersign/platform/nats-connection';
import { claimTogether } from './claim-together.ts';
import { handleDelivery } from './handle-delivery.ts';
import { holdAttempts } from './held-attempts.ts';
import { openHttpDoor, type WorkerBus } from './http-door.ts';
import { keepResults, type UnsettledResult } from './keep-results.ts';
import { pauseAfterRefusals } from './pause-after-refusals.ts';
import { sayHello, WorkerStartError } from './say-hello.ts';
import { rememberSignatures } from './verified-signatures.ts';
import type { Trust } from './verify-warrant.ts';
import { readOptions, type WorkerOptions, type WorkerSettings } from './worker-options.ts';

export type Worker = AsyncDisposable & {
  /** Connects, asks whether its work would count, and takes work. Throws WorkerStartError, and what NATS says when it is out of reach. */
  start(): Promise<void>;
  /**
   * Takes no more work, waits for what runs (`drain_ms`), stops the rest, waits again until every result is settled, and
   * disconnects. Resolves to the results that it leaves behind: their attempts are lost when their time is over.
   */
  stop(): Promise<UnsettledResult[]>;
  /** Takes what another process of this worker was handed and left to it (`wanted`). Over HTTP alone; nothing before the start. */
  take(delivery: Delivery): void;
};

type Begun = { take(delivery: Delivery): void; end(): Promise<UnsettledResult[]> };

/** Throws a TypeError that names every option that is wrong. */
export function createWorker(options: WorkerOptions): Worker {
  const settings = readOptions(options);
  let begun: Begun | undefined;
  const stop = async (): Promise<UnsettledResult[]> => {
    const ending = begun;
    begun = undefined;
    return (await ending?.end()) ?? [];
  };
  return {
    async start() {
      if (begun !== undefined) throw new Error('the worker is already started');
      begun = await begin(settings, options);
    },
    stop,
    take: (delivery) => begun?.take(delivery),
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

async function begin(settings: WorkerSettings, options: WorkerOptions): Promise<Begun> {
  const { pool, worker, concurrency } = settings;
  const log = (options.log ?? createLogger('worker', 'info')).child({ pool, worker });
  let refused = false;
  const bus = await openWay(settings, log, () => {
    refused = true;
  });
  try {
    await sayHello({ bus, settings, mayNot: () => refused, log });
  } catch (thrown) {
    await bus.close();
    throw thrown;
  }
  const results = keepResults({ bus, pool, worker, signingKey: settings.signingKey, log, onSettled: () => takeMore() });
  const held = holdAttempts({ bus, pool, worker, results, log });
  const pause = pauseAfterRefusals(() => takeMore());
  const askForClaim = claimTogether(bus, pool, worker);
  const { handle, wanted } = options;
  const trust: Trust = { pool, keys: settings.keys, enforces: settings.enforces, verified: rememberSignatures() };
  const parts = { askForClaim, held, results, settings, trust, handle, wanted, pause, log };
  const active = new Set<Promise<void>>();

  const take = (message: StreamMessage): void => {
    // Messages requested while there was capacity may arrive when there is none.
    if (active.size >= concurrency || !hasRoom() || pause.holdsBack(message.msg_id)) {
      message.nak(LIMITS.redeliver_ms);
      return;
    }
    const work = handleDelivery(parts, message)
      .catch((thrown: unknown) => log.error(errorFields(thrown), 'a delivery failed'))
      .finally(() => {
        active.delete(work);
        takeMore();
      });
    active.add(work);
  };
  const { stream, durable } = poolConsumer(pool);
  const pull = bus.pull({ stream, durable }, take);
  const hasRoom = (): boolean =>
    !results.isDisbelieved() &&
    results.size() + concurrency <= LIMITS.beat_attempts &&
    results.bytes() < LIMITS.kept_result_bytes;
  const takeMore = (): void => pull.want(hasRoom() && !pause.isOn() ? concurrency - active.size : 0);
  takeMore();

  const end = async (): Promise<UnsettledResult[]> => {
    void pull.stop();
    pause.stop();
    await waitFor(() => active.size === 0, LIMITS.drain_ms);
    held.giveUpAll();
    await waitFor(() => active.size === 0 && results.size() === 0, LIMITS.drain_ms);
    const left = results.list();
    if (left.length > 0) log.error({ left: left.map((each) => each.dispatch_id) }, 'stopped with results not settled');
    held.close();
    results.close();
    await bus.close();
    return left;
  };
  return { take: (delivery) => pull.offer?.(delivery), end };
}

async function openWay(settings: WorkerSettings, log: Logger, onViolation: () => void): Promise<WorkerBus> {
  const { way, pool, worker, signingKey, start_wait_ms: wait_ms } = settings;
  if ('url' in way) return openHttpDoor({ url: way.url, pool, worker, signingKey, log });
  return connectBus({ ...way, user: workerUser(pool, worker), wait_ms, log, onViolation }).catch((thrown: unknown) => {
    if (isTurnedAway(thrown)) throw new WorkerStartError('not_let_in', settings, thrown);
    throw thrown;
  });
}

/** At most `ms`: a handler that never ends must not keep its process. */
async function waitFor(holds: () => boolean, ms: number): Promise<void> {
  const end = monotonicMs() + ms;
  while (!holds() && monotonicMs() < end) await new Promise((resolve) => setTimeout(resolve, 20));
}
