/**
 * One RPC on the wire: `{ id, traceparent, body }` there, `{ id, asked, ok, value | error }` back, where `asked` is the
 * SHA-256 of the request as it arrived. Nonsense is an outage, and so is the answer to any other question: never a yes.
 */
import { hash } from 'node:crypto';
import type { Failure } from '@countersign/contracts/errors';
import type { RpcVerb } from '@countersign/contracts/rpc';
import { RPC } from '@countersign/contracts/rpc';
import { isFromOtherAccount, readWorkerSubject, subjects } from '@countersign/contracts/subjects';
import type { Message } from './nats-connection.ts';

export type Outcome = { ok: true; value: unknown } | { ok: false; error: Failure };

/** The subject a service listens on; pool and worker follow where workers ask. */
export function servedAt(verb: RpcVerb): string {
  return (RPC[verb].callers as readonly string[]).includes('worker') ? `rpc.${verb}.*.*` : `rpc.${verb}`;
}

/**
 * Services are answered in their private inboxes. Workers ask from an account of their own: the server puts a reply subject
 * in place of theirs, and lets each ask only under its own pool and name.
 */
export function mayCall(verb: RpcVerb, message: Message): boolean {
  const reply = message.reply;
  if (reply === undefined) return false;
  return (RPC[verb].callers as readonly string[]).some((caller) => {
    if (caller !== 'worker') return reply.startsWith(`${subjects.inbox(caller)}.`);
    return isFromOtherAccount(reply) && readWorkerSubject(message.subject) !== null;
  });
}

/** Of a request as sent and as received. Its random id is in it, so no two requests share it. */
export function digestOf(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url');
}

/** Undefined for what is no JSON. Nothing of `data` is in what it returns: strings are copied out of it. */
export function readJson(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Nonsense reads as a request without a body, which no verb takes. */
export function readRequest(data: Uint8Array): { id: string; traceparent: string; body: unknown } {
  const read = (readJson(data) ?? {}) as { id?: unknown; traceparent?: unknown; body?: unknown };
  return { id: textOf(read.id), traceparent: textOf(read.traceparent), body: read.body };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
