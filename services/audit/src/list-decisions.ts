/** Every decision about one job as its evidence holds it, of all three gates, newest first. Nothing is decided or filled in here. */

import { CountersignError } from '@countersign/contracts/errors';
import type { DecisionList } from '@countersign/contracts/http';
import { type ScreeningView, screeningView } from '@countersign/contracts/output';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import type { Tx } from '@countersign/platform/database';
import { decisionsIn, readEvidence } from './read-evidence.ts';
import { instantOf } from './show-entry.ts';
import { readJobChain, type StoredEntry } from './store.ts';

export async function listDecisions(
  database: Tx,
  job: RpcParsed<'audit.decisions'>,
): Promise<RpcAnswer<'audit.decisions'>> {
  const { entries } = await readJobChain(database, job);
  if (entries.length === 0) throw new CountersignError('not_found');
  return { tenant: job.tenant, job_id: job.job_id, decisions: listIn(entries) };
}

function listIn(entries: readonly StoredEntry[]): DecisionList {
  const seen = new Set<string>();
  const made = readEvidence(entries).flatMap((each) => [
    ...decisionsIn(each, seen),
    ...[screeningOf(each.entry)].filter((screening) => screening !== null),
  ]);
  return made.reverse();
}

/** Null for an entry that is none, or of another shape. */
function screeningOf({ kind, body, time_us }: StoredEntry): ScreeningView | null {
  if (kind !== 'output_screened') return null;
  const { output_decision: decision, ...rest } = JSON.parse(body) as Record<string, unknown>;
  const parsed = screeningView.safeParse({ ...rest, gate: 'output', decision, decided_at: instantOf(time_us) });
  return parsed.success ? parsed.data : null;
}
