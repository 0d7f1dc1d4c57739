/**
 * Whether an answer speaks of what was asked: job, tenant, approval, each item of a batch. Who asked compares before it
 * uses anything, so that no mix-up on the way or in a service becomes somebody else's job, decision or output.
 */
import type { DecideAnswer, Gate } from './decision.ts';
import { chainOfJob } from './ledger-entry.ts';
import { LIMITS } from './limits.ts';

type JobKey = { tenant: string; job_id: string };
type Outcome<T> = { ok: true; value: T } | { ok: false };
type Asked<T> = { items: readonly T[] };
type Answered<T> = { answers: readonly Outcome<T>[] };

/** `*` is the scope of everybody. */
const EVERYBODY = '*';

export const isSameJob = (asked: JobKey, answered: JobKey): boolean =>
  answered.tenant === asked.tenant && answered.job_id === asked.job_id;

/** One answer for each item, in order. One that failed says nothing of a job. */
export const eachItem =
  <A, B>(matches: (asked: A, answered: B) => boolean) =>
  ({ items }: Asked<A>, { answers }: Answered<B>): boolean =>
    answers.length === items.length && answers.every((answer, i) => !answer.ok || matches(items[i]!, answer.value));

type DecisionKey = { gate: Gate; request: JobKey; job_hash: string };

/** Every decision is about this job at this gate, and what would run is this job. */
export const isDecisionOf = (asked: DecisionKey, { decisions, rewritten, effective }: DecideAnswer): boolean =>
  decisions.every(({ job_hash, gate }) => job_hash === asked.job_hash && gate === asked.gate) &&
  [rewritten, effective].every((job) => job === null || isSameJob(asked.request, job));

type Admission = { request: JobKey; job_hash: string; idempotency_key: string | null };
type Admitted = JobKey & { replayed: boolean; decisions: readonly { job_hash: string }[] };

/** Under a key the first answer comes again, which may name the job that the first request was given. */
export const isAdmissionOf = ({ request, job_hash, idempotency_key }: Admission, answered: Admitted): boolean => {
  if (answered.replayed && idempotency_key !== null) return answered.tenant === request.tenant;
  if (!isSameJob(request, answered)) return false;
  return answered.replayed || answered.decisions.every((decision) => decision.job_hash === job_hash);
};

type Simulated = { effective: JobKey | null };
type Question = { tenant: string; items: readonly { request: JobKey }[] };
type Told = { policy: { scope: string }; answers: readonly Outcome<Simulated>[] };

export const isAnswerTo = (asked: Question, { policy, answers }: Told): boolean =>
  isScopeOf(asked, policy) &&
  eachItem<{ request: JobKey }, Simulated>(
    ({ request }, { effective }) => effective === null || isSameJob(request, effective),
  )(asked, { answers });

export const isScopeOf = ({ tenant }: { tenant: string }, { scope }: { scope: string }): boolean =>
  scope === tenant || scope === EVERYBODY;

type Scoped = { tenant: string; scope?: string | undefined };

/** In a scope that was asked for, or in the one of everybody. */
export const isShadowOf = (
  { tenant, scope = tenant }: Scoped,
  { shadow }: { shadow: { scope: string } | null },
): boolean => shadow === null || [tenant, scope, EVERYBODY].includes(shadow.scope);

type Activation = Scoped & { version: number; snapshot?: string | undefined };
type Activated = { version: number; snapshot: string; scopes: readonly { scope: string }[] };

export const isActivationOf = (asked: Activation, { version, snapshot, scopes }: Activated): boolean =>
  version === asked.version &&
  (asked.snapshot === undefined || snapshot === asked.snapshot) &&
  scopes.some(({ scope }) => [asked.tenant, asked.scope, EVERYBODY].includes(scope));

/** Of the document's own version. One that cannot be read is never published. */
export const isBundleOf = (
  { document }: { document: string | null },
  { bundle }: { bundle: { version: number } },
): boolean => document !== null && versionOf(document) === bundle.version;

const versionOf = (document: string): unknown => {
  try {
    return (JSON.parse(document) as { manifest?: { version?: unknown } } | null)?.manifest?.version;
  } catch {
    return undefined;
  }
};

type Filter = { tenant: string; limit?: number | undefined };

/** Each row is the tenant's and has what the named fields of the filter ask for; no more rows than asked for. */
export const isPage = <F extends Filter, R extends { tenant: string }>(
  asked: F,
  rows: readonly R[],
  fields: readonly (keyof F & keyof R)[],
): boolean =>
  rows.length <= (asked.limit ?? LIMITS.page_rows) &&
  rows.every((row) => row.tenant === asked.tenant && fields.every((field) => isWanted(asked[field], row[field])));

const isWanted = (asked: unknown, answered: unknown): boolean =>
  asked === undefined || asked === null || asked === answered;

export const isTenantsOwn = ({ tenant, limit }: Filter, bundles: readonly { tenants: readonly string[] }[]): boolean =>
  bundles.length <= (limit ?? LIMITS.page_rows) &&
  bundles.every(({ tenants }) => tenants.includes(tenant) || tenants.includes(EVERYBODY));

export const isChainOf = (asked: JobKey, entries: readonly { chain: string }[]): boolean =>
  entries.every(({ chain }) => chain === chainOfJob(asked.tenant, asked.job_id));

type Attempt = { dispatch_id: string; claim_id: string };

export const isSameClaim = (asked: Attempt, answered: Attempt): boolean =>
  answered.dispatch_id === asked.dispatch_id && answered.claim_id === asked.claim_id;

type Named = { dispatch_id: string };

/** An order for each attempt that was named, in order. */
export const isBeatOf = (asked: { attempts: readonly Named[] }, answered: { attempts: readonly Named[] }): boolean =>
  answered.attempts.length === asked.attempts.length &&
  answered.attempts.every(({ dispatch_id }, i) => dispatch_id === asked.attempts[i]!.dispatch_id);

type ApprovalKey = { tenant: string; approval_id: string };

export const isSameApproval = (asked: ApprovalKey, answered: ApprovalKey): boolean =>
  answered.tenant === asked.tenant && answered.approval_id === asked.approval_id;
