/**
 * Every field that a door takes, and the file in which it comes to bear. What nothing does is refused or not offered; what
 * is only kept for later says so in `later`. `accepted-fields.test.ts` holds this table to the API's own description.
 */

/** Where a field comes to bear: a file that names it. */
type Done = { field: string; in: string };

/** Of a job request, over HTTP, in a question to the policy, and signed on the bus. */
const REQUEST_FIELDS: readonly Done[] = [
  { field: 'job_id', in: 'services/ingress/src/prepare-job.ts' },
  { field: 'topic', in: 'packages/policy/src/read-subject.ts' },
  { field: 'tenant', in: 'services/ingress/src/prepare-job.ts' },
  { field: 'prompt', in: 'packages/policy/src/read-subject.ts' },
  { field: 'payload', in: 'packages/policy/src/read-subject.ts' },
  { field: 'labels', in: 'packages/policy/src/match-subject.ts' },
  { field: 'meta.capability', in: 'packages/policy/src/check-ceiling.ts' },
  { field: 'meta.risk_tags', in: 'packages/policy/src/match-subject.ts' },
  { field: 'meta.requires', in: 'packages/policy/src/choose-pool.ts' },
  { field: 'on_behalf_of', in: 'services/ingress/src/prove-chain.ts' },
  { field: 'compensation.topic', in: 'packages/policy/src/check-compensation.ts' },
  { field: 'compensation.payload', in: 'packages/policy/src/check-compensation.ts' },
  { field: 'priority', in: 'services/scheduler/src/dispatch/store-dispatch.ts' },
  { field: 'deadline_ms', in: 'services/scheduler/src/admit/store-admissions.ts' },
];

/** Of a signed bundle's document, also as a candidate. */
const BUNDLE_FIELDS: readonly Done[] = [
  { field: 'manifest.format', in: 'packages/contracts/src/policy.ts' },
  { field: 'manifest.version', in: 'services/policy-kernel/src/activate-scopes.ts' },
  { field: 'manifest.scope.tenants', in: 'services/policy-kernel/src/activate-scopes.ts' },
  { field: 'manifest.not_before', in: 'packages/policy/src/verify-bundle.ts' },
  { field: 'manifest.not_after', in: 'packages/policy/src/verify-bundle.ts' },
  { field: 'manifest.files.path', in: 'packages/policy/src/verify-bundle.ts' },
  { field: 'manifest.files.sha256', in: 'packages/policy/src/verify-bundle.ts' },
  { field: 'files', in: 'packages/policy/src/verify-bundle.ts' },
  { field: 'signatures.key_id', in: 'packages/ledger/src/count-signatures.ts' },
  { field: 'signatures.signature', in: 'packages/ledger/src/count-signatures.ts' },
];

const CANDIDATE: readonly Done[] = [
  { field: 'candidate.version', in: 'services/policy-kernel/src/open-candidate.ts' },
  { field: 'candidate.files', in: 'services/policy-kernel/src/open-candidate.ts' },
  ...under('candidate.bundle', BUNDLE_FIELDS),
];
const QUESTION: readonly Done[] = [...REQUEST_FIELDS, ...under('requests', REQUEST_FIELDS), ...CANDIDATE];
const PAGE: readonly Done[] = [
  { field: 'cursor', in: 'services/scheduler/src/view/read-jobs.ts' },
  { field: 'limit', in: 'services/scheduler/src/view/read-jobs.ts' },
];
const LETTER_PAGE: readonly Done[] = PAGE.map(({ field }) => ({
  field,
  in: 'services/scheduler/src/follow/serve-follow-ups.ts',
}));
const VOTE: readonly Done[] = [
  { field: 'digest', in: 'services/approval/src/judge-vote.ts' },
  { field: 'comment', in: 'services/approval/src/store.ts' },
];

/** By operation: body fields and query parameters. */
export const ACCEPTED: Readonly<Record<string, readonly Done[]>> = {
  'post /token': [
    { field: 'scope', in: 'services/ingress/src/issue-token.ts' },
    { field: 'expires_in', in: 'services/ingress/src/issue-token.ts' },
    { field: 'audience', in: 'services/ingress/src/issue-token.ts' },
    { field: 'on_behalf_of', in: 'services/ingress/src/issue-token.ts' },
  ],
  'post /delegations': [
    { field: 'to', in: 'services/ingress/src/delegation-routes.ts' },
    { field: 'votes_in', in: 'services/ingress/src/delegation-routes.ts' },
    { field: 'expires_in', in: 'services/ingress/src/delegation-routes.ts' },
  ],
  'post /delegations/{delegation_id}/revoke': [{ field: 'reason', in: 'services/ingress/src/delegation-routes.ts' }],
  'post /jobs': [...REQUEST_FIELDS, { field: 'wait', in: 'services/ingress/src/job-routes.ts' }],
  'get /jobs': [
    { field: 'actor', in: 'services/ingress/src/job-routes.ts' },
    { field: 'decision', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'from', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'label', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'pool', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'rule', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'run', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'state', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'to', in: 'services/scheduler/src/view/store-search.ts' },
    { field: 'topic', in: 'services/scheduler/src/view/store-search.ts' },
    ...PAGE,
  ],
  'post /jobs/{job_id}/remediate': [
    { field: 'offer_id', in: 'services/scheduler/src/follow/prepare-follow-up.ts' },
    { field: 'request', in: 'services/scheduler/src/follow/prepare-follow-up.ts' },
  ],
  'get /dead-letters': [{ field: 'all', in: 'services/ingress/src/follow-up-routes.ts' }, ...LETTER_PAGE],
  'post /dead-letters/{job_id}/discard': [
    { field: 'reason', in: 'services/scheduler/src/follow/store-dead-letters.ts' },
  ],
  'post /jobs/{job_id}/cancel': [{ field: 'reason', in: 'services/scheduler/src/view/cancel-job.ts' }],
  'get /approvals': [
    { field: 'state', in: 'services/approval/src/store.ts' },
    { field: 'job_id', in: 'services/approval/src/store.ts' },
    { field: 'mine', in: 'services/ingress/src/approval-routes.ts' },
    { field: 'cursor', in: 'services/approval/src/show-approvals.ts' },
    { field: 'limit', in: 'services/approval/src/show-approvals.ts' },
  ],
  'get /reviews': [
    ...['state', 'kind', 'outcome', 'job_id'].map((field) => ({ field, in: 'services/approval/src/store-reviews.ts' })),
    ...['cursor', 'limit'].map((field) => ({ field, in: 'services/approval/src/sign-reviews.ts' })),
  ],
  'post /reviews/{review_id}/sign': [
    { field: 'outcome', in: 'services/approval/src/sign-reviews.ts' },
    { field: 'reason', in: 'services/approval/src/sign-reviews.ts' },
  ],
  'get /approvals/events': [
    { field: 'since', in: 'services/ingress/src/approval-events.ts' },
    { field: 'wait', in: 'services/ingress/src/approval-events.ts' },
  ],
  'get /approvals/grants': [
    { field: 'active', in: 'services/approval/src/store-grants.ts' },
    { field: 'cursor', in: 'services/approval/src/give-grant.ts' },
    { field: 'limit', in: 'services/approval/src/give-grant.ts' },
  ],
  'post /approvals/grants/{grant_id}/revoke': [{ field: 'reason', in: 'services/approval/src/store-grants.ts' }],
  'post /approvals/{approval_id}/approve': [
    ...VOTE,
    { field: 'grant.minutes', in: 'services/approval/src/grant-terms.ts' },
    { field: 'grant.uses', in: 'services/approval/src/grant-terms.ts' },
  ],
  'post /approvals/{approval_id}/reject': VOTE,
  'post /approvals/{approval_id}/counter-offer': [
    { field: 'change.capability', in: 'packages/policy/src/apply-remediation.ts' },
    ...['max_affected', 'max_attempts', 'max_output_bytes', 'timeout_ms', 'worker'].map((bound) => ({
      field: `change.constraints.${bound}`,
      in: 'packages/policy/src/effects.ts',
    })),
    { field: 'change.labels.remove', in: 'packages/policy/src/apply-remediation.ts' },
    { field: 'change.labels.set', in: 'packages/policy/src/apply-remediation.ts' },
    { field: 'change.payload', in: 'packages/policy/src/apply-remediation.ts' },
    { field: 'change.topic', in: 'packages/policy/src/apply-remediation.ts' },
    { field: 'digest', in: 'services/approval/src/counter-offer.ts' },
    { field: 'reason', in: 'services/approval/src/counter-offer.ts' },
  ],
  'post /approvals/{approval_id}/break-glass': [
    { field: 'digest', in: 'services/approval/src/break-glass.ts' },
    { field: 'reason', in: 'services/approval/src/break-glass.ts' },
  ],
  'post /approvals/{approval_id}/review': [{ field: 'comment', in: 'services/approval/src/break-glass.ts' }],
  'post /approvals/{approval_id}/withdraw': [{ field: 'reason', in: 'services/approval/src/withdraw-approval.ts' }],
  'post /policy/simulate': QUESTION,
  'post /policy/explain': QUESTION,
  'post /policy/replay': [
    ...CANDIDATE,
    { field: 'from', in: 'services/policy-kernel/src/replay-history.ts' },
    { field: 'to', in: 'services/policy-kernel/src/replay-history.ts' },
    { field: 'limit', in: 'services/policy-kernel/src/replay-history.ts' },
  ],
  'post /policy/bundles': [...BUNDLE_FIELDS, { field: 'strict', in: 'services/policy-kernel/src/groups-in-want.ts' }],
  'get /policy/bundles': [
    { field: 'cursor', in: 'services/policy-kernel/src/list-bundles.ts' },
    { field: 'limit', in: 'services/policy-kernel/src/list-bundles.ts' },
  ],
  'post /policy/bundles/{version}/activate': [
    { field: 'strict', in: 'services/policy-kernel/src/groups-in-want.ts' },
    { field: 'scope', in: 'services/policy-kernel/src/activate-bundle.ts' },
    { field: 'snapshot', in: 'services/policy-kernel/src/activate-bundle.ts' },
  ],
  'post /policy/bundles/{version}/shadow': [
    { field: 'scope', in: 'services/policy-kernel/src/set-shadow.ts' },
    { field: 'until', in: 'services/policy-kernel/src/set-shadow.ts' },
  ],
};

/** Headers that a route reads for itself. */
export const HEADERS: readonly Done[] = [
  { field: 'Idempotency-Key', in: 'services/ingress/src/job-routes.ts' },
  { field: 'Last-Event-ID', in: 'services/ingress/src/job-routes.ts' },
];

function under(prefix: string, fields: readonly Done[]): Done[] {
  return fields.map((each) => ({ ...each, field: `${prefix}.${each.field}` }));
}
