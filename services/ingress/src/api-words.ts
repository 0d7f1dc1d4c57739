/**
 * Names, words and examples for the OpenAPI document that no schema holds. The document's lint demands one for each operation, tag,
 * parameter and body, and tries the examples against the schemas.
 */
import type { Route } from './route.ts';

type Json = Record<string, unknown>;

const DIGEST = `sha256:${'3f'.repeat(32)}`;
const UUID = '0198f2c4-5d1e-7a3b-9c2d-1e4f5a6b7c8d';
const CLAIM = '0198f2c4-6000-7abc-8def-0123456789ab';
const KEY = 'kJ3xV0Yq2mC8sT7wB1nD5fG9hL4pR6uZaEcXvNoQiWs';
const NKEY = `U${'A'.repeat(55)}`;
const REASON = { reason: 'reported by the on-call engineer, ticket 4711' };
const READ = { topic: 'job.demo.read', prompt: 'status' };
const CEILING = { topics: ['job.deploy.*'], capabilities: ['infra.write'], environments: ['prod', 'staging'] };
const ATTEMPT = { dispatch_id: UUID, claim_id: CLAIM };

/** By operation; a body that is nothing but a reason needs no line here. */
const EXAMPLES: Readonly<Record<string, Json>> = {
  postJobs: { topic: 'job.deploy.apply', labels: { env: 'prod' }, payload: { service: 'checkout', version: '2.4.2' } },
  postApprovalsApprove: { digest: DIGEST, comment: 'read and agreed' },
  postApprovalsReject: { digest: DIGEST, comment: 'not before the freeze ends' },
  postApprovalsCounterOffer: { digest: DIGEST, change: { labels: { set: { env: 'staging' } } }, ...REASON },
  postApprovalsBreakGlass: { digest: DIGEST, ...REASON },
  postReviewsSign: { outcome: 'accepted', reason: 'read the timeline and the output' },
  postJobsRemediate: { offer_id: 'narrower' },
  postQuarantineRelease: { ...REASON, digest: DIGEST, redact: true },
  postPolicySimulate: READ,
  postPolicyExplain: READ,
  postPolicyReplay: { from: '2026-11-01T00:00:00Z', to: '2026-11-08T00:00:00Z', candidate: { version: 8 } },
  postPolicyBundles: {
    manifest: {
      format: 'countersign/bundle/v1',
      version: 8,
      scope: { tenants: ['default'] },
      not_before: '2026-11-01T00:00:00Z',
      not_after: '2027-11-01T00:00:00Z',
      files: [{ path: 'policy.yaml', sha256: '3f'.repeat(32) }],
    },
    files: { 'policy.yaml': 'default_decision: deny\nrules: []\n' },
    signatures: [{ key_id: 'policy-1', signature: 'A'.repeat(86) }],
  },
  postPolicyBundlesActivate: { scope: 'default' },
  postPolicyBundlesShadow: { scope: 'default', until: '2026-12-01T00:00:00Z' },
  postToken: { scope: ['submit'], expires_in: 300 },
  postDelegations: { to: 'bob', votes_in: 'sre', expires_in: 259_200 },
  postAgents: { id: 'deploy-agent', owner: 'alice', ceiling: CEILING },
  patchAgentsById: { ceiling: { ...CEILING, environments: ['staging'] } },
  postAgentsRotate: { signing_key: KEY, overlap_minutes: 60 },
  postPeople: { id: 'alice', groups: ['sre'] },
  patchPeopleById: { groups: ['sre', 'security'] },
  postGroups: { group: 'sre', members: ['alice', 'bob'] },
  patchGroupsByGroup: { add: ['carol'], remove: ['bob'] },
  postKeys: { principal: 'deploy-agent', role: 'agent', expires_in_days: 30 },
  patchKeysByKeyId: { permissions: ['submit'] },
  postKeysRotate: { overlap_minutes: 60 },
  postWorkers: { pool: 'infra-prod-write', worker: 'w1', public_key: KEY, bus_key: NKEY },
  postWorkersRotate: { signing_key: KEY, overlap_minutes: 60 },
  postBusUsers: { kind: 'agent', nkey: NKEY },
  postTenants: { tenant: 'acme', admin: 'acme-admin' },
  postStops: { kind: 'agent', target: 'deploy-agent', ...REASON, expires_in: 7200 },
  postEntitlementsSignOff: { days: 90, digest: DIGEST },
  postWebhooks: { url: 'https://hooks.example.com/countersign', events: ['approval.opened'] },
  patchRetention: { content: 'payloads', days: 30, ...REASON },
  postHolds: { kind: 'agent', target: 'deploy-agent', ...REASON },
  postErasures: { job_id: UUID, ...REASON },
  postWorkerHello: { nonce: UUID, signature: 'A'.repeat(86) },
  postWorkerClaim: ATTEMPT,
  postWorkerBeat: { attempts: [{ ...ATTEMPT, reported: false }] },
  postWorkerNext: { wait_ms: 20_000 },
  postWorkerArtifactEnd: { ...ATTEMPT, artifact_id: UUID, name: 'report.csv', digest: DIGEST, bytes: 48_211 },
  postWorkerResult: {
    ...ATTEMPT,
    ...{ tenant: 'default', job_id: UUID, attempt: 1, worker: 'w1', status: 'succeeded', retryable: false },
    ...{ output: { deployed: true }, duration_ms: 812, signature: 'A'.repeat(86) },
  },
};

/** By name, or by operation and name where the same name says something else. */
const PARAMETERS: Readonly<Record<string, string>> = {
  active: 'Only those that may still be used.',
  actor: 'Of this agent or person.',
  all: 'Also those that were retried or discarded.',
  approval_id: 'Of the approval.',
  break_glass: 'Only those that were granted by breaking the glass and that nobody has reviewed.',
  chain: 'Of this chain: `job:<tenant>:<job_id>`, `policy:<scope>` and so on.',
  cursor: 'The `next_cursor` of the page before; left out, the first page.',
  days: 'For so many days without a use.',
  decision: 'The last decision about the job.',
  delegation_id: 'Of the delegation.',
  delivery_id: 'Of the delivery.',
  expiring_in_days: 'Only keys that end within so many days.',
  from: 'RFC 3339 in UTC: no earlier than this.',
  'getEvidenceConsistency.from': 'Size of the tree of the earlier checkpoint.',
  'getEvidenceConsistency.to': 'Size of the tree of the later checkpoint.',
  'getEvidencePopulation.from': 'The first leaf that it speaks of; left out, the beginning.',
  'getEvidencePopulation.to': 'The leaf before which it ends at the latest.',
  'getEvidenceEntries.from': 'The first leaf of the page.',
  'getKpis.from': 'First day, in UTC.',
  'getKpis.to': 'Last day, in UTC.',
  grant_id: 'Of the bounded grant.',
  group: 'Name of the group.',
  hold_id: 'Of the legal hold.',
  id: 'Name of the agent or person.',
  job_id: 'Of the job, within the tenant of the credential.',
  key_id: 'Of the API key: what may be shown, not the key.',
  kind: 'Kind of entry.',
  label: '`name=value` of a label that the job carries.',
  leaf_index: 'Place of the entry in the log, from 0.',
  limit: 'Most rows of a page.',
  mine: 'Only those on which the caller may vote.',
  nkey: 'Public key of the NATS user.',
  outcome: 'Only those that were signed off so.',
  pool: 'Name of the pool.',
  principal: 'Only of this agent or person.',
  rule: 'Id of the rule that decided.',
  run: 'Value of the label `run`.',
  since: 'RFC 3339 in UTC: recorded no earlier than this.',
  'getReviews.kind': 'A run that policy marks, or what one person granted alone.',
  review_id: 'Of the review.',
  'getApprovalsEvents.since': 'The place in the log from which on to tell; left out, from its end.',
  snapshot: 'Digest of the policy.',
  state: 'Only those in this state.',
  strict: 'Lints are errors.',
  switch_id: 'Of the stop.',
  tenant: 'Name of the tenant.',
  tenants: '`all` for who may read beyond the own tenant.',
  tile: 'Path of a tile by C2SP tlog-tiles: level, index and, of the last one, its width.',
  to: 'RFC 3339 in UTC: earlier than this.',
  topic: 'A pattern of topics, `*` for one part, at the end for several.',
  'postWorkerResult.topic': 'Topic of the job.',
  'postWorkerArtifact.artifact_id': 'Random, made by the worker for each artifact.',
  'postWorkerArtifact.claim_id': 'Of the claim that was granted.',
  'postWorkerArtifact.dispatch_id': 'Of the attempt.',
  'postWorkerArtifact.part': 'Which part, from 0; each but the last has 1 MiB.',
  digest: 'SHA-256 of the artifact, as its worker named it.',
  tree_size: 'Size of the tree of a signed checkpoint.',
  until: 'RFC 3339 in UTC: recorded before this.',
  version: 'Version of the bundle.',
  wait: 'Seconds to wait for an end or for something new; left out, none.',
  webhook_id: 'Of the webhook.',
  worker: 'Name of the worker within its pool.',
};

/** By the first part of the path. */
const TAGS: Readonly<Record<string, string>> = {
  agents: 'Agents, their ceilings and signing keys',
  approvals: 'Questions to people, votes, bounded grants',
  'bus-users': 'Who is let into NATS',
  'dead-letters': 'Jobs that failed and that somebody has to look at',
  delegations: 'Who may act or vote for whom',
  entitlements: 'Rights that nobody used',
  erasures: 'Content that was asked to be erased',
  evidence: 'The ledger: entries, checkpoints, proofs',
  groups: 'Groups of people',
  holds: 'Legal holds',
  jobs: 'Jobs: submit, search, follow, read',
  keys: 'API keys',
  kpis: 'Rates counted from the ledger',
  people: 'People',
  policies: 'Policies by digest',
  policy: 'The active policy, simulation, bundles, rollout',
  quarantine: 'Outputs that are held back',
  retention: 'How long content is kept',
  reviews: 'What somebody else has to look at and sign off',
  revocations: 'What was revoked',
  session: 'Who the credential is',
  stops: 'Stops',
  tenants: 'Tenants',
  tlog: 'The transparency log as tiles (C2SP)',
  token: 'Short-lived tokens',
  'webhook-deliveries': 'What was sent to webhooks',
  webhooks: 'Webhooks',
  worker: 'The door for workers over HTTP',
  workers: 'Workers',
};

/** `POST /jobs/:id/cancel` → `postJobsCancel`; a parameter counts only at the end: `getJobsByJobId`. */
export function operationIdOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  const parts = path
    .replaceAll(/\{[^}]*\}/g, '')
    .split('/')
    .filter(Boolean);
  const words = parts.flatMap((part, i) => {
    if (!part.startsWith(':')) return [part];
    return i === parts.length - 1 ? ['by', part.slice(1)] : [];
  });
  return (
    method +
    words
      .flatMap((word) => word.split(/[-_.]/))
      .map(capital)
      .join('')
  );
}

/** Undefined where there is none: the lint says so. */
export function exampleOf(operation: string, schema: unknown): Json | undefined {
  const { required = [] } = schema as { required?: string[] };
  return EXAMPLES[operation] ?? (required.every((name) => name === 'reason') ? REASON : undefined);
}

export function parameterWords(operation: string, name: string): string | undefined {
  return PARAMETERS[`${operation}.${name}`] ?? PARAMETERS[name];
}

export function describedTags(used: readonly string[]): Json[] {
  return [...new Set(used)].map((name) => ({ name, description: TAGS[name] }));
}

/** Names that no operation uses any more. For the test alone. */
export function staleWords(operations: ReadonlySet<string>, tags: ReadonlySet<string>): string[] {
  const named = [...Object.keys(EXAMPLES), ...Object.keys(PARAMETERS).flatMap((key) => key.match(/^.+(?=\.)/) ?? [])];
  return [...named.filter((name) => !operations.has(name)), ...Object.keys(TAGS).filter((name) => !tags.has(name))];
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
