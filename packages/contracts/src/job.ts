/** A job as it is asked for and as it is seen from outside. The actor is never part of the body. */
import { z } from 'zod';
import { onBehalfOf } from './delegation.ts';
import { LIMITS } from './limits.ts';
import {
  capabilityName,
  digest,
  instant,
  jobId,
  labelKey,
  labelValue,
  principalId,
  tenantName,
  token,
  topicName,
} from './names.ts';
import { runBounds } from './run-bounds.ts';
import { JOB_STATES } from './states.ts';

/** Passed through by reference: a copy by schema drops `__proto__`, which every digest of the payload covers. */
export const payloadObject = z
  .custom<Record<string, unknown>>(isPlainObject, 'must be a JSON object')
  .meta({ type: 'object', additionalProperties: true });

const labelMap = z
  .record(labelKey, labelValue)
  .refine((map) => Object.keys(map).length <= LIMITS.labels, `at most ${LIMITS.labels} labels`);

const { $schema: _, ...labelSchema } = z.toJSONSchema(labelMap);

export const labels = z
  .custom<z.input<typeof labelMap>>(hasNoHiddenKey, { message: 'no such label', path: ['__proto__'] })
  .meta(labelSchema)
  .pipe(labelMap);

export const jobMeta = z.strictObject({
  capability: capabilityName.optional(),
  risk_tags: z.array(token).max(LIMITS.risk_tags).default([]),
  requires: z.array(capabilityName).max(LIMITS.risk_tags).default([]),
});

/** The way back, which a policy may require and then judges; `POST /jobs/{id}/compensate` runs it. */
export const compensation = z.strictObject({
  topic: topicName,
  payload: payloadObject.optional(),
});

/** `POST /jobs`. Unknown fields are refused; `tenant`, where given, must equal the header's. */
export const jobRequest = z.strictObject({
  job_id: jobId.optional(),
  topic: topicName,
  tenant: tenantName.optional(),
  prompt: z.string().max(LIMITS.prompt_chars).optional(),
  payload: payloadObject.optional(),
  labels: labels.default({}),
  meta: jobMeta.default({ risk_tags: [], requires: [] }),
  on_behalf_of: onBehalfOf.optional(),
  compensation: compensation.optional(),
  priority: z.int().min(0).max(9).optional(),
  deadline_ms: z.int().min(1).max(LIMITS.deadline_ms).optional(),
});
export type JobRequest = z.infer<typeof jobRequest>;
/** As a caller writes it: what has a default may be left out. */
export type JobRequestInput = z.input<typeof jobRequest>;

/** What a job may be of another one, which has ended. */
export const FOLLOW_UPS = ['remediates', 'compensates', 'retries'] as const;
export type FollowUp = (typeof FOLLOW_UPS)[number];
/** Made by the server: of which job it is what, and who asked for it. */
export const origin = z.strictObject({
  kind: z.enum(FOLLOW_UPS),
  job_id: jobId,
  offer_id: z.string().optional(),
  asked_by: principalId,
  /** The approver whose proposal it is, and the bounds that were part of it. */
  offered_by: principalId.optional(),
  constraints: runBounds.optional(),
});
export type Origin = z.infer<typeof origin>;

/** The request once ingress has named tenant and job: what `job_hash` covers, together with the actor. */
export const namedRequest = jobRequest.extend({ job_id: jobId, tenant: tenantName, origin: origin.optional() });
export type NamedRequest = z.infer<typeof namedRequest>;

/** The most an agent may request; both gates deny outside it before any rule is read. */
export const ceiling = z.strictObject({
  /** Topic patterns, e.g. `job.deploy.*`. */
  topics: z.array(z.string().max(256)).max(100),
  /** Capability globs by dot, e.g. `desk.*`. */
  capabilities: z.array(z.string().max(256)).max(100),
  /** Allowed values of the label `env`; `*` for any. A job without the label is in no environment. */
  environments: z.array(z.string().max(64)).max(100),
});
export type Ceiling = z.infer<typeof ceiling>;

export const AUTH_METHODS = ['api_key', 'signature', 'token', 'oidc', 'session'] as const;

/** Who asks. Made by ingress from the credential. */
export const actor = z.strictObject({
  id: principalId,
  type: z.enum(['agent', 'human']),
  owner: principalId.nullable(),
  auth_method: z.enum(AUTH_METHODS),
  ceiling: ceiling.nullable(),
});
export type Actor = z.infer<typeof actor>;

/** A job as `GET /jobs/{id}` shows it: state and digests, never content. */
export const jobView = z.object({
  job_id: jobId,
  tenant: tenantName,
  topic: topicName,
  capability: capabilityName.nullable(),
  labels: z.record(z.string(), z.string()),
  actor: principalId,
  state: z.enum(JOB_STATES),
  reason: z.string().nullable(),
  decision: z.string(),
  rule_id: z.string().nullable(),
  policy_version: z.int(),
  policy_snapshot: z.string(),
  job_hash: digest,
  effective_digest: digest.nullable(),
  approval_id: z.string().nullable(),
  attempt: z.int(),
  pool: z.string().nullable(),
  cancel_requested: z.boolean(),
  /** In the words of whoever cancelled it; no evidence. */
  cancel_reason: z.string().nullable(),
  created_at: instant,
  updated_at: instant,
});
export type JobView = z.infer<typeof jobView>;

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A record passes over a `__proto__` key without a word; here every unknown name is refused. */
function hasNoHiddenKey(value: unknown): boolean {
  return !(isPlainObject(value) && Object.hasOwn(value as object, '__proto__'));
}
