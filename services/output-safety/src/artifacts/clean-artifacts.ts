/**
 * Takes out of the store what nobody needs any more: artifacts whose result never came, originals of what was redacted, and what was
 * erased. The rows say so first; what a crash leaves behind lies sealed under a key that is gone.
 */
import { LIMITS } from '@countersign/contracts/limits';
import type { Database, Tx } from '@countersign/platform/database';
import type { SealedParts } from './sealed-parts.ts';
import { type ArtifactRow, forgetArtifact, keepCleaned, takeToClean } from './store-artifacts.ts';

/** True while there is more. */
export async function cleanArtifacts(database: Database, parts: SealedParts): Promise<boolean> {
  return database.transaction(async (tx) => {
    const rows = await takeToClean(tx);
    for (const row of rows) await clean(tx, parts, row);
    return rows.length === LIMITS.artifact_clean_rows;
  });
}

async function clean(tx: Tx, parts: SealedParts, row: ArtifactRow & { over: boolean }): Promise<void> {
  const isUnnamed = row.named_at === null;
  const isGone = row.sealed_key === null || (isUnnamed && row.over);
  // What is quarantined has nothing that may be read, and stays as it is for as long as its result does.
  const blobs = row.decision === 'quarantine' ? row.blobs : row.shown_blobs;
  const kept = isGone ? [] : isUnnamed ? [...row.blobs, ...row.shown_blobs] : blobs;
  const gone = [...row.blobs, ...row.shown_blobs].filter((name) => !kept.includes(name));
  if (isGone && isUnnamed) await forgetArtifact(tx, row.artifact_id);
  else {
    const left = isUnnamed ? row : { ...row, blobs };
    await keepCleaned(tx, isGone ? { ...row, blobs: [], shown_blobs: [] } : left, isUnnamed);
  }
  for (const name of new Set(gone)) await parts.delete(row, name);
}
