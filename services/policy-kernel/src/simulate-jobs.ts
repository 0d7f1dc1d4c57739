/**
 * Answers `rpc.policy.simulate` and `rpc.policy.explain`: the same code path as enforcement, at the submit gate, storing
 * nothing. The decision ids belong to no job.
 */
import type { LimitUsed } from '@countersign/contracts/counted-limits';
import { type DecideItem, finalDecision, type Judged } from '@countersign/contracts/decision';
import { CountersignError, type Failure } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { AskedPolicy } from '@countersign/contracts/policy-rollout';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { JOB_DOMAIN, saltedDigest } from '@countersign/ledger/digest';
import { monotonicMs, nowInstant } from '@countersign/platform/clock';
import { randomSalt } from '@countersign/platform/ids';
import type { DecideOutcome } from '@countersign/policy/decide';
import { seePools } from '@countersign/policy-author/see-pools';
import { type ActivePolicies, policyFor } from './active-policies.ts';
import type { CountLimits } from './count-limits.ts';
import { type Asked, decideUnder, type When } from './decide-under.ts';
import { explainUnder } from './explain-under.ts';
import { inSlices } from './in-slices.ts';
import type { OpenCandidate } from './open-candidate.ts';
import { type ReadRuns, readRun } from './read-runs.ts';
import type { Scans } from './scan-apart.ts';

type Question = RpcParsed<'policy.simulate'>;
export type AskParts = {
  policies: ActivePolicies;
  openCandidate: OpenCandidate;
  scans: Pick<Scans, 'decide'>;
  counts: CountLimits;
  readRuns: ReadRuns;
};
type Outcome<T> = { ok: true; value: T } | { ok: false; error: Failure };

export async function simulateJobs(parts: AskParts, question: Question): Promise<RpcAnswer<'policy.simulate'>> {
  const { policy, asked } = await policyAsked(parts, question);
  const answer = async (item: DecideItem) => {
    const when = await whenOf(parts, asked, item);
    const outcome = await parts.scans.decide(item.gate, (scans) => decideUnder(asked, item, { ...when, scans }));
    return withCounts(answerOf(asked, outcome), policy, parts.counts);
  };
  return { policy, answers: await inBounds(question.items, answer) };
}

export async function explainJobs(parts: AskParts, question: Question): Promise<RpcAnswer<'policy.explain'>> {
  const { policy, asked } = await policyAsked(parts, question);
  const answer = async (item: DecideItem) => {
    const when = await whenOf(parts, asked, item);
    const explained = await parts.scans.decide(item.gate, (scans) => explainUnder(asked, item, { ...when, scans }));
    const { outcome, ...told } = explained;
    const counted = await withCounts(answerOf(asked, outcome), policy, parts.counts);
    return { ...counted, ...told, text: [told.text, ...counted.counts.map(tellCount)].join('\n') };
  };
  return { policy, answers: await inBounds(question.items, answer) };
}

export async function policyAsked(
  { policies, openCandidate }: Pick<AskParts, 'policies' | 'openCandidate'>,
  { tenant, candidate }: Pick<Question, 'tenant' | 'candidate'>,
): Promise<{ policy: AskedPolicy; asked: Asked }> {
  if (candidate !== null) {
    const { asked: policy, ...asked } = await openCandidate(tenant, candidate);
    return { policy, asked };
  }
  const active = policyFor(policies, tenant);
  const { scope, version, snapshot, epoch } = active;
  return { policy: { scope, version, snapshot, epoch }, asked: active };
}

async function whenOf({ readRuns }: AskParts, { policy }: Asked, item: DecideItem): Promise<When> {
  const history = await readRun(readRuns, policy, item);
  return { now: nowInstant(), simulation: true, ...(history !== undefined && { history }) };
}

/** Throws what a submitter would be told, e.g. `facts_contradicted`. */
function answerOf({ policy }: Asked, outcome: DecideOutcome) {
  if (!outcome.ok) {
    const { code, detail, at } = outcome.failure;
    throw new CountersignError(code, detail, { at });
  }
  const { decisions, effective } = outcome.answer;
  return { decisions, effective, pools: seePools(policy.pools, effective), skipped: outcome.skipped };
}

async function withCounts<T extends Pick<Judged, 'decisions'>>(
  answer: T,
  { scope }: AskedPolicy,
  counts: CountLimits,
): Promise<T & { counts: LimitUsed[] }> {
  return { ...answer, counts: await counts(scope, finalDecision(answer)) };
}

function tellCount({ id, used, most }: LimitUsed): string {
  return `Of the limit ${id}, ${used} of ${most} are used now.`;
}

/** Each item for itself; once the answers fill a message, the rest is told to come in smaller numbers. */
function inBounds<T>(items: Question['items'], answer: (item: DecideItem) => Promise<T>): Promise<Outcome<T>[]> {
  let room: number = LIMITS.answer_bytes;
  const started = monotonicMs();
  return inSlices(items, async (item): Promise<Outcome<T>> => {
    try {
      // Nobody waits for what comes later.
      if (monotonicMs() - started > LIMITS.decide_ms) throw new CountersignError('overloaded');
      const value = await answer(itemOf(item));
      room -= Buffer.byteLength(JSON.stringify(value));
      if (room < 0) throw new CountersignError('json_too_large', 'the answers grow too long; ask for fewer at once');
      return { ok: true, value };
    } catch (thrown) {
      if (thrown instanceof CountersignError) return { ok: false, error: thrown.toFailure() };
      throw thrown;
    }
  });
}

function itemOf({ request, actor }: Question['items'][number]): DecideItem {
  const salt = randomSalt();
  const text = canonicalize({ actor: actor.id, request });
  const job_hash = saltedDigest(JOB_DOMAIN, Buffer.from(salt, 'base64url'), text);
  return { gate: 'submit', request, actor, job_hash, salt, min_epoch: 0 };
}
