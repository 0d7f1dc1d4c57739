/** Notes which entry says of which job's content that it was erased, so that its run record can say so without a scan. */

import { chainOfJob } from '@countersign/contracts/ledger-entry';
import type { RunRecord } from '@countersign/contracts/record';
import { CONTENTS } from '@countersign/contracts/retention';
import type { Tx } from '@countersign/platform/database';
import { z } from 'zod';
import { instantOf } from '../show-entry.ts';
import { ENTRY_COLUMNS, type JobKey, OF_LEAF, type StoredEntry } from '../store.ts';

const KINDS: readonly string[] = ['payloads_erased', 'outputs_erased', 'comments_erased'];
const said = z.object({
  tenant: z.string(),
  content: z.enum(CONTENTS),
  why: z.enum(['retention', 'request']),
  actor: z.string().nullish(),
  reason: z.string().nullish(),
  job_ids: z.array(z.string()),
});

export async function noteErased(tx: Tx, entries: readonly StoredEntry[]): Promise<void> {
  const noted = entries
    .filter(({ kind }) => KINDS.includes(kind))
    .flatMap(({ body, leaf_index }) => {
      const { tenant, job_ids } = said.parse(JSON.parse(body));
      return job_ids.map((job_id) => ({ chain: chainOfJob(tenant, job_id), leaf_index }));
    });
  if (noted.length === 0) return;
  await tx.query(
    'INSERT INTO kpi.erased (chain, leaf_index) SELECT * FROM unnest($1::text[], $2::bigint[]) ON CONFLICT DO NOTHING',
    [noted.map(({ chain }) => chain), noted.map(({ leaf_index }) => leaf_index)],
  );
}

/** In the order in which it was erased; up to `kpi_ms` behind. */
export async function readErased(tx: Tx, { tenant, job_id }: JobKey): Promise<RunRecord['erased']> {
  const entries = await tx.query<StoredEntry>(
    `SELECT ${ENTRY_COLUMNS} FROM kpi.erased k CROSS JOIN LATERAL ledger.leaves_from(k.leaf_index, 1) l
       JOIN ledger.entries e ON ${OF_LEAF} WHERE k.chain = $1 ORDER BY k.leaf_index`,
    [chainOfJob(tenant, job_id)],
  );
  return entries.map(({ body, chain, seq, time_us }) => {
    const { content, why, actor = null, reason = null } = said.parse(JSON.parse(body));
    return { content, erased_at: instantOf(time_us), why, asked_by: actor, reason, entry: { chain, seq } };
  });
}
