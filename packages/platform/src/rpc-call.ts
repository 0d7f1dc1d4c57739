/**
 * Asks, and compares every answer with its question before anything of it is used: this is the only way to ask, so no
 * verb can go without. What belongs to another question is thrown away, counted, and an outage.
 */
import type { ErrorCode } from '@countersign/contracts/errors';
import { CountersignError, failure } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcRequest, RpcVerb } from '@countersign/contracts/rpc';
import { RPC } from '@countersign/contracts/rpc';
import { familyOf } from '@countersign/contracts/subjects';
import { randomHex } from './ids.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Headers, Message } from './nats-connection.ts';
import type { ReplyWindow } from './reply-window.ts';
import { digestOf, readJson } from './rpc-envelope.ts';

const UNAVAILABLE: Readonly<Record<(typeof RPC)[RpcVerb]['service'], ErrorCode>> = {
  'policy-kernel': 'policy_unavailable',
  scheduler: 'scheduler_unavailable',
  approval: 'approval_unavailable',
  'output-safety': 'output_unavailable',
  audit: 'audit_unavailable',
};

export type CallParts = { window: ReplyWindow; log: Logger | undefined; metrics: Metrics | undefined };
export type CallOptions = { timeout_ms?: number; traceparent?: string };
export type RawOptions = { timeout_ms: number; headers?: Headers; repeatable?: boolean };

type Question<T> = {
  subject: string;
  data: Uint8Array;
  headers?: Headers | undefined;
  timeout_ms: number;
  /** In metrics: a verb or a family of subjects, nothing that a caller chooses. */
  label: string;
  id: string | undefined;
  unavailable: ErrorCode;
  repeatable: boolean;
  /** Null when it does not parse. */
  parse: (value: unknown) => { value: T } | null;
  /** Whether the value speaks of what was asked. A failure speaks of its question alone. */
  matches: (value: T) => boolean;
};
type Said = { id?: unknown; asked?: unknown; ok?: unknown; value?: unknown; error?: unknown };

/** Throws the failure that was answered, or `<service>_unavailable`. */
export async function callRpc<V extends RpcVerb>(
  parts: CallParts,
  subject: string,
  verb: V,
  request: RpcRequest<V>,
  { timeout_ms = LIMITS.rpc_ms, traceparent }: CallOptions,
): Promise<RpcAnswer<V>> {
  const { service, answer, repeatable } = RPC[verb];
  const id = randomHex(16);
  const matches = RPC[verb].matches as (asked: RpcRequest<V>, answered: RpcAnswer<V>) => boolean;
  const { value } = await ask(parts, {
    subject,
    data: Buffer.from(JSON.stringify({ id, traceparent, body: request })),
    timeout_ms,
    label: verb,
    id,
    unavailable: UNAVAILABLE[service],
    repeatable,
    parse: (said) => {
      const parsed = answer.safeParse(said);
      return parsed.success ? { value: parsed.data as RpcAnswer<V> } : null;
    },
    matches: (answered) => matches(request, answered),
  });
  return value;
}

/** A body as it is, to a door that parses for itself; the answer's value is the caller's to parse and to compare. */
export async function callRaw(
  parts: CallParts,
  subject: string,
  body: string,
  { timeout_ms, headers, repeatable = false }: RawOptions,
): Promise<unknown> {
  const { value } = await ask<unknown>(parts, {
    subject,
    data: Buffer.from(body),
    headers,
    timeout_ms,
    label: familyOf(subject),
    id: undefined,
    unavailable: 'bus_unavailable',
    repeatable,
    parse: (value) => ({ value }),
    matches: () => true,
  });
  return value;
}

async function ask<T>({ window, log, metrics }: CallParts, question: Question<T>): Promise<{ value: T }> {
  const { subject, data, headers, timeout_ms, label, id, repeatable } = question;
  const asked = digestOf(data);
  let said: Said = {};
  let answer: { value: T } | null = null;

  const differenceOf = (): 'question' | 'content' | null => {
    if (said.id !== id || said.asked !== asked) return 'question';
    return answer === null || question.matches(answer.value) ? null : 'content';
  };
  const isAnswer = (message: Message): boolean => {
    said = (readJson(message.data) ?? {}) as Said;
    answer = said.ok === true ? question.parse(said.value) : null;
    const differs = differenceOf();
    if (differs === null) return true;
    metrics?.count('rpc_mismatches_total', { verb: label, differs });
    log?.error({ verb: label, differs }, 'an answer belongs to another question and is thrown away');
    return false;
  };
  const onRepeat = repeatable ? () => metrics?.count('rpc_repeats_total', { verb: label }) : undefined;

  const reply = await window.ask(subject, data, { timeout_ms, headers, isAnswer, onRepeat });
  const unavailable = (cause: string) =>
    new CountersignError(question.unavailable, undefined, { cause: new Error(cause) });
  if (!reply.ok) throw unavailable(reply.reason);
  if (answer !== null) return answer;
  const error = failure.safeParse(said.error);
  if (said.ok !== false || !error.success) throw unavailable('the answer does not parse');
  throw new CountersignError(error.data.code, error.data.detail, { at: error.data.at });
}
