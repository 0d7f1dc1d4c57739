/** How answers look to a person. With `--json` they are printed as the API gave them. */
import type { ApiError } from '@countersign/client/api-error';
import type { Submitted } from '@countersign/client/create-client';
import type { Decision } from '@countersign/contracts/decision';
import type { Explanation, ShownJob, Simulation } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ResultView } from '@countersign/contracts/output';
import { printableJson } from '@countersign/contracts/printable';
import type { RunRecord } from '@countersign/contracts/record';

type Fields = Readonly<Record<string, unknown>>;

/** Names and values in two columns; what is empty is left out. */
export function list(fields: Fields): string {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => `${name.padEnd(width)}  ${typeof value === 'string' ? value : printableJson(value)}`)
    .join('\n');
}

export function showSubmitted(answer: Submitted): string {
  return list({
    job_id: answer.job_id,
    state: answer.state,
    decision: answer.decision,
    rule: answer.rule_id,
    reason: answer.reason,
    policy: `version ${answer.policy_version}, ${answer.policy_snapshot}`,
    remediation: answer.remediation,
    again: answer.replayed ? 'this is the first answer, again' : null,
  });
}

export function showJob(job: JobView | ShownJob): string {
  return list({
    job_id: job.job_id,
    topic: job.topic,
    state: job.state,
    reason: job.reason,
    cancelled_because: job.cancel_reason,
    decision: job.decision,
    rule: job.rule_id,
    actor: job.actor,
    waiting_for: 'waiting_for' in job && job.waiting_for ? job.waiting_for : null,
    approval_id: job.approval_id,
    'on offer': offersOf(job),
    review: reviewOf(job),
    pool: job.pool,
    attempt: job.attempt,
    created_at: job.created_at,
    updated_at: job.updated_at,
  });
}

/** The change alone: everything that it does not name stays as it was. */
function reviewOf(job: JobView | ShownJob): string | null {
  const review = 'review' in job ? job.review : undefined;
  if (review === undefined) return null;
  const { state, review_id, outcome, signed_by } = review;
  if (state === 'due') return 'to be signed off once it has ended';
  return `${review_id} ${state === 'open' ? 'open' : `${outcome} by ${signed_by}`}`;
}

function offersOf(job: JobView | ShownJob): string | null {
  const offers = 'offers' in job ? (job.offers ?? []) : [];
  const lines = offers.map(
    ({ offer_id, offered_by, reason, remediation: { id: _, applied: __, ...change }, taken_as }) => {
      const by = offered_by === null ? 'the policy' : offered_by;
      return `${offer_id} by ${by}: ${printableJson(reason)}; ${printableJson(change)}${taken_as === null ? '' : `; taken: ${taken_as}`}`;
    },
  );
  return lines.length === 0 ? null : lines.join('\n  ');
}

export function showResult(result: ResultView): string {
  const { status, output_decision, rule_id, findings, output } = result;
  return `${list({ status, output_decision, rule: rule_id, findings: findings.length > 0 ? findings : null })}\n\n${pretty(output)}`;
}

export function showTimeline(entries: readonly ShownEntry[]): string {
  return entries.map(row).join('\n');
}

export function showRecord(record: RunRecord): string {
  return pretty(record);
}

export function showSimulation(answer: Simulation): string {
  return [
    ...[answer, ...(answer.then ?? [])].map(showDecision),
    ...(answer.pools == null ? [] : [showPools(answer.pools)]),
    ...(answer.skipped.length > 0 ? [`skipped: ${answer.skipped.join(', ')}`] : []),
  ].join('\n\n');
}

/** Text to be read aloud: it says itself what was decided, by which rule and why. */
export function showExplanation(answer: Explanation): string {
  return answer.text;
}

export function showError(error: ApiError): string {
  return list({ error: error.code, detail: error.message, at: error.at, trace_id: error.trace_id });
}

function pretty(value: unknown): string {
  return printableJson(value, 2);
}

function row(entry: ShownEntry): string {
  return `${entry.recorded_at}  ${String(entry.seq).padStart(3)}  ${entry.kind.padEnd(20)}  ${entry.recorded_by}`;
}

function showDecision(decision: Decision): string {
  return list({
    decision: decision.decision,
    rule: decision.rule_id,
    reason: decision.reason,
    constraints: Object.keys(decision.constraints).length > 0 ? decision.constraints : null,
    obligations: Object.keys(decision.obligations).length > 0 ? decision.obligations : null,
    remediation: decision.remediation,
    findings: decision.findings.length > 0 ? decision.findings : null,
    policy: `version ${decision.policy_version}, ${decision.policy_snapshot}`,
  });
}

function showPools({ pool, failed }: NonNullable<Simulation['pools']>): string {
  return pool === null
    ? ['pool: none takes it, so it would fail', ...failed.map(({ id, says }) => `  ${id}: ${says}`)].join('\n')
    : `pool: ${pool}`;
}
