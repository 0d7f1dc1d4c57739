/** A declared stream or consumer as JetStream's API takes it (ADR-1): times in nanoseconds. */
import { LIMITS } from '@countersign/contracts/limits';
import type { ConsumerSpec, StreamSpec } from '@countersign/contracts/streams';
import { isAtLeast } from './compare-versions.ts';

/** The first server that knows `persist_mode`; older ones would drop the setting without a word. */
const PERSIST_MODE_SINCE = '2.12.0';

/** What is compared with what stands. */
export function streamConfig(spec: StreamSpec): Record<string, unknown> & { name: string } {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    storage: 'file',
    retention: spec.retention,
    discard: spec.discard,
    max_bytes: spec.max_bytes,
    max_msg_size: LIMITS.message_bytes,
    duplicate_window: nanos(LIMITS.duplicate_ms),
    deny_delete: spec.deny_delete,
    deny_purge: spec.deny_delete,
    allow_msg_ttl: spec.probe !== null,
    num_replicas: 1,
    // Only what must be on disk is asked to; the others may have either mode, made by an older server or not.
    ...(spec.durable ? { persist_mode: '' } : {}),
  };
}

/** The configuration requested when it is made. */
export function newStream(spec: StreamSpec, serverVersion: string): Record<string, unknown> {
  const async = !spec.durable && isAtLeast(serverVersion, PERSIST_MODE_SINCE);
  return async ? { ...streamConfig(spec), persist_mode: 'async' } : streamConfig(spec);
}

export function consumerConfig(spec: ConsumerSpec): Record<string, unknown> {
  return {
    durable_name: spec.durable,
    deliver_policy: 'all',
    ack_policy: 'explicit',
    ack_wait: nanos(spec.ack_wait_ms),
    max_ack_pending: spec.max_ack_pending,
    max_deliver: -1,
    filter_subject: spec.filter,
  };
}

function nanos(ms: number): number {
  return ms * 1_000_000;
}
