/**
 * A service's own stream and its consumers: made when they are missing, at start and while it runs, and refused when they
 * are other than declared. It never updates, deletes or purges: what drifted is for a person to judge.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { type ConsumerSpec, MIN_NATS_VERSION, type StreamSpec } from '@countersign/contracts/streams';
import { monotonicMs } from './clock.ts';
import { isAtLeast } from './compare-versions.ts';
import { findDrift } from './find-drift.ts';
import type { ApiAnswer } from './jetstream-api.ts';
import { errorFields } from './logger.ts';
import type { OwnerContext } from './owner-context.ts';
import { proveWrites } from './prove-writes.ts';
import { consumerConfig, newStream, streamConfig } from './stream-config.ts';
import { untilAnswered } from './until-answered.ts';

/** Consumers that the stream has to have; asked again at every nudge and every `pools_ms`. */
export type Consumers = () => Promise<readonly ConsumerSpec[]>;

/** The existing stream differs from its declaration. Waiting does not help. */
export class StreamDriftError extends Error {
  override readonly name = 'StreamDriftError';
  constructor(drift: readonly string[]) {
    super(
      `JetStream holds something other than this version expects:\n  ${drift.join('\n  ')}\n` +
        'Nothing was changed. Stop the system and delete the JetStream store: all of it but unread requests (INTAKE) is rebuilt from Postgres.',
    );
  }
}

const NOT_FOUND = 404;
/** Of its bytes: from there on a stream counts as full. The next large message may not fit. */
const FULL = 0.9;

/**
 * Returns when stream and consumers stand. Throws StreamDriftError, and `bus_unavailable` when JetStream does not answer
 * within START_WAIT_MS. Afterwards they are kept standing as long as `isOwned` says so; `nudge` looks at once.
 */
export async function ownStream(
  context: OwnerContext,
  spec: StreamSpec,
  consumers: Consumers,
  isOwned = (): boolean => true,
): Promise<{ nudge(): void }> {
  const keeper = openKeeper(context, spec, consumers);
  await untilAnswered(keeper.look, context.config.START_WAIT_MS);
  const label = `stream ${spec.name}`;
  const sweep = context.sweep(label, LIMITS.stream_check_ms, async () => {
    if (isOwned()) await keeper.look();
  });
  context.ready(label, async () => {
    if (isOwned()) keeper.check();
  });
  const nudge = (): void => {
    keeper.forget();
    sweep.nudge();
  };
  context.bus.connection.onReconnect(nudge);
  context.bus.onStreamMissing(nudge);
  if (spec.probe !== null) proveWrites(context, spec, spec.probe, isOwned);
  return { nudge };
}

function openKeeper({ bus, log, metrics }: OwnerContext, spec: StreamSpec, consumers: Consumers) {
  const { jetstream } = bus;
  const fullFrom = spec.max_bytes * FULL;
  let fault: unknown = null;
  let standing = false;
  /** How many consumers were there when all were looked at; null when they have to be. */
  let counted: number | null = null;
  let countedAt = 0;

  function tellMade(what: string): void {
    counted = null;
    // A stream made at the first check was never there or was lost in between: audit logs which.
    if (standing) metrics.count('streams_remade_total', { stream: spec.name });
    if (standing) log.error({ made: what }, 'JetStream had lost this; it was made again');
    else log.info({ made: what }, 'made in JetStream');
  }

  async function ask(subject: string, body?: object): Promise<ApiAnswer> {
    const answer = await jetstream.ask(subject, body);
    if (!answer.error || answer.error.code === NOT_FOUND) return answer;
    throw new CountersignError('bus_unavailable', undefined, { cause: new Error(answer.error.description) });
  }

  async function makeStream(): Promise<ApiAnswer> {
    const version = bus.connection.serverVersion();
    if (!isAtLeast(version, MIN_NATS_VERSION))
      throw new Error(`nats-server is ${version}; ${MIN_NATS_VERSION} or newer is needed.`);
    const found = await ask(`STREAM.INFO.${spec.name}`);
    if (!found.error) return found;
    const made = await ask(`STREAM.CREATE.${spec.name}`, newStream(spec, version));
    tellMade(`stream ${spec.name}`);
    return made;
  }

  async function listConsumers(): Promise<Map<string, object>> {
    const found = new Map<string, object>();
    for (let offset = 0, total = 1; offset < total; ) {
      const page = await ask(`CONSUMER.LIST.${spec.name}`, { offset });
      const listed = (page.consumers ?? []) as { name: string; config: object }[];
      for (const { name, config } of listed) found.set(name, config);
      total = Number(page.total ?? 0);
      if (listed.length === 0) break;
      offset += listed.length;
    }
    return found;
  }

  async function makeConsumers(): Promise<string[]> {
    const wanted = await consumers();
    const found = await listConsumers();
    const drift: string[] = [];
    for (const each of wanted) {
      const config = consumerConfig(each);
      const existing = found.get(each.durable);
      if (existing) drift.push(...findDrift(`consumer ${spec.name}/${each.durable}`, existing, config));
      else {
        const subject = `CONSUMER.CREATE.${spec.name}.${each.durable}.${each.filter}`;
        await ask(subject, { stream_name: spec.name, config, action: 'create' });
        tellMade(`consumer ${spec.name}/${each.durable}`);
        found.set(each.durable, config);
      }
    }
    const known = new Set(wanted.map(({ durable }) => durable));
    const strangers = [...found.keys()].filter((name) => !known.has(name) && !mayStay(spec, name));
    counted = found.size;
    countedAt = monotonicMs();
    return [...drift, ...strangers.map((name) => `consumer ${spec.name}/${name} is nobody's`)];
  }

  async function look(): Promise<void> {
    try {
      const { config, state } = await makeStream();
      const drift = findDrift(`stream ${spec.name}`, config as object, streamConfig(spec));
      // A stream that was just made has said nothing of its state yet.
      const { consumer_count: now = 0, bytes = 0 } = (state ?? {}) as { consumer_count?: number; bytes?: number };
      if (spec.share) metrics.set('stream_faults', { stream: spec.name, fault: 'full' }, bytes > fullFrom ? 1 : 0);
      const due = counted !== now || monotonicMs() - countedAt > LIMITS.consumers_check_ms;
      if (due) drift.push(...(await makeConsumers()));
      if (drift.length > 0) throw new StreamDriftError(drift);
      metrics.set('stream_faults', { stream: spec.name, fault: 'missing' }, 0);
      [fault, standing] = [null, true];
    } catch (thrown) {
      counted = null;
      metrics.set('stream_faults', { stream: spec.name, fault: 'missing' }, 1);
      if (fault === null && standing) log.error(errorFields(thrown), 'a stream that this service owns does not stand');
      fault = thrown;
      throw thrown;
    }
  }

  return {
    look,
    forget(): void {
      counted = null;
    },
    check(): void {
      if (fault !== null) throw fault;
    },
  };
}

/** A pool that left the policy keeps its durable: what waits there still belongs to it. */
function mayStay(spec: StreamSpec, consumer: string): boolean {
  return spec.name === 'DISPATCH' && consumer.startsWith('pool-');
}
