/** The shapes that only HTTP shows: answers of the doors, pages, the error body. Everything else is shown as the bus has it. */

import { z } from 'zod';
import { APPROVAL_STATES, approvalView, waitingFor } from './approval.ts';
import { DECISIONS, decision, remediation } from './decision.ts';
import { onBehalfOf } from './delegation.ts';
import { ERROR_CODES, failure } from './errors.ts';
import { whatFollows } from './follow-ups.ts';
import { jobRequest, jobView } from './job.ts';
import { jobFilters } from './job-search.ts';
import { shownEntry } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { digest, digitsOf, instant, jobId, principalId, tenantName, token, uuid } from './names.ts';
import { resultView, screeningView } from './output.ts';
import { PERMISSION_NAMES, permission } from './permissions.ts';
import { explained, simulated } from './policy-questions.ts';
import { askedPolicy, policyCandidate } from './policy-rollout.ts';
import { QUARANTINE_STATES, quarantined } from './quarantine.ts';
import { REVIEW_KINDS, REVIEW_OUTCOMES, REVIEW_STATES } from './review.ts';
import { JOB_STATES } from './states.ts';
import { DELIVERY_STATES, webhookId } from './webhooks.ts';

export const API_PREFIX = '/api/v1';
/** Of the API; the path carries its first number. */
export const API_VERSION = '1.0.0';

export const errorBody = z.object({
  code: z.enum(ERROR_CODES),
  detail: z.string(),
  /** JSON pointer into the body, a header or a query parameter. */
  at: z.string().optional(),
  trace_id: z.string(),
});
export type ErrorBody = z.infer<typeof errorBody>;

/** `POST /token`: what the token may at most, for how long, for whom. Left out: as much as the credential, 15 minutes, here. */
export const tokenRequest = z.strictObject({
  scope: z.array(permission).min(1).max(PERMISSION_NAMES.length).optional(),
  /** Seconds. */
  expires_in: z
    .int()
    .min(1)
    .max(LIMITS.token_ms / 1000)
    .optional(),
  audience: z.string().max(LIMITS.token_chars).optional(),
  /** Binds the token to this chain: its submissions are done on their behalf, and on no other's. */
  on_behalf_of: onBehalfOf.optional(),
});
export type TokenRequest = z.infer<typeof tokenRequest>;

/** `POST /delegations`: who may act on the caller's behalf, and for how long. */
export const delegationRequest = z.strictObject({
  to: principalId,
  /** A group of the caller: the other only votes there in the caller's place, and acts on nobody's behalf. */
  votes_in: token.optional(),
  /** Seconds. */
  expires_in: z
    .int()
    .min(1)
    .max(LIMITS.delegation_ms / 1000)
    .default(LIMITS.delegation_ms / 1000),
});
export type DelegationRequest = z.infer<typeof delegationRequest>;
export type DelegationInput = z.input<typeof delegationRequest>;

export const delegationView = z.object({
  delegation_id: uuid,
  /** On whose behalf `to` may act. */
  principal: principalId,
  to: principalId,
  /** Set where `to` only votes for `principal` in this group. */
  votes_in: token.nullable(),
  created_at: instant,
  expires_at: instant,
});
export type DelegationView = z.infer<typeof delegationView>;
export const delegationList = z.object({ delegations: z.array(delegationView) });
export type DelegationList = z.infer<typeof delegationList>;

/** As RFC 8693, section 2.2.1, has it; `token_id` is the token's `jti`, by which it is revoked. */
export const tokenAnswer = z.object({
  access_token: z.string(),
  issued_token_type: z.literal('urn:ietf:params:oauth:token-type:jwt'),
  token_type: z.literal('Bearer'),
  /** Seconds. */
  expires_in: z.int(),
  /** Permissions, split by spaces. */
  scope: z.string(),
  token_id: uuid,
});
export type TokenAnswer = z.infer<typeof tokenAnswer>;

/** Paths on the same server. */
const links = z.record(z.string(), z.string());

/** The decision that stands, in the words that every answer of a door carries. */
const verdict = {
  job_id: jobId,
  tenant: tenantName,
  state: z.enum(JOB_STATES),
  decision: z.enum(DECISIONS),
  rule_id: z.string().nullable(),
  reason: z.string(),
  policy_version: z.int(),
  policy_snapshot: z.string(),
  job_hash: digest,
  /** The rewrite that was applied, or is on offer with a denial. */
  remediation: remediation.nullable(),
  links,
};

/** 202: the job is stored, with its evidence. */
export const accepted = z.object({
  ...verdict,
  effective_digest: digest.nullable(),
  /** While it is held for an approval; else null. */
  waiting_for: waitingFor.nullable(),
});
export type Accepted = z.infer<typeof accepted>;

/** `wait`: seconds for which the answer may wait for the job's end. */
export const submitQuery = z.strictObject({ wait: digitsOf(z.int().min(0).max(LIMITS.submit_wait_s)).optional() });

/** 403 `denied`: recorded as durably as an accepted job. */
export const denied = errorBody.extend({ ...verdict, code: z.literal('denied'), decision: z.literal('deny') });
export type Denied = z.infer<typeof denied>;

/** The first decision, flat. After a rewrite the decisions that follow it stand in `then`, the last of which would hold. */
export const simulation = decision.extend({
  effective: simulated.shape.effective,
  pools: simulated.shape.pools,
  counts: simulated.shape.counts,
  skipped: simulated.shape.skipped,
  // biome-ignore lint/suspicious/noThenProperty: the wire's word; the value is data and never a promise.
  then: z.array(decision).optional(),
});
export type Simulation = z.infer<typeof simulation>;

const { steps, derivation, text } = explained.shape;
export const explanation = simulation.extend({ steps, derivation, text });
export type Explanation = z.infer<typeof explanation>;

/** Many requests at once, or a candidate: `{ requests, candidate? }` instead of the request itself. */
export const policyQuestion = z.strictObject({
  requests: z.array(jobRequest).min(1).max(LIMITS.simulate_requests),
  candidate: policyCandidate.optional(),
});
export type PolicyQuestion = z.input<typeof policyQuestion>;

const refused = z.object({ ok: z.literal(false), error: failure });
/** In the order of the requests, one for each. */
export const simulations = z.object({
  policy: askedPolicy,
  answers: z.array(z.union([z.object({ ok: z.literal(true), value: simulation }), refused])),
});
export type Simulations = z.infer<typeof simulations>;
export const explanations = z.object({
  policy: askedPolicy,
  answers: z.array(z.union([z.object({ ok: z.literal(true), value: explanation }), refused])),
});
export type Explanations = z.infer<typeof explanations>;

/** `GET /jobs/{id}`. `waiting_for` is null unless it is held, and until its question is open. */
export const shownJob = jobView.extend({ ...whatFollows, waiting_for: waitingFor.nullable() });
export type ShownJob = z.infer<typeof shownJob>;

/** 200: the job ended while its submitter waited. `result` is null where none was released. */
export const ended = accepted.extend({ job: shownJob, result: resultView.nullable() });
export type Ended = z.infer<typeof ended>;

const nextCursor = z.string().nullable();
/** It goes on at `next_cursor` until that is null; under a filter a page may be short, or empty, before the end. */
export const jobPage = z.object({ jobs: z.array(jobView), next_cursor: nextCursor });
export type JobPage = z.infer<typeof jobPage>;
export const approvalPage = z.object({ approvals: z.array(approvalView), next_cursor: nextCursor });
export type ApprovalPage = z.infer<typeof approvalPage>;

/** Newest first. */
export const decisionList = z.array(z.union([decision, screeningView]));
export type DecisionList = z.infer<typeof decisionList>;
/** Oldest first. */
export const timeline = z.array(shownEntry);

/** In the order of the log. It goes on at `next`; everything sealed was looked at when that is `end`. */
export const evidencePage = z.object({ entries: z.array(shownEntry), next: z.int(), end: z.int() });
export type EvidencePage = z.infer<typeof evidencePage>;

/** `reason` is shown with the job and never enters the ledger. Of two who cancel, the first one's stands. */
export const cancelRequest = z.strictObject({ reason: z.string().min(1).max(LIMITS.reason_chars).optional() });
export type CancelRequest = z.infer<typeof cancelRequest>;

export const pageQuery = {
  cursor: z.string().min(1).max(LIMITS.cursor_chars).optional(),
  limit: digitsOf(z.int().min(1).max(LIMITS.page_rows)).optional(),
};
export const jobQuery = z.strictObject({ ...jobFilters, actor: principalId.optional(), ...pageQuery });
export type JobQuery = z.input<typeof jobQuery>;
export const approvalQuery = z.strictObject({
  state: z.enum(APPROVAL_STATES).optional(),
  job_id: jobId.optional(),
  /** Only those that the caller may vote on now. */
  mine: z.literal('true').optional(),
  ...pageQuery,
});
export type ApprovalQuery = z.input<typeof approvalQuery>;
export const reviewQuery = z.strictObject({
  state: z.enum(REVIEW_STATES).optional(),
  kind: z.enum(REVIEW_KINDS).optional(),
  outcome: z.enum(REVIEW_OUTCOMES).optional(),
  job_id: jobId.optional(),
  ...pageQuery,
});
export type ReviewQuery = z.input<typeof reviewQuery>;
export const grantQuery = z.strictObject({
  /** Only those that may still be used. */
  active: z.literal('true').optional(),
  ...pageQuery,
});
export type GrantQuery = z.input<typeof grantQuery>;

/** `since`: the first place in the log to look at; left out, now. `wait`: seconds for which the answer may wait for one. */
export const approvalEventsQuery = z.strictObject({
  since: digitsOf(z.int().min(0)).optional(),
  wait: digitsOf(z.int().min(0).max(LIMITS.submit_wait_s)).optional(),
});
/** In the order of the log; it goes on at `next`. */
export const approvalEvents = z.object({ entries: z.array(shownEntry), next: z.int() });
export type ApprovalEvents = z.infer<typeof approvalEvents>;

export const quarantineQuery = z.strictObject({ state: z.enum(QUARANTINE_STATES).optional(), ...pageQuery });
export type QuarantineQuery = z.input<typeof quarantineQuery>;
export const quarantinePage = z.object({ quarantined: z.array(quarantined), next_cursor: nextCursor });
export type QuarantinePage = z.infer<typeof quarantinePage>;

export const deadLetterQuery = z.strictObject({ all: z.enum(['true', 'false']).optional(), ...pageQuery });
export type DeadLetterQuery = z.input<typeof deadLetterQuery>;

export const deliveryQuery = z.strictObject({
  webhook_id: webhookId.optional(),
  state: z.enum(DELIVERY_STATES).optional(),
  ...pageQuery,
});
export type DeliveryQuery = z.input<typeof deliveryQuery>;

export const bundleQuery = z.strictObject(pageQuery);
export type BundleQuery = z.input<typeof bundleQuery>;

/** `Idempotency-Key`: printable, so that it can be logged and compared without a second reading. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
  .max(LIMITS.idempotency_key_chars);
