/**
 * Lets a reader have artifacts: through the same release as the result that names them, and of what is quarantined only what people
 * released with it. Whoever opened such a result reads them before.
 */
import { CountersignError } from '@countersign/contracts/errors';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { isTerminal } from '@countersign/contracts/states';
import { refuseRevoked } from '@countersign/platform/control-gate';
import type { Database, Tx } from '@countersign/platform/database';
import { judgeOpen, judgeReviewer } from '../quarantine/judge-review.ts';
import { openedLately, readQuarantined, readReleasedReview } from '../quarantine/store-reviews.ts';
import { readReleased } from '../store-shown.ts';
import type { SealedParts } from './sealed-parts.ts';
import { type ArtifactRow, readNamed } from './store-artifacts.ts';

type Stored = { database: Database; parts: SealedParts };
type Read = RpcAnswer<'output.artifact_read'>;

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
  { database, parts }: Stored,
  asked: RpcParsed<'output.artifact_read'>,
): Promise<Read> {
  const rows = await releasedOf(database, asked.tenant, asked.job_id);
  if (rows.some(({ erased_at }) => erased_at !== null)) throw new CountersignError('content_erased');
  return readPart(
    parts,
    rows.find(({ digest }) => digest === asked.digest),
    asked,
  );
}

/**
 * For who opened the quarantined result a short while ago, which is the entry that names it; each part is judged again. Throws
 * `not_found`, `revoked`, `review_not_eligible`, `state_conflict`, `content_erased`, `artifacts_unavailable`.
 */
export async function readOpened(
  { database, parts }: Stored,
  { principal, ...asked }: RpcParsed<'output.opened_artifact'>,
): Promise<Read> {
  const row = await database.transaction(async (tx) => {
    await refuseRevoked(tx, principal, [asked.tenant]);
    const held = await readQuarantined(tx, asked.tenant, asked.job_id);
    if (held === null) throw new CountersignError('not_found');
    judgeReviewer({ ...held, reviews: [] }, principal.id);
    judgeOpen({ ...held, reviews: [] });
    if (held.sealed === null) throw new CountersignError('content_erased');
    const found = (await readNamed(tx, held.dispatch_id)).find(({ digest }) => digest === asked.digest);
    if (found === undefined) throw new CountersignError('not_found');
    const { dispatch_id, artifact_digest } = found;
    if (!(await openedLately(tx, { dispatch_id, reviewer: principal.id, artifact_digest: artifact_digest! })))
      throw new CountersignError(
        'state_conflict',
        'open the result first: its artifacts can be read for a while after that',
      );
    return found;
  });
  return readPart(parts, row, asked);
}

/** What is had of it, before a release and after it alike. */
export function toShown(row: ArtifactRow): RpcAnswer<'output.artifacts'>['artifacts'][number] {
  const { name, digest, bytes } = hadOf(row);
  return {
    name: name!,
    digest: row.digest!,
    artifact_digest: row.artifact_digest!,
    salt: row.salt!,
    decision: row.decision!,
    findings: row.findings,
    released_digest: digest!,
    released_bytes: bytes!,
  };
}

/** Of what was redacted the copy alone is kept. */
function hadOf(row: ArtifactRow): Pick<ArtifactRow, 'name' | 'digest' | 'blobs'> & { bytes: number | null } {
  if (row.decision === 'quarantine') return row;
  return { name: row.shown_name, digest: row.shown_digest, bytes: row.shown_bytes, blobs: row.shown_blobs };
}

async function readPart(
  parts: SealedParts,
  row: ArtifactRow | undefined,
  { tenant, job_id, digest, part }: RpcParsed<'output.artifact_read'>,
): Promise<Read> {
  if (row === undefined) throw new CountersignError('not_found');
  const had = hadOf(row);
  const blob = had.blobs[part];
  if (blob === undefined && part > 0) throw new CountersignError('not_found');
  const bytes = blob === undefined ? Buffer.alloc(0) : await parts.get(row, blob);
  const told = { tenant, job_id, digest, part, parts: had.blobs.length, released_bytes: had.bytes! };
  return { ...told, data: bytes.toString('base64') };
}

async function releasedOf(database: Tx, tenant: string, job_id: string): Promise<ArtifactRow[]> {
  const found = await readReleased(database, tenant, job_id);
  if (found === null) throw new CountersignError('not_found');
  const { state, output_decision, dispatch_id } = found;
  if (!isTerminal(state)) throw new CountersignError('result_not_ready');
  const isHeld = state === 'quarantined' || output_decision === 'quarantine';
  if (!isHeld) return dispatch_id === null ? [] : readNamed(database, dispatch_id);
  // As content: what ended another way with such an output was released by nobody.
  const review =
    state === 'quarantined' && dispatch_id !== null ? await readReleasedReview(database, dispatch_id) : null;
  if (review === null) throw new CountersignError('result_quarantined');
  const rows = await readNamed(database, dispatch_id!);
  if (!rows.every(({ artifact_digest }) => review.artifacts.includes(artifact_digest!)))
    throw new CountersignError('result_quarantined', 'it was released without its artifacts');
  return rows;
}
