/** How a decided job comes into the scheduler, and the answer that every door gives. */
import { z } from 'zod';
import { decideAnswer, decision } from './decision.ts';
import { writtenChain } from './delegation.ts';
import { failure } from './errors.ts';
import { actor, namedRequest } from './job.ts';
import { digest, jobId, keyId, tenantName, uuid } from './names.ts';
import { JOB_STATES } from './states.ts';

/** What ingress hands to the scheduler for one job: already decided, not yet stored. */
export const admitItem = z.strictObject({
  request: namedRequest,
  actor,
  job_hash: digest,
  /** Of the request as it was sent (without a job_id that the server made), for idempotency. */
  plain_digest: digest,
  salt: z.string(),
  /** `Idempotency-Key`, or the nonce of a signed request; unique per tenant and actor. */
  idempotency_key: z.string().max(128).nullable(),
  /** Of the API key that it came with, or that its token was made from; null for a signature. */
  key_id: keyId.nullable(),
  /** Of the token; none for any other credential. */
  token_id: uuid.nullish(),
  /** On whose behalf, as the registry vouches for it. */
  behind: writtenChain.nullish(),
  answer: decideAnswer,
  traceparent: z.string(),
});
export type AdmitItem = z.infer<typeof admitItem>;

/** The answer that every door gives; the same again for the same request. */
export const admitted = z.object({
  job_id: jobId,
  tenant: tenantName,
  state: z.enum(JOB_STATES),
  /** The decisions as recorded, first to last. */
  decisions: z.array(decision),
  replayed: z.boolean(),
});
export type Admitted = z.infer<typeof admitted>;

export const admitAnswer = z.union([
  z.object({ ok: z.literal(true), value: admitted }),
  z.object({ ok: z.literal(false), error: failure }),
]);
export type AdmitAnswer = z.infer<typeof admitAnswer>;
