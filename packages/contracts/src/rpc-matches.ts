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

type DecisionKey = { gate: Gate; request: JobKey; job_hash: string };

type Admission = { request: JobKey; job_hash: string; idempotency_key: string | null };
type Admitted = JobKey & { replayed: boolean; decisions: readonly { job_hash: string }[] };

type Simulated = { effective: JobKey | null };
type Question = { tenant: string; items: readonly { request: JobKey }[] };
type Told = { policy: { scope: string }; answers: readonly Outcome<Simulated>[] };

type Scoped = { tenant: string; scope?: string | undefined };

type Activation = Scoped & { version: number; snapshot?: string | undefined };
type Activated = { version: number; snapshot: string; scopes: readonly { scope: string }[] };

type Filter = { tenant: string; limit?: number | undefined };

type Attempt = { dispatch_id: string; claim_id: string };

type Named = { dispatch_id: string };

type ApprovalKey = { tenant: string; approval_id: string };

export function isSameJob(asked: JobKey, answered: JobKey): boolean {
  return answered.tenant === asked.tenant && answered.job_id === asked.job_id;
}

/** One answer for each item, in order. One that failed says nothing of a job. */
export function eachItem<A, B>(matches: (asked: A, answered: B) => boolean) {
  return ({ items }: Asked<A>, { answers }: Answered<B>): boolean =>
    answers.length === items.length && answers.every((answer, i) => !answer.ok || matches(items[i]!, answer.value));
}

/** Every decision is about this job at this gate, and what would run is this job. */
export function isDecisionOf(asked: DecisionKey, { decisions, rewritten, effective }: DecideAnswer): boolean {
  return (
    decisions.every(({ job_hash, gate }) => job_hash === asked.job_hash && gate === asked.gate) &&
    [rewritten, effective].every((job) => job === null || isSameJob(asked.request, job))
  );
}

/** Under a key the first answer comes again, which may name the job that the first request was given. */
export function isAdmissionOf({ request, job_hash, idempotency_key }: Admission, answered: Admitted): boolean {
  if (answered.replayed && idempotency_key !== null) return answered.tenant === request.tenant;
  if (!isSameJob(request, answered)) return false;
  return answered.replayed || answered.decisions.every((decision) => decision.job_hash === job_hash);
}

export function isAnswerTo(asked: Question, { policy, answers }: Told): boolean {
  return (
    isScopeOf(asked, policy) &&
    eachItem<{ request: JobKey }, Simulated>(
      ({ request }, { effective }) => effective === null || isSameJob(request, effective),
    )(asked, { answers })
  );
}

export function isScopeOf({ tenant }: { tenant: string }, { scope }: { scope: string }): boolean {
  return scope === tenant || scope === EVERYBODY;
}

/** In a scope that was asked for, or in the one of everybody. */
export function isShadowOf(
  { tenant, scope = tenant }: Scoped,
  { shadow }: { shadow: { scope: string } | null },
): boolean {
  return shadow === null || [tenant, scope, EVERYBODY].includes(shadow.scope);
}

export function isActivationOf(asked: Activation, { version, snapshot, scopes }: Activated): boolean {
  return (
    version === asked.version &&
    (asked.snapshot === undefined || snapshot === asked.snapshot) &&
    scopes.some(({ scope }) => [asked.tenant, asked.scope, EVERYBODY].includes(scope))
  );
}

/** Of the document's own version. One that cannot be read is never published. */
export function isBundleOf(
  { document }: { document: string | null },
  { bundle }: { bundle: { version: number } },
): boolean {
  return document !== null && versionOf(document) === bundle.version;
}

/** Each row is the tenant's and has what the named fields of the filter ask for; no more rows than asked for. */
export function isPage<F extends Filter, R extends { tenant: string }>(
  asked: F,
  rows: readonly R[],
  fields: readonly (keyof F & keyof R)[],
): boolean {
  return (
    rows.length <= (asked.limit ?? LIMITS.page_rows) &&
    rows.every((row) => row.tenant === asked.tenant && fields.every((field) => isWanted(asked[field], row[field])))
  );
}

export function isTenantsOwn({ tenant, limit }: Filter, bundles: readonly { tenants: readonly string[] }[]): boolean {
  return (
    bundles.length <= (limit ?? LIMITS.page_rows) &&
    bundles.every(({ tenants }) => tenants.includes(tenant) || tenants.includes(EVERYBODY))
  );
}

export function isChainOf(asked: JobKey, entries: readonly { chain: string }[]): boolean {
  return entries.every(({ chain }) => chain === chainOfJob(asked.tenant, asked.job_id));
}

export function isSameClaim(asked: Attempt, answered: Attempt): boolean {
  return answered.dispatch_id === asked.dispatch_id && answered.claim_id === asked.claim_id;
}

/** An order for each attempt that was named, in order. */
export function isBeatOf(asked: { attempts: readonly Named[] }, answered: { attempts: readonly Named[] }): boolean {
  return (
    answered.attempts.length === asked.attempts.length &&
    answered.attempts.every(({ dispatch_id }, i) => dispatch_id === asked.attempts[i]!.dispatch_id)
  );
}

type ReviewKey = { tenant: string; review_id: string };

export function isSameReview(asked: ReviewKey, answered: ReviewKey): boolean {
  return answered.tenant === asked.tenant && answered.review_id === asked.review_id;
}

export function isSameApproval(asked: ApprovalKey, answered: ApprovalKey): boolean {
  return answered.tenant === asked.tenant && answered.approval_id === asked.approval_id;
}

function versionOf(document: string): unknown {
  try {
    return (JSON.parse(document) as { manifest?: { version?: unknown } } | null)?.manifest?.version;
  } catch {
    return undefined;
  }
}

function isWanted(asked: unknown, answered: unknown): boolean {
  return asked === undefined || asked === null || asked === answered;
}
