/** Every verb on the bus: its request, its answer, who may call it. Permissions of NATS users are made from this table. */
import { z } from 'zod';
import { admitAnswer, admitItem } from './admission.ts';
import { decideAnswer, decideItem } from './decision.ts';
import { failure } from './errors.ts';
import { policyDocument } from './evidence.ts';
import { whatFollows } from './follow-ups.ts';
import { jobView } from './job.ts';
import { isFound, jobFilters } from './job-search.ts';
import { LIMITS } from './limits.ts';
import { digest, keyId, principalId, tenantName, token, uuid } from './names.ts';
import { resultView } from './output.ts';
import { activePolicy, answersOf, explained, simulated, simulateRequest } from './policy-questions.ts';
import {
  activated,
  activateRequest,
  bundlePage,
  publishedBundle,
  replayAnswer,
  replayRequest,
  shadowAnswer,
  shadowRequest,
} from './policy-rollout.ts';
import { approvalVerbs } from './rpc-approval.ts';
import { ARTIFACT_VERBS } from './rpc-artifacts.ts';
import { AUDIT_VERBS, jobKey } from './rpc-audit.ts';
import { followUpVerbs } from './rpc-follow-ups.ts';
import {
  eachItem,
  isActivationOf,
  isAdmissionOf,
  isAnswerTo,
  isBundleOf,
  isDecisionOf,
  isSameJob,
  isScopeOf,
  isShadowOf,
  isTenantsOwn,
} from './rpc-matches.ts';
import { quarantineVerbs } from './rpc-quarantine.ts';
import { retentionVerbs } from './rpc-retention.ts';
import { reviewVerbs } from './rpc-reviews.ts';
import { stopVerbs } from './rpc-stops.ts';
import { verb } from './rpc-verb.ts';
import { WEBHOOK_VERBS } from './rpc-webhooks.ts';
import { WORKER_VERBS } from './rpc-workers.ts';

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
  /** Of the API key, also of the one that a token was made from; null for a signature. */
  key_id: keyId.nullable(),
  /** Of the token; none for any other credential. */
  token_id: uuid.nullish(),
});
export type Principal = z.infer<typeof principal>;

/** Who changes a policy, and whether also for others than the own tenant. */
const policyChange = { tenant: tenantName, principal, global: z.boolean() };

export const RPC = {
  'policy.decide': verb({
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
    repeatable: true,
    matches: eachItem(isDecisionOf),
  }),
  'policy.simulate': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: simulateRequest,
    answer: answersOf(simulated),
    repeatable: true,
    matches: isAnswerTo,
  }),
  'policy.explain': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: simulateRequest,
    answer: answersOf(explained),
    repeatable: true,
    matches: isAnswerTo,
  }),
  'policy.active': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName }),
    answer: activePolicy,
    repeatable: true,
    matches: isScopeOf,
  }),
  'policy.publish': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    /** `document` as it was sent, whatever it is; null when it was too large to be read. */
    request: z.strictObject({ ...policyChange, document: z.string().nullable(), strict: z.boolean().optional() }),
    answer: z.object({ bundle: publishedBundle, created: z.boolean() }),
    repeatable: false,
    matches: isBundleOf,
  }),
  'policy.bundles': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, ...page }),
    answer: bundlePage,
    repeatable: true,
    matches: (asked, { bundles }) => isTenantsOwn(asked, bundles),
  }),
  'policy.activate': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: activateRequest.extend({ ...policyChange, version: z.int().min(1) }),
    answer: activated,
    repeatable: false,
    matches: isActivationOf,
  }),
  'policy.shadow': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: shadowRequest.extend({ ...policyChange, version: z.int().min(1) }),
    answer: shadowAnswer,
    repeatable: false,
    matches: isShadowOf,
  }),
  'policy.shadowing': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName }),
    answer: shadowAnswer,
    repeatable: true,
    matches: isShadowOf,
  }),
  'policy.document': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    /** `global`: also one that decides for other tenants alone. */
    request: z.strictObject({ tenant: tenantName, global: z.boolean(), snapshot: digest }),
    answer: policyDocument,
    repeatable: true,
    matches: (asked, { snapshot }) => asked.snapshot === snapshot,
  }),
  'policy.replay': verb({
    service: 'policy-kernel',
    callers: ['ingress'],
    request: z.strictObject({ tenant: tenantName, ask: replayRequest }),
    answer: replayAnswer,
    /** It stores nothing, but works for many seconds before it answers. */
    repeatable: false,
    matches: (asked, answered) =>
      isScopeOf(asked, answered.policy) && answered.from === asked.ask.from && answered.to === asked.ask.to,
  }),
  'scheduler.admit': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({ items: z.array(admitItem).min(1).max(LIMITS.batch_rows) }),
    /** In order, one for each. */
    answer: z.object({ answers: z.array(admitAnswer) }),
    /** The same name with the same body is the same job. */
    repeatable: true,
    matches: eachItem(isAdmissionOf),
  }),
  'scheduler.get': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: jobKey,
    answer: jobView.extend(whatFollows),
    repeatable: true,
    matches: isSameJob,
  }),
  'scheduler.list': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: z.strictObject({
      tenant: tenantName,
      /** Only this actor's jobs; null for all of the tenant's. */
      actor: principalId.nullable(),
      ...jobFilters,
      ...page,
    }),
    answer: z.object({ jobs: z.array(jobView), next_cursor: z.string().nullable() }),
    repeatable: true,
    matches: isFound,
  }),
  'scheduler.cancel': verb({
    service: 'scheduler',
    callers: ['ingress'],
    request: jobKey.extend({ principal, reason: z.string().max(LIMITS.reason_chars).nullable() }),
    answer: jobView,
    repeatable: false,
    matches: isSameJob,
  }),
  ...WORKER_VERBS,
  'output.read': verb({
    service: 'output-safety',
    callers: ['ingress'],
    request: jobKey,
    answer: resultView,
    repeatable: true,
    matches: isSameJob,
  }),
  ...ARTIFACT_VERBS,
  ...AUDIT_VERBS,
  ...WEBHOOK_VERBS,
  ...quarantineVerbs(principal),
  ...approvalVerbs(principal),
  ...reviewVerbs(principal),
  ...stopVerbs(principal),
  ...retentionVerbs(principal),
  ...followUpVerbs(principal),
};

export type RpcVerb = keyof typeof RPC;
export type RpcRequest<V extends RpcVerb> = z.input<(typeof RPC)[V]['request']>;
export type RpcParsed<V extends RpcVerb> = z.output<(typeof RPC)[V]['request']>;
export type RpcAnswer<V extends RpcVerb> = z.output<(typeof RPC)[V]['answer']>;
