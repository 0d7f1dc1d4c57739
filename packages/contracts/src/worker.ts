/** What passes between scheduler and workers: dispatch message, warrant, claim, beat, result. */
import { z } from 'zod';
import { namedArtifact } from './artifact.ts';
import { effectiveJob } from './decision.ts';
import { failure } from './errors.ts';
import { LIMITS } from './limits.ts';
import { digest, jobId, tenantName, token, uuid } from './names.ts';

export const WARRANT_TYP = 'countersign-warrant+jwt';
export const WARRANT_ISSUER = 'countersign-scheduler';
/** `alg` of a warrant by itself (RFC 8037), and of one that was signed together with others of its moment (signed-together.ts). */
export const WARRANT_ALG = 'EdDSA';
export const TOGETHER_ALG = 'EdDSA-RFC6962';
/** Under the root that is signed in place of the warrants: no warrant and no hello begins like that. */
export const WARRANTS_DOMAIN = 'countersign/warrants/v1';

/** Claims of the compact JWS. `exp` is coarse; the claim's database clock decides. RFC 7519, section 4.1. */
export const warrantClaims = z.object({
  iss: z.literal(WARRANT_ISSUER),
  /** The pool. */
  aud: token,
  /** `<tenant>/<job_id>`. */
  sub: z.string(),
  /** The dispatch id. */
  jti: uuid,
  nbf: z.int(),
  exp: z.int(),
  attempt: z.int().min(1),
  job_hash: digest,
  effective_digest: digest,
  payload_digest: digest,
  policy_snapshot: z.string(),
  decision_id: uuid,
  approval_id: uuid.nullable(),
});
export type WarrantClaims = z.infer<typeof warrantClaims>;

/** On `job.dispatch.<pool>.<tenant>.<tail>`. `salt` (base64url) lets the worker recompute the digests in the warrant. */
export const dispatchMessage = z.strictObject({
  warrant: z.string().max(8_192),
  salt: z.string(),
  effective: effectiveJob,
  traceparent: z.string().optional(),
});
export type DispatchMessage = z.infer<typeof dispatchMessage>;

/** Why a worker refused a delivery. Closed, because it becomes a metric's label. */
export const REFUSAL_CODES = [
  'message_malformed',
  'warrant_malformed',
  'warrant_header',
  'warrant_signature',
  'warrant_claims',
  'warrant_audience',
  'warrant_time',
  'warrant_subject',
  'warrant_effective',
  'warrant_payload',
  'constraint_unenforced',
  /** One that this version does not know: a refusal that nobody reads would be offered again for ever. */
  'other',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** A worker that refuses a warrant says so instead of claiming, and is answered `wait` while it is offered again. */
export const claimRequest = z.strictObject({
  dispatch_id: uuid,
  /** Random per delivery: the same id gets the same answer, another one loses. */
  claim_id: uuid,
  refused: z.strictObject({ code: z.enum(REFUSAL_CODES).catch('other') }).optional(),
});
export type ClaimRequest = z.infer<typeof claimRequest>;

/** Which claim it answers. */
const claimed = { dispatch_id: uuid, claim_id: uuid };

export const claimAnswer = z.discriminatedUnion('outcome', [
  z.object({
    outcome: z.literal('granted'),
    ...claimed,
    tenant: tenantName,
    job_id: jobId,
    attempt: z.int(),
    lease_ms: z.int(),
    timeout_ms: z.int(),
    max_output_bytes: z.int(),
  }),
  /** Not now: the pool is full, or another worker shall look at what this one refused. Give the message back. */
  z.object({ outcome: z.literal('wait'), ...claimed, retry_ms: z.int() }),
  /** Never with this dispatch id. */
  z.object({ outcome: z.literal('lost'), ...claimed, code: z.string() }),
]);
export type ClaimAnswer = z.infer<typeof claimAnswer>;
/** Of several claims in one message each has an outcome of its own. */
export const claimOutcome = z.union([
  z.object({ ok: z.literal(true), value: claimAnswer }),
  z.object({ ok: z.literal(false), error: failure }),
]);
type Unnamed<T> = T extends unknown ? Omit<T, 'dispatch_id' | 'claim_id'> : never;
/** The answer, without the claim it belongs to. */
export type ClaimVerdict = Unnamed<ClaimAnswer>;

export const beatRequest = z.strictObject({
  attempts: z
    .array(z.strictObject({ dispatch_id: uuid, claim_id: uuid, reported: z.boolean() }))
    .max(LIMITS.beat_attempts),
});
export const beatAnswer = z.object({
  attempts: z.array(
    z.object({ dispatch_id: uuid, order: z.enum(['continue', 'stop', 'settled']), reason: z.string().nullable() }),
  ),
});
export type BeatAnswer = z.infer<typeof beatAnswer>;

/** Asked before a worker takes work: whether its key is the registered one, and proof that the scheduler's is pinned. */
export const helloRequest = z.strictObject({
  nonce: uuid,
  /** By the key that will sign results, base64url. */
  signature: z.string().max(128),
  /** It reads warrants that were signed together. A scheduler of before refuses the field: ask again without. */
  together: z.literal(true).optional(),
  /** What it works by beside the policy, e.g. a signed record of reviewed tools: once the scheduler has heard of a version, no older one counts. */
  record: z.strictObject({ version: z.int().min(1), digest }).optional(),
});
export type WorkerRecord = NonNullable<z.infer<typeof helloRequest>['record']>;
export const HELLO_CODES = ['worker_unknown', 'signing_key_unregistered', 'revoked', 'record_not_newer'] as const;
export const helloAnswer = z.object({
  nonce: uuid,
  /** Why nothing that this worker did would count; null when it would. */
  code: z.enum(HELLO_CODES).nullable(),
  /** Whether an active policy has its pool: until one has, no work comes. */
  pool_active: z.boolean(),
  /** By the key that signs warrants, base64url. */
  signature: z.string().max(128),
});
export type HelloAnswer = z.infer<typeof helloAnswer>;

/** Why a worker does not start. */
export const START_CODES = [
  ...HELLO_CODES,
  /** NATS turns it away: its bus key is registered nowhere, or revoked. */
  'not_let_in',
  /** NATS lets its key in, as somebody else: it may not ask under the name that it was given. */
  'bus_rights_missing',
  /** None of the keys that it pins made the scheduler's signature: it would refuse every warrant. */
  'scheduler_key_unpinned',
  'scheduler_unavailable',
] as const;
export type StartCode = (typeof START_CODES)[number];

export const RESULT_STATUSES = ['succeeded', 'failed', 'stopped', 'timed_out'] as const;

/** Signed with the worker's Ed25519 key over the canonical JSON of everything but `signature`. */
export const workerResult = z.strictObject({
  dispatch_id: uuid,
  claim_id: uuid,
  tenant: tenantName,
  job_id: jobId,
  attempt: z.int().min(1),
  worker: token,
  status: z.enum(RESULT_STATUSES),
  /** Worth another attempt? Only looked at when `failed`. */
  retryable: z.boolean(),
  /** Any JSON: the result, or `{ error }`. It is content and goes nowhere unscreened. */
  output: z.unknown(),
  duration_ms: z.int().min(0),
  /** How many things the run touched; demanded where the constraints say `max_affected`. */
  affected: z.int().min(0).optional(),
  /** Files of the run, each put and screened before. */
  artifacts: z.array(namedArtifact).min(1).max(LIMITS.attempt_artifacts).optional(),
  /** Base64url. */
  signature: z.string().max(128),
});
export type WorkerResult = z.infer<typeof workerResult>;
export type UnsignedResult = Omit<WorkerResult, 'signature'>;

/** Header of a result's request, `<dispatch_id>/<claim_id>`: whose result it is, before anything of it is read. */
export const RESULT_CLAIM_HEADER = 'Countersign-Claim';

const resultClaim = z.object({ dispatch_id: uuid, claim_id: uuid });
export type ResultClaim = z.infer<typeof resultClaim>;

/** Output-safety's answer to a result, after the commit. An outage is an error instead: ask again. */
export const resultAnswer = z.object({
  /** Those of the header: an answer for another result is none. */
  ...resultClaim.shape,
  /** `settled`: what came of the attempt is recorded. `refused`: this result does not count and never will. */
  outcome: z.enum(['settled', 'refused']),
  /** Why it was refused; with `settled`, why it could not be read and its attempt has failed. */
  code: z.string().nullable(),
});
export type ResultAnswer = z.infer<typeof resultAnswer>;

/** In the header in place of a claim: the request holds `workerResults`. */
export const RESULTS_TOGETHER = 'together';

/**
 * Results of one worker for one tenant and topic, signed together, with the same key over the canonical JSON of `{ results }`.
 * Whoever is told that the request as a whole is wrong knows nothing of any of them, and sends them one by one.
 */
export const workerResults = z.strictObject({
  results: z
    .array(workerResult.omit({ signature: true }))
    .min(1)
    .max(LIMITS.batch_rows),
  /** Base64url. */
  signature: z.string().max(128),
});
/** In the order of the results; one that met an outage is asked about again. */
export const resultAnswers = z.object({
  answers: z.array(
    z.union([
      z.object({ ok: z.literal(true), value: resultAnswer }),
      z.object({ ok: z.literal(false), error: failure }),
    ]),
  ),
});

/** What both sides of a hello sign, each with its own key: no warrant and no result can read so. */
export function helloText(who: 'worker' | 'scheduler', pool: string, worker: string, nonce: string): string {
  return `countersign hello from ${who}: ${pool}/${worker} ${nonce}`;
}

export function writeResultClaim({ dispatch_id, claim_id }: ResultClaim): string {
  return `${dispatch_id}/${claim_id}`;
}

/** Null when the header names no claim. */
export function readResultClaim(header: string | undefined): ResultClaim | null {
  const [dispatch_id, claim_id, ...rest] = header?.split('/') ?? [];
  const claim = resultClaim.safeParse({ dispatch_id, claim_id });
  return claim.success && rest.length === 0 ? claim.data : null;
}
