/** How answers look to a person. With `--json` they are printed as the API gave them. */
import type { ApiError } from '@countersign/client/api-error';
import type { Submitted } from '@countersign/client/create-client';
import type { ApprovalView } from '@countersign/contracts/approval';
import type { Decision } from '@countersign/contracts/decision';
import type { Explanation, Simulation } from '@countersign/contracts/http';
import type { JobView } from '@countersign/contracts/job';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ResultView } from '@countersign/contracts/output';
import type { RunRecord } from '@countersign/contracts/record';

type Fields = Readonly<Record<string, unknown>>;

/** Controls of both ranges, what turns a line around, what ends one unseen, and what no eye can see. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** Text from outside could move the cursor or reverse the line: such characters are printed as names. */
export const printable = (text: string): string =>
  text.replaceAll(UNSEEN, (unit) =>
    unit === '\n' || unit === '\t' ? unit : `\\u{${unit.codePointAt(0)!.toString(16)}}`,
  );

/** The same value as JSON, in which such characters are escaped. */
export const printableJson = (value: unknown, indent = 0): string =>
  JSON.stringify(value, null, indent).replaceAll(UNSEEN, (unit) =>
    unit === '\n' ? unit : [...utf16(unit)].map((hex) => `\\u${hex}`).join(''),
  );

function* utf16(text: string): Generator<string> {
  for (let i = 0; i < text.length; i++) yield text.charCodeAt(i).toString(16).padStart(4, '0');
}

/** Names and values in two columns; what is empty is left out. */
export const list = (fields: Fields): string => {
  const shown = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown
    .map(([name, value]) => `${name.padEnd(width)}  ${typeof value === 'string' ? value : printableJson(value)}`)
    .join('\n');
};

const pretty = (value: unknown): string => printableJson(value, 2);

export const showSubmitted = (answer: Submitted): string =>
  list({
    job_id: answer.job_id,
    state: answer.state,
    decision: answer.decision,
    rule: answer.rule_id,
    reason: answer.reason,
    policy: `version ${answer.policy_version}, ${answer.policy_snapshot}`,
    remediation: answer.remediation,
    again: answer.replayed ? 'this is the first answer, again' : null,
  });

export const showJob = (job: JobView): string =>
  list({
    job_id: job.job_id,
    topic: job.topic,
    state: job.state,
    reason: job.reason,
    cancelled_because: job.cancel_reason,
    decision: job.decision,
    rule: job.rule_id,
    actor: job.actor,
    approval_id: job.approval_id,
    pool: job.pool,
    attempt: job.attempt,
    created_at: job.created_at,
    updated_at: job.updated_at,
  });

export const showResult = (result: ResultView): string => {
  const { status, output_decision, rule_id, findings, output } = result;
  return `${list({ status, output_decision, rule: rule_id, findings: findings.length > 0 ? findings : null })}\n\n${pretty(output)}`;
};

const row = (entry: ShownEntry): string =>
  `${entry.recorded_at}  ${String(entry.seq).padStart(3)}  ${entry.kind.padEnd(20)}  ${entry.recorded_by}`;
export const showTimeline = (entries: readonly ShownEntry[]): string => entries.map(row).join('\n');

export const showRecord = (record: RunRecord): string => pretty(record);

const approvalRow = (approval: ApprovalView): string =>
  `${approval.approval_id}  ${approval.state.padEnd(8)}  ${approval.topic}  ${approval.requester}  ${approval.reason}`;
export const showApprovals = (approvals: readonly ApprovalView[]): string => approvals.map(approvalRow).join('\n');

export const showApproval = (approval: ApprovalView): string =>
  list({
    approval_id: approval.approval_id,
    state: approval.state,
    job_id: approval.job_id,
    requester: approval.requester,
    owner: approval.owner,
    on_behalf_of: approval.on_behalf_of,
    reason: approval.reason,
    stages: approval.stages,
    votes: approval.votes.map(({ voter, vote }) => `${voter}: ${vote}`).join(', '),
    expires_at: approval.expires_at,
    digest: approval.digest,
    'will run': approval.effective,
  });

const showDecision = (decision: Decision): string =>
  list({
    decision: decision.decision,
    rule: decision.rule_id,
    reason: decision.reason,
    constraints: Object.keys(decision.constraints).length > 0 ? decision.constraints : null,
    obligations: Object.keys(decision.obligations).length > 0 ? decision.obligations : null,
    remediation: decision.remediation,
    findings: decision.findings.length > 0 ? decision.findings : null,
    policy: `version ${decision.policy_version}, ${decision.policy_snapshot}`,
  });

const showPools = ({ pool, failed }: NonNullable<Simulation['pools']>): string =>
  pool === null
    ? ['pool: none takes it, so it would fail', ...failed.map(({ id, says }) => `  ${id}: ${says}`)].join('\n')
    : `pool: ${pool}`;

export const showSimulation = (answer: Simulation): string =>
  [
    ...[answer, ...(answer.then ?? [])].map(showDecision),
    ...(answer.pools == null ? [] : [showPools(answer.pools)]),
    ...(answer.skipped.length > 0 ? [`skipped: ${answer.skipped.join(', ')}`] : []),
  ].join('\n\n');

/** Text to be read aloud: it says itself what was decided, by which rule and why. */
export const showExplanation = (answer: Explanation): string => answer.text;

export const showError = (error: ApiError): string =>
  list({ error: error.code, detail: error.message, at: error.at, trace_id: error.trace_id });
