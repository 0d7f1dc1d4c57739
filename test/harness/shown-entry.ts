/** An entry of a job's chain as the API shows it, of a chain that nobody verifies. */
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';

export function shownEntry(tenant: string, job_id: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const { seq = 1 } = more;
  return {
    chain: `job:${tenant}:${job_id}`,
    seq,
    kind: 'job_admitted',
    recorded_by: 'countersign_scheduler',
    tenant,
    topic: 'job.demo.read',
    recorded_at: '2026-01-02T03:04:05.678901Z',
    prev_hash: '00',
    hash: '11',
    body: '{}',
    leaf_index: seq,
    ...more,
  };
}
