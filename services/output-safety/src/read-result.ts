/**
 * Reads one result as it came off the stream and believes nothing but the subject, for which the server's permissions
 * vouch: parsed strictly, in the shape of a result, from the tenant and worker of the subject, signed by that worker.
 */
import { type KeyObject, verify } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { uuid } from '@countersign/contracts/names';
import { readResultSubject } from '@countersign/contracts/subjects';
import { type WorkerResult, workerResult } from '@countersign/contracts/worker';
import { canonicalize, type JsonValue, parseStrict } from '@countersign/ledger/canonical-json';
import type { StreamMessage } from '@countersign/platform/bus';
import type { WorkerKeys } from './worker-keys.ts';

export type Sender = NonNullable<ReturnType<typeof readResultSubject>>;
export type SignedResult = { ok: true; from: Sender; result: WorkerResult; output_text: string };
/** `dispatch_id` where the message names one, so that the refusal can stand in the job's evidence. */
export type RefusedResult = { ok: false; from: Sender | null; dispatch_id: string | null; code: string };

export const readResult = async (
  { subject, data }: Pick<StreamMessage, 'subject' | 'data'>,
  keys: WorkerKeys,
): Promise<SignedResult | RefusedResult> => {
  const from = readResultSubject(subject);
  if (from === null) return { ok: false, from, dispatch_id: null, code: 'field_invalid' };
  const parsed = parseStrict(data, { max_bytes: LIMITS.message_bytes });
  if (!parsed.ok) return { ok: false, from, dispatch_id: null, code: parsed.code };
  const refuse = (code: string): RefusedResult => ({ ok: false, from, dispatch_id: dispatchIdOf(parsed.value), code });
  const shaped = workerResult.safeParse(parsed.value);
  if (!shaped.success || !isObject(parsed.value)) return refuse('field_invalid');
  const result = shaped.data;
  if (result.tenant !== from.tenant) return refuse('tenant_mismatch');
  if (result.worker !== from.worker) return refuse('field_invalid');
  const key = await keys(from.pool, from.worker);
  if (key === null) return refuse('unauthenticated');
  return isSignedBy(key, parsed.value, result.signature)
    ? { ok: true, from, result, output_text: canonicalize(result.output) }
    : refuse('signature_invalid');
};

/** Over the value as it was parsed: a copy by schema could lack what was signed. */
const isSignedBy = (key: KeyObject, value: { [key: string]: JsonValue }, signature: string): boolean => {
  const { signature: _, ...signed } = value;
  return verify(null, Buffer.from(canonicalize(signed), 'utf8'), key, Buffer.from(signature, 'base64url'));
};

const isObject = (value: JsonValue): value is { [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const dispatchIdOf = (value: JsonValue): string | null => {
  const named = isObject(value) ? uuid.safeParse(value.dispatch_id) : null;
  return named?.success ? named.data : null;
};
