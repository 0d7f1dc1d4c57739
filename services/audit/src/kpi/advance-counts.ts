/**
 * Counts sealed entries behind a cursor, a window in a transaction. It runs now and then and whenever somebody asks, so that no job
 * waits for it. Of jobs that ended it judges some records, for what evidence lacks.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Database, Tx } from '@countersign/platform/database';
import { buildRecord } from '../build-record.ts';
import { readJobChain } from '../store.ts';
import { type Counts, countEntries, type EndedJob, Tally } from './count-entries.ts';
import { noteErased } from './store-erased.ts';
import {
  addClosed,
  addCounts,
  addOpened,
  addRemediated,
  lockCursor,
  moveCursor,
  readWindow,
  takeRemediated,
} from './store-kpis.ts';

/** True while more waits. */
export async function advanceCounts(database: Database): Promise<boolean> {
  return database.transaction(async (tx) => {
    const from = await lockCursor(tx);
    if (from === null) return false;
    const entries = await readWindow(tx, from, LIMITS.kpi_window);
    if (entries.length === 0) return false;
    const counts = countEntries(entries);
    const tally = new Tally();
    await addOpened(tx, counts.opened);
    await addClosed(tx, counts.closed);
    await addRemediated(tx, counts.remediated);
    await noteErased(tx, entries);
    await countRemediated(tx, counts, tally);
    await judgeRecords(tx, sampleOf(counts.ended), tally);
    await addCounts(tx, [...counts.counted, ...tally.counted()]);
    await moveCursor(tx, entries.at(-1)!.leaf_index! + 1);
    return entries.length === LIMITS.kpi_window;
  });
}

async function countRemediated(tx: Tx, { ended }: Counts, tally: Tally): Promise<void> {
  const taken = await takeRemediated(
    tx,
    ended.map(({ chain }) => chain),
  );
  for (const { chain, tenant, day, state } of ended) {
    const id = taken.get(chain);
    if (id !== undefined) tally.add({ tenant, day, measure: 'remediated', parts: [id, state] });
  }
}

async function judgeRecords(tx: Tx, ended: readonly EndedJob[], tally: Tally): Promise<void> {
  for (const { tenant, job_id, day } of ended) {
    const chain = await readJobChain(tx, { tenant, job_id });
    const { missing } = buildRecord({ tenant, job_id }, chain, null);
    tally.add({ tenant, day, measure: 'record', parts: [missing.length === 0 ? 'complete' : 'incomplete'] });
    for (const field of missing) tally.add({ tenant, day, measure: 'missing', parts: [field] });
  }
}

/** Spread over the window. */
function sampleOf(ended: readonly EndedJob[]): EndedJob[] {
  const step = Math.max(1, ended.length / LIMITS.kpi_records);
  return Array.from({ length: Math.min(ended.length, LIMITS.kpi_records) }, (_, i) => ended[Math.floor(i * step)]!);
}
