/**
 * Reads one result as it came and believes nothing but the subject, for which the server's permissions vouch, or not even that
 * where ingress hands it on: parsed strictly, in the shape of a result, from the tenant and worker of the subject, signed by
 * that worker.
 */
import { type KeyObject, verify } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { readForwardedResultSubject, readResultSubject } from '@countersign/contracts/subjects';
import { type ResultClaim, type UnsignedResult, workerResult, workerResults } from '@countersign/contracts/worker';
import { canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import type { Message } from '@countersign/platform/nats-connection';
import type { WorkerKeys } from './worker-keys.ts';

export type Sender = NonNullable<ReturnType<typeof readResultSubject>>;
export type SignedResult = { ok: true; from: Sender; result: UnsignedResult; output_text: string };
/** `unread`: nothing of it is known but what the message says outside. */
export type RefusedResult = { ok: false; from: Sender; code: string; unread: boolean };

/** `claim`: what the message says of itself before it is read; what was signed must say the same. */
export async function readResult(
  { subject, data }: Pick<Message, 'subject' | 'data'>,
  claim: ResultClaim,
  keys: WorkerKeys,
): Promise<SignedResult | RefusedResult> {
  const from = readResultSubject(subject) ?? readForwardedResultSubject(subject);
  if (from === null) throw new CountersignError('field_invalid', undefined, { at: 'subject' });
  const refuse = (code: string): RefusedResult => ({ ok: false, from, code, unread: false });
  const parsed = parseStrict(data, { max_bytes: LIMITS.message_bytes });
  if (!parsed.ok) return { ...refuse(parsed.code), unread: true };
  if (!isObject(parsed.value)) return { ...refuse('field_invalid'), unread: true };
  const shaped = workerResult.safeParse(parsed.value);
  if (!shaped.success) return refuse('field_invalid');
  const result = shaped.data;
  if (result.dispatch_id !== claim.dispatch_id || result.claim_id !== claim.claim_id) return refuse('claim_lost');
  const sent = sentBy(from, result);
  if (!sent.ok) return sent;
  const registered = await keys(from.pool, from.worker);
  if (registered.length === 0) return refuse('unauthenticated');
  return isSignedBy(registered, parsed.value, result.signature) ? sent : refuse('signature_invalid');
}

/**
 * Several at once, of a worker on the bus. Throws `field_invalid` or `signature_invalid` where the request as a whole is not what it
 * should be: then nothing is said of any of them.
 */
export async function readResults(
  { subject, data }: Pick<Message, 'subject' | 'data'>,
  keys: WorkerKeys,
): Promise<{ claim: ResultClaim; read: SignedResult | RefusedResult }[]> {
  const from = readResultSubject(subject);
  const parsed = parseStrict(data, { max_bytes: LIMITS.message_bytes });
  const shaped = parsed.ok ? workerResults.safeParse(parsed.value) : null;
  if (from === null || !parsed.ok || !shaped?.success) throw new CountersignError('field_invalid');
  const { results, signature } = shaped.data;
  const registered = await keys(from.pool, from.worker);
  if (!isObject(parsed.value) || !isSignedBy(registered, parsed.value, signature))
    throw new CountersignError('signature_invalid');
  return results.map((result) => {
    const { dispatch_id, claim_id } = result;
    return { claim: { dispatch_id, claim_id }, read: sentBy(from, result) };
  });
}

/** Nobody reports for another tenant or worker than the subject's. */
function sentBy(from: Sender, result: UnsignedResult): SignedResult | RefusedResult {
  const refuse = (code: string): RefusedResult => ({ ok: false, from, code, unread: false });
  if (result.tenant !== from.tenant) return refuse('tenant_mismatch');
  if (result.worker !== from.worker) return refuse('field_invalid');
  return { ok: true, from, result, output_text: canonicalize(result.output) };
}

function isObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Over the value as it was parsed: a copy by schema could lack what was signed. */
function isSignedBy(keys: readonly KeyObject[], value: { [key: string]: JsonValue }, signature: string): boolean {
  const { signature: _, ...signed } = value;
  const text = Buffer.from(canonicalize(signed), 'utf8');
  return keys.some((key) => verify(null, text, key, Buffer.from(signature, 'base64url')));
}
