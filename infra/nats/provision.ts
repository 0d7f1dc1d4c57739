// Makes the streams, durable consumers and the control bucket that the contracts list, as the one user who may. It
// changes nothing that is still used: what differs from the contracts is refused, for a person to judge.
import { LIMITS } from '@countersign/contracts/limits';
import {
  auditorConsumer,
  CONSUMERS,
  CONTROL_BUCKET,
  type ConsumerSpec,
  MIN_NATS_VERSION,
  poolConsumer,
  RETIRED_STREAMS,
  STREAMS,
  type StreamSpec,
} from '@countersign/contracts/streams';
import { patterns } from '@countersign/contracts/subjects';
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  PersistMode,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream';
import { connect, nanos, nkeyAuthenticator } from '@nats-io/transport-node';
import { SetUpError } from '../set-up-error.ts';
import { isAtLeast } from './compare-versions.ts';
import { findDrift } from './find-drift.ts';
import { PROVISIONER } from './permissions.ts';

/** The first server that knows `persist_mode`; older ones would drop the setting without a word. */
const PERSIST_MODE_SINCE = '2.12.0';

type Wanted = Partial<StreamConfig> & Pick<StreamConfig, 'name' | 'subjects'>;

/**
 * Idempotent. `pools` are the ids of `pools.yaml`, `auditors` the tenants whose evidence is followed on the bus.
 * Throws SetUpError for a server that is too old, and naming each difference where what exists is not what is wanted.
 */
export async function provision(
  natsUrl: string,
  provisionerSeed: string,
  pools: readonly string[],
  auditors: readonly string[] = [],
): Promise<void> {
  const connection = await connect({
    servers: natsUrl,
    name: PROVISIONER,
    inboxPrefix: patterns.inbox(PROVISIONER).slice(0, -'.>'.length),
    authenticator: nkeyAuthenticator(new TextEncoder().encode(provisionerSeed)),
  });
  try {
    const version = connection.info!.version;
    if (!isAtLeast(version, MIN_NATS_VERSION)) {
      throw new SetUpError(`nats-server is ${version}; ${MIN_NATS_VERSION} or newer is needed.`);
    }
    // Without the account's overview, which the provisioner may not read either.
    const manager = await jetstreamManager(connection, { checkAPI: false });
    for (const name of RETIRED_STREAMS) await orMissing(manager.streams.delete(name));
    const wanted = [...CONSUMERS, ...pools.map(poolConsumer), ...auditors.map(auditorConsumer)];
    const drift = [
      ...(await makeStreams(manager, isAtLeast(version, PERSIST_MODE_SINCE))),
      ...(await makeConsumers(manager, wanted)),
    ];
    if (drift.length > 0) throw new SetUpError(describe(drift));
  } finally {
    await connection.close();
  }
}

const describe = (drift: readonly string[]): string =>
  `JetStream holds something other than this version expects:\n  ${drift.join('\n  ')}\n` +
  'Nothing was changed. Stop the system and delete the JetStream store: all of it but unread INTAKE is rebuilt from Postgres.';

async function makeStreams(manager: JetStreamManager, hasPersistMode: boolean): Promise<string[]> {
  const drift: string[] = [];
  for (const wanted of [...STREAMS.map(streamConfig), controlBucket()]) {
    const found = await orMissing(manager.streams.info(wanted.name));
    if (found !== null) {
      drift.push(...findDrift(`stream ${wanted.name}`, found.config, wanted));
      continue;
    }
    const async = hasPersistMode && STREAMS.some((spec) => spec.name === wanted.name && !spec.durable);
    await manager.streams.add(async ? { ...wanted, persist_mode: PersistMode.Async } : wanted);
  }
  return drift;
}

const streamConfig = (spec: StreamSpec): Wanted => ({
  name: spec.name,
  subjects: [...spec.subjects],
  storage: StorageType.File,
  retention: spec.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
  discard: spec.discard === 'new' ? DiscardPolicy.New : DiscardPolicy.Old,
  max_bytes: spec.max_bytes,
  max_msg_size: LIMITS.message_bytes,
  duplicate_window: nanos(LIMITS.duplicate_ms),
  deny_delete: spec.deny_delete,
  deny_purge: spec.deny_delete,
  num_replicas: 1,
  // Only what survives power loss is asked to; the others may have either mode, made by an older server or not.
  ...(spec.durable ? { persist_mode: '' } : {}),
});

/** A key-value bucket as every NATS client expects one (ADR-8), with one value of history. */
const controlBucket = (): Wanted => ({
  name: `KV_${CONTROL_BUCKET}`,
  subjects: [`$KV.${CONTROL_BUCKET}.>`],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  max_bytes: LIMITS.control_bytes,
  max_msgs_per_subject: 1,
  allow_rollup_hdrs: true,
  allow_direct: true,
  deny_delete: true,
  num_replicas: 1,
});

async function makeConsumers(manager: JetStreamManager, wanted: readonly ConsumerSpec[]): Promise<string[]> {
  const drift: string[] = [];
  for (const { name: stream } of STREAMS) {
    const specs = wanted.filter((spec) => spec.stream === stream);
    const found = new Map<string, object>();
    for await (const { name, config } of manager.consumers.list(stream)) found.set(name, config);
    for (const spec of specs) {
      const existing = found.get(spec.durable);
      if (existing === undefined) await manager.consumers.add(stream, consumerConfig(spec));
      else drift.push(...findDrift(`consumer ${stream}/${spec.durable}`, existing, consumerConfig(spec)));
    }
    drift.push(
      ...[...found.keys()]
        .filter((name) => !isKnown(stream, name, specs))
        .map((name) => `consumer ${stream}/${name} is nobody's`),
    );
  }
  return drift;
}

/** A pool or auditor that left the configuration may keep its durable: what waits there still belongs to it. */
const isKnown = (stream: string, name: string, specs: readonly ConsumerSpec[]): boolean =>
  specs.some((spec) => spec.durable === name) ||
  (stream === 'DISPATCH' && name.startsWith('pool-')) ||
  (stream === 'AUDIT' && name.startsWith('auditor-'));

const consumerConfig = (spec: ConsumerSpec) => ({
  durable_name: spec.durable,
  deliver_policy: DeliverPolicy.All,
  ack_policy: AckPolicy.Explicit,
  ack_wait: nanos(spec.ack_wait_ms),
  max_ack_pending: spec.max_ack_pending,
  max_deliver: -1,
  ...(spec.filters.length === 1 ? { filter_subject: spec.filters[0]! } : { filter_subjects: [...spec.filters] }),
});

async function orMissing<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return null;
    throw error;
  }
}
