/**
 * The ledger's verdict on the example's own jobs, by somebody who believes nobody: the auditor's key reads each chain,
 * and every hash is computed again here.
 */
import type { Client } from '@countersign/client/create-client';
import type { RunRecord } from '@countersign/contracts/record';
import { verifyChain } from '@countersign/ledger/chain-hash';

export type LedgerVerdict = {
  records: RunRecord[];
  entries: number;
  broken: string[];
  unsealed: string[];
  incomplete: string[];
};

const SEALED_WITHIN_MS = 15_000;
const ASK_EVERY_MS = 200;

export async function checkLedger(auditor: Client, job_ids: readonly string[]): Promise<LedgerVerdict> {
  const verdict: LedgerVerdict = { records: [], entries: 0, broken: [], unsealed: [], incomplete: [] };
  for (const job_id of job_ids) {
    const record = await readSealed(auditor, job_id);
    const entries = await auditor.timeline(job_id);
    verdict.records.push(record);
    verdict.entries += entries.length;
    if (!verifyChain(entries).ok || !record.proof.verified) verdict.broken.push(job_id);
    if (!record.proof.sealed) verdict.unsealed.push(job_id);
    if (record.missing.length > 0) verdict.incomplete.push(`${job_id} (${record.missing.join(', ')})`);
  }
  return verdict;
}

/** Sealing follows the commit; the last entries may be a moment away. */
async function readSealed(auditor: Client, job_id: string): Promise<RunRecord> {
  const end = performance.now() + SEALED_WITHIN_MS;
  for (;;) {
    const record = await auditor.record(job_id);
    if (record.proof.sealed || performance.now() > end) return record;
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
