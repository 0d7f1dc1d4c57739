/**
 * The door for workers over HTTP: what they ask, and how ingress hands it on. Their own signature goes with it to the
 * letter, so that the scheduler takes nobody's word for who asks.
 */
import { z } from 'zod';
import { LIMITS } from './limits.ts';
import { token, uuid } from './names.ts';
import { nonce } from './signed-request.ts';
import { beatAnswer, beatRequest, claimAnswer, claimRequest, helloAnswer, helloRequest } from './worker.ts';

/** As in `keyid` of a worker's `Signature-Input`: its name, as revocations have it. */
export const WORKER_KEYID = /^worker:([a-z0-9_-]{1,64})\/([a-z0-9_-]{1,64})$/;

/** Under the API's prefix. */
export function workerPath(verb: 'hello' | 'next' | 'claim' | 'beat' | 'result' | 'artifact' | 'artifact/end'): string {
  return `/worker/${verb}`;
}

/** Headers of the request that its signature covers, or that carry it; no other may be covered at this door. */
export const WORKER_HEADERS = ['content-digest', 'content-type', 'signature-input', 'signature'] as const;

/** A worker's request as it came. `authority` is what it was sent to, `body` the text that it sent. */
export const signedByWorker = z.strictObject({
  authority: z.string().max(LIMITS.authority_chars),
  headers: z.strictObject({
    'content-digest': z.string().max(LIMITS.signature_input_chars),
    'content-type': z.string().max(LIMITS.signature_input_chars),
    'signature-input': z.string().max(LIMITS.signature_input_chars),
    signature: z.string().max(LIMITS.signature_input_chars),
  }),
  body: z.string().max(LIMITS.worker_request_bytes),
});
export type SignedByWorker = z.infer<typeof signedByWorker>;

/** `wait_ms`: how long to wait for work before the answer is that there is none. */
export const nextRequest = z.strictObject({
  wait_ms: z.int().min(0).max(LIMITS.worker_wait_ms).default(LIMITS.worker_wait_ms),
});

/** Where a message of the stream is settled. */
export const receipt = z
  .string()
  .max(LIMITS.receipt_chars)
  .regex(/^\$JS\.ACK\.DISPATCH\.[\w.-]+$/);

/** A message of the pool's stream. `message` is its text, to the letter: what a warrant's check reads. */
export const delivery = z.object({
  /** `job.dispatch.<pool>.<tenant>.<tail>` */
  subject: z.string(),
  /** As the message says outside, unverified. */
  dispatch_id: uuid,
  message: z.string(),
  /** To be sent back with the claim, which settles the message. */
  receipt,
});
export type Delivery = z.infer<typeof delivery>;
export const nextAnswer = z.object({ delivery: delivery.nullable() });

/** `receipt`: of the delivery. The scheduler acknowledges its message, or gives it back where the answer is `wait`. */
export const doorClaim = claimRequest.extend({ receipt: receipt.optional() });

export const ASKED_BY_WORKERS = { hello: helloRequest, claim: doorClaim, beat: beatRequest } as const;
export type AskedVerb = keyof typeof ASKED_BY_WORKERS;

const asked = { nonce };
/** `nonce`: of the signature, so that no answer is taken for another question's. */
export const workerAnswer = z.discriminatedUnion('verb', [
  z.object({ verb: z.literal('hello'), ...asked, value: helloAnswer }),
  z.object({ verb: z.literal('claim'), ...asked, value: claimAnswer }),
  z.object({ verb: z.literal('beat'), ...asked, value: beatAnswer }),
]);

export const workerQuestion = signedByWorker.extend({ verb: z.enum(['hello', 'claim', 'beat']) });
/** `slice_ms`: for how long this one question waits; whoever asks asks again until `wait_ms` of the request are over. */
export const nextQuestion = signedByWorker.extend({ slice_ms: z.int().min(0).max(LIMITS.worker_slice_ms) });
export const nextOutcome = z.object({ ...asked, wait_ms: z.int(), delivery: delivery.nullable() });

/** Null for what names no worker. */
export function readWorkerKeyid(keyid: string): { pool: string; worker: string } | null {
  const [, pool, worker] = WORKER_KEYID.exec(keyid) ?? [];
  return token.safeParse(pool).success && worker !== undefined ? { pool: pool!, worker } : null;
}

/** Whether the answer names the nonce that the question was signed with. */
export function isSameNonce({ headers }: Pick<SignedByWorker, 'headers'>, answered: { nonce: string }): boolean {
  return headers['signature-input'].includes(`;nonce="${answered.nonce}"`);
}
