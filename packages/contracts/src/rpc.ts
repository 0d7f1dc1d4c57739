/** Every verb on the bus: its request, its answer, who may call it. Permissions of NATS users are made from this table. */
import { z } from 'zod';
import { approvalView } from './approval.ts';
import { decideAnswer, decideItem, decision, effectiveJob } from './decision.ts';
import { failure } from './errors.ts';
import { derivation } from './explanation.ts';
import { actor, jobView, namedRequest } from './job.ts';
import type { ServiceName } from './ledger-entry.ts';
import { ledgerEntry } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';
import { digest, instant, jobId, keyId, principalId, tenantName, token, topicName, uuid } from './names.ts';
import { resultView } from './output.ts';
import {
  activated,
  activateRequest,
  askedPolicy,
  bundlePage,
  bundleView,
  policyCandidate,
  replayAnswer,
  replayRequest,
  shadowAnswer,
  shadowRequest,
} from './policy-rollout.ts';
import { runRecord } from './record.ts';
import { JOB_STATES } from './states.ts';
import { beatAnswer, beatRequest, claimAnswer, claimRequest } from './worker.ts';

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
  /** Of the API key that it came with; null for a signature. */
  key_id: keyId.nullable(),
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

const jobKey = z.strictObject({ tenant: tenantName, job_id: jobId });
const page = {
  cursor: z.string().max(LIMITS.cursor_chars).optional(),
  limit: z.int().min(1).max(LIMITS.page_rows).optional(),
};

/** Who acts on something that exists. Made by ingress from the credential. */
export const principal = z.strictObject({
  id: principalId,
  type: z.enum(['agent', 'human']),
  groups: z.array(token),
  owner: principalId.nullable(),
  auth_method: z.string(),
  /** Of the API key; null for a signature. */
  key_id: keyId.nullable(),
});
export type Principal = z.infer<typeof principal>;

/** `simulate` and `explain` store nothing. A request may name no payload; then its schema is skipped, and `skipped` says so. */
export const simulateRequest = z.strictObject({
  tenant: tenantName,
  items: z
    .array(z.strictObject({ request: namedRequest, actor }))
    .min(1)
    .max(LIMITS.simulate_requests),
  candidate: policyCandidate.nullable(),
});
export const simulated = z.object({
  decisions: z.array(decision).min(1),
  effective: effectiveJob.nullable(),
  skipped: z.array(z.string()),
});
export const explainStep = z.object({
  step: z.string(),
  outcome: z.string(),
  rule_id: z.string().nullable(),
  detail: z.string(),
});
export const explained = simulated.extend({
  steps: z.array(explainStep),
  /** Left out where nothing was derived. */
  derivation: derivation.optional(),
  text: z.string(),
});

const answersOf = <T extends z.ZodType>(value: T) =>
  z.object({
    policy: askedPolicy,
    /** In order, one for each; an error is what the submitter would be told, or that the answers grew too long. */
    answers: z.array(
      z.union([z.object({ ok: z.literal(true), value }), z.object({ ok: z.literal(false), error: failure })]),
    ),
  });

/** Who changes a policy, and whether also for others than the own tenant. */
const policyChange = { tenant: tenantName, principal, global: z.boolean() };

export const activePolicy = z.object({
  scope: z.string(),
  version: z.int(),
  snapshot: z.string(),
  epoch: z.int(),
  activated_at: instant,
  not_after: instant.nullable(),
  /** Until then the policy lets everything through that stops and ceilings do not hold; null when it enforces. */
  observe_until: instant.nullable(),
  default_decision: z.string(),
  rules: z.array(z.object({ id: z.string(), decision: z.string(), reason: z.string() })),
  topics: z.array(z.string()),
  pools: z.array(z.object({ id: token, capabilities: z.array(z.string()), concurrency: z.int() })),
});

type Verb = {
  service: ServiceName;
  callers: readonly (ServiceName | 'worker' | 'tenant')[];
  request: z.ZodType;
  answer: z.ZodType;
};

export const RPC = {
  'policy.decide': {
    service: 'policy-kernel',
    callers: ['ingress', 'scheduler'],
    request: z.strictObject({ items: z.array(decideItem).min(1).max(LIMITS.batch_rows) }),
    answer: z.object({
      answers: z.array(
        z.union([
          z.object({ ok: z.literal(true), value: decideAnswer }),
          z.object({ ok: z.literal(false), error: failure }),
        ]),
      ),
    }),
  },
  'policy.simulate': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: simulateRequest,
    answer: answersOf(simulated),
  },
  'policy.explain': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: simulateRequest,
    answer: answersOf(explained),
  },
  'policy.active': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName }),
    answer: activePolicy,
  },
  'policy.publish': {
    service: 'policy-kernel',
    callers: ['ingress'],
    /** `document` as it was sent, whatever it is; null when it was too large to be read. */
    request: z.strictObject({ ...policyChange, document: z.string().nullable() }),
    answer: z.object({ bundle: bundleView, created: z.boolean() }),
  },
  'policy.bundles': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, ...page }),
    answer: bundlePage,
  },
  'policy.activate': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: activateRequest.extend({ ...policyChange, version: z.int().min(1) }),
    answer: activated,
  },
  'policy.shadow': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: shadowRequest.extend({ ...policyChange, version: z.int().min(1) }),
    answer: shadowAnswer,
  },
  'policy.shadowing': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName }),
    answer: shadowAnswer,
  },
  'policy.replay': {
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, ask: replayRequest }),
    answer: replayAnswer,
  },
  'scheduler.admit': {
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({ items: z.array(admitItem).min(1).max(LIMITS.batch_rows) }),
    /** In order, one for each. */
    answer: z.object({ answers: z.array(admitAnswer) }),
  },
  'scheduler.get': { service: 'scheduler', callers: ['ingress'], request: jobKey, answer: jobView },
  'scheduler.list': {
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({
      tenant: tenantName,
      /** Only this actor's jobs; null for all of the tenant's. */
      actor: principalId.nullable(),
      state: z.enum(JOB_STATES).optional(),
      topic: topicName.optional(),
      ...page,
    }),
    answer: z.object({ jobs: z.array(jobView), next_cursor: z.string().nullable() }),
  },
  'scheduler.cancel': {
    service: 'scheduler',
    callers: ['ingress'],
    request: jobKey.extend({ principal, reason: z.string().max(LIMITS.reason_chars) }),
    answer: jobView,
  },
  'scheduler.claim': { service: 'scheduler', callers: ['worker'], request: claimRequest, answer: claimAnswer },
  'scheduler.beat': { service: 'scheduler', callers: ['worker'], request: beatRequest, answer: beatAnswer },
  'approval.list': {
    service: 'approval',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, state: z.string().optional(), job_id: jobId.optional(), ...page }),
    answer: z.object({ approvals: z.array(approvalView), next_cursor: z.string().nullable() }),
  },
  'approval.get': {
    service: 'approval',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, approval_id: uuid }),
    answer: approvalView,
  },
  'approval.vote': {
    service: 'approval',
    callers: ['ingress'],
    request: z.strictObject({
      tenant: tenantName,
      approval_id: uuid,
      vote: z.enum(['approve', 'reject']),
      digest,
      comment: z.string().max(LIMITS.comment_chars).nullable(),
      principal,
    }),
    answer: approvalView,
  },
  'output.read': { service: 'output-safety', callers: ['ingress'], request: jobKey, answer: resultView },
  'audit.timeline': {
    service: 'audit',
    callers: ['ingress'],
    request: jobKey,
    answer: z.object({ entries: z.array(ledgerEntry) }),
  },
  'audit.decisions': {
    service: 'audit',
    callers: ['ingress'],
    request: jobKey,
    answer: z.object({ decisions: z.array(decision) }),
  },
  'audit.record': { service: 'audit', callers: ['ingress'], request: jobKey, answer: runRecord },
} as const satisfies Record<string, Verb>;

export type RpcVerb = keyof typeof RPC;
export type RpcRequest<V extends RpcVerb> = z.input<(typeof RPC)[V]['request']>;
export type RpcParsed<V extends RpcVerb> = z.output<(typeof RPC)[V]['request']>;
export type RpcAnswer<V extends RpcVerb> = z.output<(typeof RPC)[V]['answer']>;
