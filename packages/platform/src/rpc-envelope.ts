/**
 * One RPC on the wire: `{ id, traceparent, body }` there, `{ id, asked, ok, value | error }` back, where `asked` is the
 * SHA-256 of the request as it arrived. Nonsense is an outage, and so is the answer to any other question: never a yes.
 */
import { hash } from 'node:crypto';
import type { Failure } from '@countersign/contracts/errors';
import type { RpcVerb } from '@countersign/contracts/rpc';
import { RPC } from '@countersign/contracts/rpc';
import { readWorkerSubject, subjects, workerUser } from '@countersign/contracts/subjects';
import type { Message } from './nats-connection.ts';

/** What a service listens on; pool and worker follow where workers ask. */
export const servedAt = (verb: RpcVerb): string =>
  (RPC[verb].callers as readonly string[]).includes('worker') ? `rpc.${verb}.*.*` : `rpc.${verb}`;

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

/** Of a request as sent and as received. Its random id is in it, so no two requests share it. */
export const digestOf = (data: string | Uint8Array): string => hash('sha256', data, 'base64url');

/** Undefined for what is no JSON. */
export const readJson = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return undefined;
  }
};

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Nonsense reads as a request without a body, which no verb takes. */
export const readRequest = (data: Uint8Array): { id: string; traceparent: string; body: unknown } => {
  const read = (readJson(data) ?? {}) as { id?: unknown; traceparent?: unknown; body?: unknown };
  return { id: textOf(read.id), traceparent: textOf(read.traceparent), body: read.body };
};

export type Outcome = { ok: true; value: unknown } | { ok: false; error: Failure };
