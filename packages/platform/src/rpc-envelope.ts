/** One RPC on the wire: `{ traceparent, body }` there, `{ ok, value | error }` back. Nonsense is an outage, never a yes. */

import type { ErrorCode } from '@countersign/contracts/errors';
import { CountersignError, failure } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcRequest, RpcVerb } from '@countersign/contracts/rpc';
import { RPC } from '@countersign/contracts/rpc';
import { readWorkerSubject, subjects, workerUser } from '@countersign/contracts/subjects';
import type { Message } from './nats-connection.ts';
import type { Reply, ReplyWindow } from './reply-window.ts';

const UNAVAILABLE: Readonly<Record<(typeof RPC)[RpcVerb]['service'], ErrorCode>> = {
  'policy-kernel': 'policy_unavailable',
  scheduler: 'scheduler_unavailable',
  approval: 'approval_unavailable',
  'output-safety': 'output_unavailable',
  audit: 'audit_unavailable',
};

/** Answers go only to the private inbox of somebody who may call the verb; a worker's name stands in both subjects. */
export const mayCall = (verb: RpcVerb, message: Message): boolean => {
  const reply = message.reply;
  if (reply === undefined) return false;
  return (RPC[verb].callers as readonly string[]).some((caller) => {
    if (caller !== 'worker') return reply.startsWith(`${subjects.inbox(caller)}.`);
    const who = readWorkerSubject(message.subject);
    return who !== null && reply.startsWith(`${subjects.inbox(workerUser(who.pool, who.worker))}.`);
  });
};

const readJson = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
};

/** Nonsense reads as a request without a body, which no verb takes. */
export const readRequest = (data: Uint8Array): { traceparent: string; body: unknown } => {
  const { traceparent, body } = (readJson(data) ?? {}) as { traceparent?: unknown; body?: unknown };
  return { traceparent: typeof traceparent === 'string' ? traceparent : '', body };
};

export const callRpc = async <V extends RpcVerb>(
  window: ReplyWindow,
  subject: string,
  verb: V,
  request: RpcRequest<V>,
  options: { timeout_ms?: number; traceparent?: string },
): Promise<RpcAnswer<V>> => {
  const spec = RPC[verb];
  const unavailable = (cause: string) =>
    new CountersignError(UNAVAILABLE[spec.service], undefined, { cause: new Error(cause) });
  const body = JSON.stringify({ traceparent: options.traceparent, body: request });
  const value = readReply(await window.ask(subject, body, options.timeout_ms ?? LIMITS.rpc_ms), unavailable);
  const parsed = spec.answer.safeParse(value);
  if (!parsed.success) throw unavailable('the answer does not parse');
  return parsed.data as RpcAnswer<V>;
};

/** The value that was answered. Throws the failure that was answered, or `unavailable` for anything else. */
export const readReply = (answer: Reply, unavailable: (cause: string) => CountersignError): unknown => {
  if (!answer.ok) throw unavailable(answer.reason);
  const reply = readJson(answer.message.data) as { ok?: unknown; value?: unknown; error?: unknown } | null | undefined;
  if (reply?.ok === true) return reply.value;
  const error = failure.safeParse(reply?.error);
  if (reply?.ok !== false || !error.success) throw unavailable('the answer does not parse');
  throw new CountersignError(error.data.code, error.data.detail, { at: error.data.at });
};
