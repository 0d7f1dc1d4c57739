/** The HTTP API as functions, typed by the contracts that the server parses with. It keeps no state and stores nothing. */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { CounterOffer } from '@countersign/contracts/counter-offer';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import type { GrantPage, GrantView, VoteGrant } from '@countersign/contracts/grant';
import type {
  ApprovalEvents,
  ApprovalPage,
  ApprovalQuery,
  BundleQuery,
  DecisionList,
  DelegationInput,
  DelegationList,
  DelegationView,
  EvidencePage,
  Explanation,
  Explanations,
  GrantQuery,
  JobPage,
  JobQuery,
  PolicyQuestion,
  QuarantinePage,
  QuarantineQuery,
  ShownJob,
  Simulation,
  Simulations,
} from '@countersign/contracts/http';
import type { NewWorker, WorkerView } from '@countersign/contracts/identity';
import type { JobRequestInput, JobView } from '@countersign/contracts/job';
import type { KpiQuery, Kpis } from '@countersign/contracts/kpis';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ResultView } from '@countersign/contracts/output';
import type { BundleDocument } from '@countersign/contracts/policy';
import type {
  Activated,
  ActivateRequest,
  BundlePage,
  PublishedBundle,
  ReplayAnswer,
  ReplayRequest,
  ShadowRequest,
  ShadowView,
} from '@countersign/contracts/policy-rollout';
import type { OpenedOutput, Quarantined, ReleaseRequest } from '@countersign/contracts/quarantine';
import type { RunRecord } from '@countersign/contracts/record';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import { ApiError } from './api-error.ts';
import { type ArtifactClient, artifactClient } from './artifact-client.ts';
import { type EvidenceClient, evidenceClient } from './evidence-client.ts';
import { type FollowUpClient, followUpClient } from './follow-up-client.ts';
import { readEvents } from './read-events.ts';
import { type RegistryClient, registryClient } from './registry-client.ts';
import { type RetentionClient, retentionClient } from './retention-client.ts';
import { type ReviewClient, reviewClient } from './review-client.ts';
import {
  apiUrl,
  type ClientOptions,
  credentialOf,
  errorOf,
  type Outgoing,
  readJson,
  send,
  sendForJson,
} from './send-request.ts';
import { type Submitted, submitJob } from './submit-job.ts';
import { type WebhookClient, webhookClient } from './webhook-client.ts';

export type SubmitOptions = {
  idempotency_key?: string;
  /** Seconds, 20 at most, for which the answer may wait for the job's end. */
  wait_s?: number;
  signal?: AbortSignal;
};

export type { Submitted } from './submit-job.ts';

export type Client = RegistryClient &
  ArtifactClient &
  EvidenceClient &
  FollowUpClient &
  WebhookClient &
  RetentionClient &
  ReviewClient & {
    /** A denial is an outcome. Under the same `idempotency_key` the first answer comes again, so it may be repeated. */
    submit(request: JobRequestInput, options?: SubmitOptions): Promise<Submitted>;
    jobs(query?: JobQuery): Promise<JobPage>;
    job(job_id: string): Promise<ShownJob>;
    /** Of all three gates, newest first. */
    decisions(job_id: string): Promise<DecisionList>;
    /** Oldest first. */
    timeline(job_id: string): Promise<ShownEntry[]>;
    /** Throws ApiError `result_not_ready` or `result_quarantined`. */
    result(job_id: string): Promise<ResultView>;
    record(job_id: string): Promise<RunRecord>;
    /** The job's entries as they are recorded, to the terminal one. `after`: the `seq` that was seen last. */
    events(job_id: string, options?: { after?: number; signal?: AbortSignal }): AsyncGenerator<ShownEntry, void>;
    /** Follows the job to its terminal state. Throws ApiError, or the signal's reason. */
    untilEnded(job_id: string, options?: { signal?: AbortSignal }): Promise<ShownJob>;
    cancel(job_id: string, reason?: string): Promise<JobView>;
    /** Sealed entries in the order of the log. It goes on at `next`; all was looked at when that is `end`. */
    entries(query?: EvidenceQuery): Promise<EvidencePage>;
    approvals(query?: ApprovalQuery): Promise<ApprovalPage>;
    /** What became of approvals from place `since` of the log on, by default from now; the answer waits so many seconds for it. */
    approvalEvents(query?: { since?: number; wait?: number }): Promise<ApprovalEvents>;
    approval(approval_id: string): Promise<ApprovalView>;
    /** `digest` is the approval's own, of what was looked at; `grant`: for so many jobs alike, where the rule allows it. */
    approve(approval_id: string, digest: string, comment?: string, grant?: VoteGrant): Promise<ApprovalView>;
    reject(approval_id: string, digest: string, comment?: string): Promise<ApprovalView>;
    /** Of one state, by default those that wait; newest first, without content. */
    quarantine(query?: QuarantineQuery): Promise<QuarantinePage>;
    quarantined(job_id: string): Promise<Quarantined>;
    /** With the output; recorded each time. */
    openQuarantined(job_id: string, reason: string): Promise<OpenedOutput>;
    /** `digest` is the output's own, of what was opened. Throws ApiError `state_conflict` for whoever has not opened it. */
    releaseQuarantined(job_id: string, release: ReleaseRequest): Promise<Quarantined>;
    discardQuarantined(job_id: string, reason: string): Promise<Quarantined>;
    /** Refuses, and says what would be agreed to instead: the requester may take it as another job. */
    counterOffer(approval_id: string, offer: CounterOffer): Promise<ApprovalView>;
    /** Yeses that were given for several jobs, newest first. */
    grants(query?: GrantQuery): Promise<GrantPage>;
    /** At once, as one of a group that gave it or as an operator. */
    revokeGrant(grant_id: string, reason: string): Promise<GrantView>;
    /** Grants alone, where the rule lets the caller's group do so; `signReview` is for somebody else. */
    breakGlass(approval_id: string, digest: string, reason: string): Promise<ApprovalView>;
    /** Takes the own question back, or that of an agent that the caller answers for. */
    withdraw(approval_id: string, reason?: string): Promise<ApprovalView>;
    /** Whom the caller lets act or vote in its place, and who lets the caller. */
    delegations(): Promise<DelegationList>;
    delegate(given: DelegationInput): Promise<DelegationView>;
    endDelegation(delegation_id: string, reason: string): Promise<void>;
    /** Of some days in UTC, both included; by default the last thirty. */
    kpis(query?: KpiQuery): Promise<Kpis>;
    simulate(request: JobRequestInput): Promise<Simulation>;
    explain(request: JobRequestInput): Promise<Explanation>;
    /** Several at once, or under a candidate instead of the active policy. One that is refused spoils no other. */
    simulateAll(question: PolicyQuestion): Promise<Simulations>;
    explainAll(question: PolicyQuestion): Promise<Explanations>;
    policy(): Promise<RpcAnswer<'policy.active'>>;
    /** Newest first. */
    bundles(query?: BundleQuery): Promise<BundlePage>;
    /** Changes nothing yet. Publishing the same document again gives the same answer. */
    publishBundle(document: BundleDocument, query?: { strict?: true }): Promise<PublishedBundle>;
    activateBundle(version: number, request?: ActivateRequest): Promise<Activated>;
    /** The shadow policy, which affects nothing; null without one. */
    shadow(): Promise<ShadowView | null>;
    /** `until` null ends it. */
    setShadow(version: number, request: ShadowRequest): Promise<ShadowView | null>;
    /** Registers a worker by the public halves of its keys. Throws ApiError `identity_conflict` when a name or key is taken. */
    createWorker(worker: NewWorker): Promise<WorkerView>;
    /** Decides the jobs of a window again; stores nothing. */
    replay(request: ReplayRequest): Promise<ReplayAnswer>;
  };

type Shadowing = { shadow: ShadowView | null };

const RETRY_MS = 1_000;

/** Throws TypeError when the url is none that an API can have, or there is not exactly one credential. */
export function createClient(options: ClientOptions): Client {
  apiUrl(options.url);
  credentialOf(options);
  const get = <T>(path: string, query: Outgoing['query'] = {}): Promise<T> =>
    sendForJson<T>(options, { method: 'GET', path, query });
  const post = <T>(path: string, body: unknown): Promise<T> => sendForJson<T>(options, { method: 'POST', path, body });
  const job = (job_id: string, part = ''): string => `/jobs/${encodeURIComponent(job_id)}${part}`;
  const quarantined = (job_id: string, part = ''): string => `/quarantine/${encodeURIComponent(job_id)}${part}`;
  const vote = (
    approval_id: string,
    cast: 'approve' | 'reject',
    cast_for: { digest: string; comment?: string | undefined; grant?: VoteGrant | undefined },
  ) => post<ApprovalView>(`/approvals/${encodeURIComponent(approval_id)}/${cast}`, cast_for);

  const client: Client = {
    ...registryClient(options),
    ...artifactClient(options),
    ...evidenceClient(options),
    ...followUpClient(options),
    ...webhookClient(options),
    ...retentionClient(options),
    ...reviewClient(options),
    submit: (body, { idempotency_key, wait_s, signal } = {}) => {
      const headers: Record<string, string> =
        idempotency_key === undefined ? {} : { 'idempotency-key': idempotency_key };
      const query = wait_s === undefined ? {} : { wait: wait_s };
      const asked = { method: 'POST', path: '/jobs', headers, query, body } as const;
      return submitJob(options, signal === undefined ? asked : { ...asked, signal });
    },
    jobs: (query = {}) => get('/jobs', query as Outgoing['query']),
    job: (job_id) => get(job(job_id)),
    decisions: (job_id) => get(job(job_id, '/decisions')),
    timeline: (job_id) => get(job(job_id, '/timeline')),
    result: (job_id) => get(job(job_id, '/result')),
    record: (job_id) => get(job(job_id, '/record')),
    events: (job_id, { after, signal } = {}) => streamEvents(options, job_id, after, signal),
    untilEnded: (job_id, { signal } = {}) => followToEnd(client, job_id, signal),
    cancel: (job_id, reason) => post(job(job_id, '/cancel'), { reason }),
    entries: (query = {}) => get('/evidence/entries', query as Outgoing['query']),
    approvals: (query = {}) => get('/approvals', query as Outgoing['query']),
    approvalEvents: (query = {}) => get('/approvals/events', query),
    approval: (approval_id) => get(`/approvals/${encodeURIComponent(approval_id)}`),
    approve: (approval_id, digest, comment, grant) => vote(approval_id, 'approve', { digest, comment, grant }),
    reject: (approval_id, digest, comment) => vote(approval_id, 'reject', { digest, comment }),
    counterOffer: (approval_id, offer) => post(`/approvals/${encodeURIComponent(approval_id)}/counter-offer`, offer),
    grants: (query = {}) => get('/approvals/grants', query as Outgoing['query']),
    revokeGrant: (grant_id, reason) => post(`/approvals/grants/${encodeURIComponent(grant_id)}/revoke`, { reason }),
    quarantine: (query = {}) => get('/quarantine', query as Outgoing['query']),
    quarantined: (job_id) => get(quarantined(job_id)),
    openQuarantined: (job_id, reason) => post(quarantined(job_id, '/open'), { reason }),
    releaseQuarantined: (job_id, release) => post(quarantined(job_id, '/release'), release),
    discardQuarantined: (job_id, reason) => post(quarantined(job_id, '/discard'), { reason }),
    breakGlass: (approval_id, digest, reason) =>
      post(`/approvals/${encodeURIComponent(approval_id)}/break-glass`, { digest, reason }),
    delegations: () => get('/delegations'),
    delegate: (given) => post('/delegations', given),
    endDelegation: (delegation_id, reason) =>
      post(`/delegations/${encodeURIComponent(delegation_id)}/revoke`, { reason }),
    withdraw: (approval_id, reason) => post(`/approvals/${encodeURIComponent(approval_id)}/withdraw`, { reason }),
    kpis: (query = {}) => get('/kpis', query),
    simulate: (request) => post('/policy/simulate', request),
    explain: (request) => post('/policy/explain', request),
    simulateAll: (question) => post('/policy/simulate', question),
    explainAll: (question) => post('/policy/explain', question),
    policy: () => get('/policy'),
    bundles: (query = {}) => get('/policy/bundles', query as Outgoing['query']),
    publishBundle: (document, query) =>
      post(`/policy/bundles${query?.strict === true ? '?strict=true' : ''}`, document),
    activateBundle: (version, request = {}) => post(`/policy/bundles/${version}/activate`, request),
    shadow: async () => (await get<Shadowing>('/policy/shadow')).shadow,
    setShadow: async (version, request) => (await post<Shadowing>(`/policy/bundles/${version}/shadow`, request)).shadow,
    replay: (request) => post('/policy/replay', request),
    createWorker: (worker) => post('/workers', worker),
  };
  return client;
}

async function* streamEvents(options: ClientOptions, job_id: string, after?: number, signal?: AbortSignal) {
  const response = await send(options, {
    method: 'GET',
    path: `/jobs/${encodeURIComponent(job_id)}/events`,
    headers: after === undefined ? {} : { 'last-event-id': String(after) },
    // A stream is as long as its job: only the caller ends it early.
    signal: signal ?? new AbortController().signal,
  });
  // There is nothing more to come.
  if (response.status === 204) return;
  if (!response.ok || response.body === null) throw errorOf(response, await readJson(response));
  yield* readEvents(response.body);
}

/** A stream that breaks off says nothing about the job: what counts is the job itself. */
async function followToEnd(client: Client, job_id: string, signal?: AbortSignal): Promise<ShownJob> {
  for (;;) {
    signal?.throwIfAborted();
    try {
      for await (const _ of client.events(job_id, signal ? { signal } : {}));
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status >= 400 && thrown.status < 500) throw thrown;
    }
    signal?.throwIfAborted();
    const job = await client.job(job_id);
    if (isTerminal(job.state)) return job;
    await pause(RETRY_MS, signal);
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    const giveUp = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', giveUp, { once: true });
  });
}
