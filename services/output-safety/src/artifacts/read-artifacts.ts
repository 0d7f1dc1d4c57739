/** Lets a reader have artifacts: through the same release as the result that names them, and never of what is quarantined. */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import type { Tx } from '@countersign/platform/database';
import { readReleased } from '../store-shown.ts';
import type { SealedParts } from './sealed-parts.ts';
import { type ArtifactRow, readNamed } from './store-artifacts.ts';

/** Throws `not_found`, `result_not_ready`, `result_quarantined`, `content_erased`. */
export async function listArtifacts(
  database: Tx,
  { tenant, job_id }: RpcParsed<'output.artifacts'>,
): Promise<RpcAnswer<'output.artifacts'>> {
  const rows = await releasedOf(database, tenant, job_id);
  if (rows.some(({ erased_at }) => erased_at !== null))
    throw new CountersignError('content_erased', `the artifacts were erased at ${rows[0]!.erased_at}`);
  return { tenant, job_id, artifacts: rows.map(toShown) };
}

/** Throws likewise, and `artifacts_unavailable`. */
export async function readArtifact(
  { database, parts }: { database: Tx; parts: SealedParts },
  { tenant, job_id, digest, part }: RpcParsed<'output.artifact_read'>,
): Promise<RpcAnswer<'output.artifact_read'>> {
  const rows = await releasedOf(database, tenant, job_id);
  if (rows.some(({ erased_at }) => erased_at !== null)) throw new CountersignError('content_erased');
  const row = rows.find((each) => each.digest === digest);
  const blob = row?.shown_blobs[part];
  if (row === undefined || (blob === undefined && part > 0)) throw new CountersignError('not_found');
  const bytes = blob === undefined ? Buffer.alloc(0) : await parts.get(row, blob);
  const told = { tenant, job_id, digest, part, parts: row.shown_blobs.length, released_bytes: row.shown_bytes! };
  return { ...told, data: bytes.toString('base64') };
}

async function releasedOf(database: Tx, tenant: string, job_id: string): Promise<ArtifactRow[]> {
  const found = await readReleased(database, tenant, job_id);
  if (found === null) throw new CountersignError('not_found');
  if (!isTerminal(found.state)) throw new CountersignError('result_not_ready');
  if (found.state === 'quarantined' || found.output_decision === 'quarantine')
    throw new CountersignError('result_quarantined');
  return found.dispatch_id === null ? [] : readNamed(database, found.dispatch_id);
}

function toShown(row: ArtifactRow): RpcAnswer<'output.artifacts'>['artifacts'][number] {
  return {
    name: row.shown_name!,
    digest: row.digest!,
    artifact_digest: row.artifact_digest!,
    salt: row.salt!,
    decision: row.decision === 'redact' ? 'redact' : 'allow',
    findings: row.findings,
    released_digest: row.shown_digest!,
    released_bytes: row.shown_bytes!,
  };
}
