/**
 * Stores screened outputs and refusals with their evidence. What succeeded and may be read ends its job in the same
 * statement (`finish-results.ts`); everything else, many in one transaction: control lock, fence, rows, ledger. What was
 * screened under another policy than the active one is not stored but handed back.
 */
import { type ControlState, workerSubject } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import type { NewEntry } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { AFFECTED_RULE, ARTIFACT_RULE, UNREADABLE_RULE } from '@countersign/contracts/output';
import { gate } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { groupCommit } from '@countersign/platform/group-commit';
import { append } from '@countersign/platform/ledger-append';
import type { Sealer } from '@countersign/platform/seal-content';
import { type ArtifactRow, nameArtifacts } from './artifacts/store-artifacts.ts';
import type { CommitItem, Outcome } from './commit-item.ts';
import { finishResults } from './finish-results.ts';
import { judgeResult, judgeUnread, type ScreenedResult, type UnreadResult } from './judge-result.ts';
import type { Sender } from './read-result.ts';
import { rejectedEntry, screenedEntry } from './result-entries.ts';
import { type Reported, reportOf, toRow } from './result-row.ts';
import { quarantine, type Screening } from './screen-output.ts';
import { countRejections, type FencedAttempt, insertResults, type ResultRow, readFenced } from './store.ts';

/** The writes of one transaction. Keeps the fence's answers up to date, so that duplicates in one batch see each other. */
class Batch {
  readonly rows: ResultRow[] = [];
  readonly entries: { entry: NewEntry; outcome: Outcome }[] = [];
  readonly rejections = new Map<string, number>();
  /** Artifacts that become part of a result with it. */
  readonly named: { dispatch_id: string; artifact_ids: string[]; policy_epoch: number | null }[] = [];
  readonly #fenced: Map<string, FencedAttempt>;
  readonly #control: ControlState;
  readonly #sealer: Sealer;

  constructor(fenced: Map<string, FencedAttempt>, control: ControlState, sealer: Sealer) {
    this.#fenced = fenced;
    this.#control = control;
    this.#sealer = sealer;
  }

  take(item: CommitItem): Outcome {
    const fenced = this.#fenced.get(dispatchOf(item));
    // No attempt, no job, no chain: a sender must not be able to found one.
    if (fenced === undefined) return { kind: 'refused', code: 'attempt_stale' };
    if (item.kind === 'refused') return this.#refuse(item.from, fenced, item.code);
    const standing =
      item.kind === 'unread' ? judgeUnread(item, fenced, this.#control) : judgeResult(item, fenced, this.#control);
    if (standing.kind === 'refused') return this.#refuse(item.from, fenced, standing.code);
    return standing.kind === 'counts' ? this.#store(item, fenced) : standing;
  }

  #store(item: ScreenedResult | UnreadResult, fenced: FencedAttempt): Outcome {
    const { screening, reported } = item.kind === 'unread' ? unreadable(item, fenced) : withinBounds(item, fenced);
    const row = toRow(reported, screening, fenced.traceparent, this.#sealer);
    const outcome: Outcome = { kind: 'stored', row, topic: fenced.topic, fail_mode: screening.fail_mode };
    this.rows.push(row);
    if (item.kind === 'screened' && row.artifacts !== undefined) this.named.push(namedBy(row, item.artifacts!.rows));
    this.entries.push({ entry: screenedEntry(fenced, row, screening.fail_mode), outcome });
    fenced.screened_digest = row.output_digest;
    fenced.screened_salt = row.salt;
    return outcome;
  }

  #refuse(from: Sender, fenced: FencedAttempt, code: string): Outcome {
    const outcome: Outcome = { kind: 'refused', code };
    if (fenced.rejections >= LIMITS.recorded_rejections) return outcome;
    fenced.rejections += 1;
    this.rejections.set(fenced.dispatch_id, (this.rejections.get(fenced.dispatch_id) ?? 0) + 1);
    this.entries.push({ entry: rejectedEntry(fenced, from, code), outcome });
    return outcome;
  }
}

export function commitResults(database: Database, sealer: Sealer): (item: CommitItem) => Promise<Outcome> {
  return groupCommit<CommitItem, Outcome>({
    whose: ({ from }) => from.tenant,
    run: async (items) => {
      const outcomes = await finishResults(database, items, sealer);
      const left = items.filter((item) => !outcomes.has(item));
      const judged = left.length === 0 ? [] : await database.transaction((tx) => commitIn(tx, left, sealer));
      for (const [i, item] of left.entries()) outcomes.set(item, judged[i]!);
      return items.map((item) => outcomes.get(item)!);
    },
  });
}

async function commitIn(tx: Tx, items: readonly CommitItem[], sealer: Sealer): Promise<Outcome[]> {
  const ids = [...new Set(items.map(dispatchOf))].sort();
  const tenants = items.map((item) => item.from.tenant);
  const workers = items.map((item) => workerSubject(item.from));
  const [control, attempts] = await Promise.all([gate(tx, tenants, workers), readFenced(tx, ids)]);
  const fenced = new Map(attempts.map((attempt) => [attempt.dispatch_id, attempt]));
  const batch = new Batch(fenced, control, sealer);
  const outcomes = items.map((item) => batch.take(item));
  const [inserted] = await Promise.all([insertResults(tx, batch.rows), countRejections(tx, batch.rejections)]);
  for (const { dispatch_id, artifact_ids, policy_epoch } of batch.named)
    if (inserted.has(dispatch_id) && (await nameArtifacts(tx, artifact_ids, policy_epoch)) !== artifact_ids.length)
      throw new CountersignError('artifacts_unavailable', 'an artifact is being screened again');
  const lost = (outcome: Outcome) => outcome.kind === 'stored' && !inserted.has(outcome.row.dispatch_id);
  await append(
    tx,
    batch.entries.filter(({ outcome }) => !lost(outcome)).map(({ entry }) => entry),
  );
  return outcomes.map((outcome) => (lost(outcome) ? { kind: 'duplicate' } : outcome));
}

function dispatchOf(item: CommitItem): string {
  return item.kind === 'screened' ? item.result.dispatch_id : item.dispatch_id;
}

type Judged = { screening: Screening; reported: Reported };

/** The constraints are the job's; the worker should have kept them, but only this side can be believed. */
function withinBounds(item: ScreenedResult, fenced: FencedAttempt): Judged {
  const { output_text, screening, result } = item;
  const fits = Buffer.byteLength(output_text) <= fenced.max_output_bytes;
  const kept = fits ? screening : quarantine('the output is larger than the job may return', screening.findings);
  const reported = reportOf(item);
  const failed = (rule_id: string, reason: string): Judged => ({
    screening: { ...kept, rule_id, reason },
    reported: { ...reported, result: { ...reported.result, status: 'failed', retryable: false }, artifacts: [] },
  });
  if (typeof item.artifacts?.fault === 'string') return failed(ARTIFACT_RULE, item.artifacts.fault);
  const excess = result.status === 'succeeded' ? affectedFault(result.affected, fenced.max_affected) : null;
  return excess === null ? { screening: kept, reported } : failed(AFFECTED_RULE, excess);
}

function namedBy({ dispatch_id, policy_epoch }: ResultRow, rows: readonly ArtifactRow[]) {
  return { dispatch_id, policy_epoch, artifact_ids: rows.map(({ artifact_id }) => artifact_id) };
}

/** What was done was done: the attempt has failed, is not made again, and the evidence says why. */
function affectedFault(affected: number | undefined, most: number | null): string | null {
  if (most === null) return null;
  if (affected === undefined) return `affected_missing: the worker did not say how much it touched, at most ${most}`;
  return affected > most ? `affected_exceeded: ${affected} touched, at most ${most}` : null;
}

/** Nobody can say what its job would have returned, and to run it again would only do its effects again. */
function unreadable(item: UnreadResult, fenced: FencedAttempt): Judged {
  const screening = quarantine(`the result could not be read: ${item.code}`, [], UNREADABLE_RULE);
  return { screening, reported: unreadReport(item, fenced) };
}

/** Nothing is known of it but that the attempt is over. */
function unreadReport({ from, data }: UnreadResult, { dispatch_id, tenant, job_id, attempt }: FencedAttempt): Reported {
  return {
    from,
    result: { dispatch_id, tenant, job_id, attempt, status: 'failed', retryable: false, duration_ms: 0 },
    bytes: data,
    active: null,
  };
}
