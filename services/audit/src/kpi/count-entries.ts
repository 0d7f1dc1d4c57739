/**
 * Counts what entries say, by tenant and day (UTC): decisions at the submit gate, outputs, ends, open fail modes; and names the
 * approvals and remediations whose end is to come. Pure: the same entries give the same counts.
 */
import { isTerminal, JOB_STATES, type JobState } from '@countersign/contracts/states';
import type { EvidenceBody } from '../read-evidence.ts';
import { decisionsIn, readEvidence } from '../read-evidence.ts';
import type { StoredEntry } from '../store.ts';

/** What `parts` are: capability, environment and decision; topic and decision; state; gate; remediation and what came of it. */
type Measure = 'submit' | 'output' | 'ended' | 'fail_open' | 'remediated' | 'record' | 'missing';
export type Counted = {
  tenant: string;
  day: string;
  measure: Measure;
  parts: readonly (string | null)[];
  count: number;
};
export type OpenedApproval = { approval_id: string; tenant: string; groups: string[]; opened_us: number };
export type ClosedApproval = { approval_id: string; closed_us: number; outcome: string };
export type EndedJob = { chain: string; tenant: string; job_id: string; day: string; state: string };
export type Counts = {
  counted: Counted[];
  opened: OpenedApproval[];
  closed: ClosedApproval[];
  /** Jobs that were rewritten at the submit gate, by chain. */
  remediated: Map<string, string>;
  ended: EndedJob[];
};

/** Those of jobs alone: what else the ledger holds is no job's doing. */
export function countEntries(entries: readonly StoredEntry[]): Counts {
  const tally = new Tally();
  const counts: Omit<Counts, 'counted'> = { opened: [], closed: [], remediated: new Map(), ended: [] };
  for (const { entry, body } of readEvidence(entries.filter(mayCount))) {
    const at = { tenant: entry.tenant ?? '', day: dayOf(entry.time_us) };
    if (entry.kind.startsWith('approval_')) noteApproval(counts, entry, body);
    if (entry.kind === 'output_screened')
      tally.add({ ...at, measure: 'output', parts: [entry.topic, body.output_decision ?? null] });
    countDecisions(tally, counts, { entry, body }, at);
    const end = endOf(entry, body);
    if (end === null) continue;
    tally.add({ ...at, measure: 'ended', parts: [end] });
    counts.ended.push({ ...at, chain: entry.chain, job_id: entry.chain.split(':').slice(2).join(':'), state: end });
  }
  return { ...counts, counted: tally.counted() };
}

/** By what is known of an entry before its body is read, which takes most of the time. */
function mayCount({ chain, seq, kind, body }: StoredEntry): boolean {
  if (!chain.startsWith('job:')) return false;
  if (seq === 1 || COUNTED.test(kind) || isTerminalState(kind.slice('job_'.length))) return true;
  return body.includes('"fail_mode":"open"');
}

/** Counts of the same thing become one. */
export class Tally {
  readonly #counts = new Map<string, Counted>();

  add(one: Omit<Counted, 'count'>, by = 1): void {
    const key = JSON.stringify([one.tenant, one.day, one.measure, one.parts]);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { ...one, count: by });
    else known.count += by;
  }

  counted(): Counted[] {
    return [...this.#counts.values()];
  }
}

const COUNTED = /^(approval_|output_screened$)/;

type At = { tenant: string; day: string };
type Entry = { entry: StoredEntry; body: EvidenceBody };

function countDecisions(tally: Tally, counts: Omit<Counts, 'counted'>, { entry, body }: Entry, at: At): void {
  const decisions = decisionsIn({ entry, body }, new Set());
  for (const { gate, fail_mode } of decisions) {
    if (fail_mode === 'open') tally.add({ ...at, measure: 'fail_open', parts: [gate] });
  }
  // A denial at dispatch is about a job that was counted when it was admitted.
  const made = decisions.filter(({ gate }) => gate === 'submit');
  if (entry.seq !== 1 || made.length === 0) return;
  for (const { decision } of made)
    tally.add({ ...at, measure: 'submit', parts: [body.capability ?? null, body.environment ?? null, decision] });
  const applied = made.find(({ decision, remediation }) => decision === 'remediate' && remediation !== null);
  if (applied === undefined) return;
  counts.remediated.set(entry.chain, applied.remediation!.id);
  tally.add({ ...at, measure: 'remediated', parts: [applied.remediation!.id, 'applied'] });
}

function noteApproval(
  counts: Omit<Counts, 'counted'>,
  { kind, tenant, time_us }: StoredEntry,
  body: EvidenceBody,
): void {
  const { approval_id } = body;
  if (typeof approval_id !== 'string' || tenant === null) return;
  if (kind === 'approval_opened') {
    const groups = [...new Set((body.stages ?? []).map(({ group }) => group))];
    counts.opened.push({ approval_id, tenant, groups, opened_us: time_us });
  } else if (CLOSED.has(kind)) {
    counts.closed.push({ approval_id, closed_us: time_us, outcome: kind.slice('approval_'.length) });
  }
}

const CLOSED: ReadonlySet<string> = new Set([
  'approval_granted',
  'approval_refused',
  'approval_expired',
  'approval_voided',
]);

/** The state that the job ended in; null for any other entry. */
function endOf({ kind }: StoredEntry, { state }: EvidenceBody): string | null {
  return state !== undefined && kind === `job_${state}` && isTerminalState(state) ? state : null;
}

function dayOf(time_us: number): string {
  return new Date(time_us / 1000).toISOString().slice(0, 10);
}

function isTerminalState(state: string): boolean {
  return (JOB_STATES as readonly string[]).includes(state) && isTerminal(state as JobState);
}
