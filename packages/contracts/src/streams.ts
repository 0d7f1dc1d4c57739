/** The streams and durable consumers as their owners make them and everybody expects them, and the hints beside them. */
import type { ServiceName } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { patterns, subjects } from './subjects.ts';

export type StreamSpec = {
  name: string;
  /** Makes it and its consumers when they are missing, and is not ready without them. */
  owner: ServiceName;
  subjects: readonly string[];
  retention: 'workqueue' | 'limits';
  discard: 'new' | 'old';
  max_bytes: number;
  /** Must a message be on disk before it is acknowledged? Only the caller's outbox; the rest is made again from Postgres. */
  durable: boolean;
  deny_delete: boolean;
  /** Where its owner writes to see whether it still takes messages; null where the owner's own messages tell. */
  probe: string | null;
  /** Is it one tenant's share of something? It may fill it up: that is no fault of its owner's. */
  share: boolean;
};

const MiB = 1024 * 1024;

/** Warrants on their way to the pools; sent again from Postgres when they get lost. */
export const DISPATCH: StreamSpec = {
  name: 'DISPATCH',
  owner: 'scheduler',
  subjects: ['job.dispatch.>', 'probe.dispatch'],
  retention: 'workqueue',
  discard: 'new',
  max_bytes: 512 * MiB,
  durable: false,
  deny_delete: false,
  probe: 'probe.dispatch',
  share: false,
};

/** A copy of the evidence in the order of its leaves. */
export const AUDIT: StreamSpec = {
  name: 'AUDIT',
  owner: 'audit',
  subjects: ['audit.>'],
  retention: 'limits',
  discard: 'old',
  max_bytes: 512 * MiB,
  durable: false,
  deny_delete: true,
  probe: null,
  share: false,
};

/** That there is one of each. */
export const STREAMS: readonly StreamSpec[] = [DISPATCH, AUDIT];

const INTAKE = 'INTAKE';

/**
 * Streams of earlier versions, which the provisioner deletes: one that still took `job.result.>` would answer workers in
 * output-safety's place. Nothing is lost with them that is not in Postgres or kept by a worker; INTAKE has to be empty.
 */
export const RETIRED_STREAMS = ['STAGES', 'RESULTS', 'KV_CONTROL', INTAKE] as const;

export type ConsumerSpec = {
  stream: string;
  durable: string;
  filter: string;
  ack_wait_ms: number;
  max_ack_pending: number;
};

/** The one durable of each tenant's share. */
export const INTAKE_CONSUMER = 'ingress';

/**
 * Says that there is work: a plain message with keys in it, never stored. One that gets lost costs time only, because its
 * reader finds the same work by a sweep. One instance hears it, or `every` one. Permissions are made from this table.
 */
export const HINTS = [
  { subject: 'job.held.>', from: 'scheduler', to: 'approval', swept: 'held jobs that nobody was asked about' },
  {
    subject: 'job.granted.>',
    from: 'approval',
    to: 'scheduler',
    swept: 'approvals that closed while their job is held',
  },
  {
    subject: 'job.refused.>',
    from: 'approval',
    to: 'scheduler',
    swept: 'approvals that closed while their job is held',
  },
  { subject: 'job.screened.>', from: 'output-safety', to: 'scheduler', swept: 'screened attempts that have not ended' },
  { subject: 'job.waited', from: 'ingress', to: 'output-safety', every: true, swept: 'nothing: the evidence says it' },
  { subject: 'job.ended', from: 'output-safety', to: 'ingress', every: true, swept: 'nothing: the evidence says it' },
  { subject: 'job.ended', from: 'scheduler', to: 'ingress', every: true, swept: 'nothing: the evidence says it' },
] as const satisfies readonly HintSpec[];

type HintSpec = { subject: string; from: ServiceName; to: ServiceName; every?: true; swept: string };

type Durable = { stream: string; durable: string };

/** Oldest nats-server that honours `sync_interval: always` and a message's own time to live. */
export const MIN_NATS_VERSION = '2.11.0';

/** Submissions of a tenant's agents: one stream for each tenant with a door on the bus, so that none fills another's. */
export function intakeStream(tenant: string): StreamSpec {
  return {
    name: `${INTAKE}_${tenant}`,
    owner: 'ingress',
    subjects: [patterns.submit(tenant), subjects.intakeProbe(tenant)],
    retention: 'workqueue',
    discard: 'new',
    max_bytes: LIMITS.intake_bytes,
    durable: true,
    deny_delete: false,
    probe: subjects.intakeProbe(tenant),
    share: true,
  };
}

/** Does this stream hold requests that exist nowhere else? Also the one stream that earlier versions had. */
export function isIntake(stream: string): boolean {
  return stream === INTAKE || stream.startsWith(`${INTAKE}_`);
}

/** Delivery counts are never trusted for attempts (they reset with the consumer), so `max_deliver` stays unlimited. */
export function intakeConsumer(tenant: string): ConsumerSpec {
  return {
    stream: intakeStream(tenant).name,
    durable: INTAKE_CONSUMER,
    filter: patterns.submit(tenant),
    ack_wait_ms: 6_000,
    max_ack_pending: 1_000,
  };
}

/** Subjects of the hints that are meant for one instance of this service, or for `every` one. */
export function hintsTo(service: ServiceName, every = false): string[] {
  const meant = HINTS.filter((hint: HintSpec) => hint.to === service && (hint.every ?? false) === every);
  return [...new Set(meant.map(({ subject }) => subject))];
}

/** One durable per pool on DISPATCH, made by the scheduler from the pools of the active policies. */
export function poolConsumer(pool: string): ConsumerSpec {
  return {
    stream: DISPATCH.name,
    durable: `pool-${pool}`,
    filter: `job.dispatch.${pool}.>`,
    ack_wait_ms: 15_000,
    max_ack_pending: 2_000,
  };
}

/** Where messages of a consumer are asked for. */
export function pullSubject({ stream, durable }: Durable): string {
  return `$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`;
}

/** Reply subjects of its messages. */
export function ackSubjects({ stream, durable }: Durable): string {
  return `$JS.ACK.${stream}.${durable}.>`;
}
