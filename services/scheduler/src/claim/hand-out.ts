/**
 * Takes messages of a pool for workers that cannot pull for themselves: one for each that waits, in the order in which they
 * came. Nothing is acknowledged when it is handed out: a message that nobody claims comes again, to whoever asks then.
 */
import { uuid } from '@countersign/contracts/names';
import { poolConsumer } from '@countersign/contracts/streams';
import type { ClaimAnswer } from '@countersign/contracts/worker';
import type { Delivery } from '@countersign/contracts/worker-door';
import type { Bus, StreamMessage } from '@countersign/platform/bus';

type Taker = (message: StreamMessage | null) => void;
type Pool = { takers: Set<Taker>; pull: ReturnType<Bus['pull']> };

type HandOut = {
  /** Null when nothing came. `mayTake` is asked once more before a message that was waited for is handed out. */
  take(pool: string, wait_ms: number, mayTake: () => Promise<void>): Promise<Delivery | null>;
  /** As a worker on the bus does itself: what is to wait is given back, everything else is done with. */
  settle(receipt: string, answer: ClaimAnswer): void;
  giveBack(receipt: string): void;
};

export function openHandOut(bus: Pick<Bus, 'pull' | 'connection'>): HandOut {
  const pools = new Map<string, Pool>();

  const poolOf = (name: string): Pool => {
    const known = pools.get(name);
    if (known !== undefined) return known;
    const takers = new Set<Taker>();
    const { stream, durable } = poolConsumer(name);
    const pull = bus.pull({ stream, durable }, (message) => {
      const [taker] = takers;
      // One that names no attempt is nobody's: the scheduler sends none.
      if (!uuid.safeParse(message.msg_id).success) message.term();
      else if (taker === undefined) message.nak();
      else taker(message);
      pull.want(takers.size);
    });
    const pool = { takers, pull };
    pools.set(name, pool);
    return pool;
  };

  const nextOf = ({ takers, pull }: Pool, wait_ms: number): Promise<StreamMessage | null> =>
    new Promise((resolve) => {
      const taker: Taker = (message) => {
        clearTimeout(timer);
        takers.delete(taker);
        pull.want(takers.size);
        resolve(message);
      };
      const timer = setTimeout(() => taker(null), wait_ms);
      takers.add(taker);
      pull.want(takers.size);
    });

  return {
    async take(name, wait_ms, mayTake) {
      const message = await nextOf(poolOf(name), Math.max(wait_ms, LEAST_MS));
      if (message === null) return null;
      try {
        await mayTake();
      } catch (thrown) {
        message.nak();
        throw thrown;
      }
      return toDelivery(message);
    },
    giveBack: (receipt) => bus.connection.publish(receipt, '-NAK'),
    settle(receipt, answer) {
      const text = answer.outcome === 'wait' ? `-NAK {"delay":${Math.round(answer.retry_ms * 1e6)}}` : '+ACK';
      bus.connection.publish(receipt, text);
    },
  };
}

/** A question that waits for nothing still needs a round trip to the stream. */
const LEAST_MS = 50;

function toDelivery(message: StreamMessage): Delivery {
  return {
    subject: message.subject,
    dispatch_id: message.msg_id!,
    message: Buffer.from(message.data).toString('utf8'),
    receipt: message.receipt,
  };
}
