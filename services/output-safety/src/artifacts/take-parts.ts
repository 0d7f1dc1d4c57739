/**
 * Takes a worker's artifact part by part, from whoever holds the claim of a current attempt and from nobody else, and keeps it
 * sealed. One part is in memory at a time.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { ARTIFACT_DOMAIN, saltedDigestOfBytes } from '@countersign/ledger/digest';
import type { Database, Tx } from '@countersign/platform/database';
import { randomSalt } from '@countersign/platform/ids';
import { type FencedAttempt, readFenced } from '../store.ts';
import type { SealedParts } from './sealed-parts.ts';
import {
  type ArtifactRow,
  bytesBeside,
  endArtifact,
  keepPart,
  lockBlobs,
  lockCounts,
  openArtifact,
} from './store-artifacts.ts';

type Taking = { database: Database; parts: SealedParts };
type Asked = { dispatch_id: string; claim_id: string; artifact_id: string; pool: string; worker: string };

/** Throws `claim_lost`, `attempt_stale`, `artifact_invalid`, `artifact_too_large`, `artifacts_unavailable`. */
export async function takePart(
  { database, parts }: Taking,
  asked: RpcParsed<'output.artifact_part'>,
): Promise<RpcAnswer<'output.artifact_part'>> {
  const { artifact_id, part } = asked;
  const bytes = Buffer.from(asked.data, 'base64');
  const row = await database.transaction(async (tx) => {
    const open = await openRow(tx, parts, asked);
    await judgePart(tx, open, part, bytes.length);
    return open;
  });
  const blob = await parts.put(row, bytes);
  const total = part * LIMITS.artifact_part_bytes + bytes.length;
  const { refused, superfluous } = await database.transaction((tx) => countPart(tx, row, { part, blob, total }));
  if (superfluous !== undefined) await parts.delete(row, superfluous);
  if (refused !== null) throw refused;
  return { artifact_id, parts: part + 1, bytes: total };
}

/** Others of the attempt came meanwhile. What then lies in the store and is no part is superfluous: the one before, or this one. */
async function countPart(
  tx: Tx,
  row: ArtifactRow,
  { part, blob, total }: { part: number; blob: string; total: number },
): Promise<{ refused: CountersignError | null; superfluous: string | undefined }> {
  await lockCounts(tx, row.dispatch_id);
  const blobs = await lockBlobs(tx, row.artifact_id);
  const refused = await refusalOf(async () => {
    await judgeSum(tx, row, total);
    if (!(await keepPart(tx, row.artifact_id, part, blob, total))) throw invalid('it has been ended');
  });
  const other = refused === null ? blobs[part] : blob;
  const parts = refused === null ? [...blobs.slice(0, part), blob] : blobs;
  return { refused, superfluous: other === undefined || parts.includes(other) ? undefined : other };
}

async function refusalOf(judge: () => Promise<void>): Promise<CountersignError | null> {
  try {
    await judge();
    return null;
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown;
    throw thrown;
  }
}

/** Throws likewise. What it has to be is compared by the screening, which reads all of it. */
export async function endParts(
  { database, parts }: Taking,
  asked: RpcParsed<'output.artifact_end'>,
): Promise<RpcAnswer<'output.artifact_end'>> {
  const { artifact_id, name, digest, bytes } = asked;
  return database.transaction(async (tx) => {
    const row = await openRow(tx, parts, asked);
    if (row.state === 'refused') throw invalid('its bytes are not those of the digest');
    if (row.bytes !== bytes) throw invalid(`${row.bytes} bytes have come, ${bytes} were announced`);
    if (row.state === 'open') {
      await endArtifact(tx, { artifact_id, name, digest, artifact_digest: digestOf(row.salt!, digest) });
      return { artifact_id, state: 'screening' };
    }
    if (row.digest !== digest || row.name !== name) throw invalid('it was ended as something else');
    return { artifact_id, state: row.state === 'screened' ? 'screened' : 'screening' };
  });
}

async function openRow(tx: Tx, parts: SealedParts, asked: Asked): Promise<ArtifactRow> {
  const { artifact_id, dispatch_id, claim_id } = asked;
  const { tenant, job_id, topic, capability } = await holdClaim(tx, asked);
  const own = { artifact_id, dispatch_id, claim_id, tenant, job_id, topic, capability };
  const row = await openArtifact(tx, { ...own, salt: randomSalt(), ...parts.newKey(artifact_id) });
  if (row === null)
    throw new CountersignError('artifact_too_large', `an attempt has ${LIMITS.attempt_artifacts} at most`);
  if (row.dispatch_id !== dispatch_id || row.claim_id !== claim_id) throw invalid('it is of another claim');
  return row;
}

/** The attempt stays what it is until the transaction ends. */
async function holdClaim(tx: Tx, { dispatch_id, claim_id, pool, worker }: Asked): Promise<FencedAttempt> {
  const [fenced] = await readFenced(tx, [dispatch_id]);
  const isOwn = fenced?.claim_id === claim_id && fenced.pool === pool && fenced.worker === worker;
  if (fenced === undefined || !isOwn) throw new CountersignError('claim_lost');
  if (!fenced.acceptable) throw new CountersignError('attempt_stale', fenced.code ?? undefined);
  return fenced;
}

async function judgePart(tx: Tx, row: ArtifactRow, part: number, length: number): Promise<void> {
  const before = part * LIMITS.artifact_part_bytes;
  if (row.state !== 'open') throw invalid('it has been ended');
  const next = row.blobs.length;
  const isNext = part === next && row.bytes === before;
  const isLast = part === next - 1;
  if (!isNext && !isLast) throw invalid(`part ${next} is next, and only the last one may be short`);
  if (length === 0 || length > LIMITS.artifact_part_bytes)
    throw invalid(`a part has 1 to ${LIMITS.artifact_part_bytes} bytes`);
  if (before + length > LIMITS.artifact_bytes)
    throw new CountersignError('artifact_too_large', `more than ${LIMITS.artifact_bytes} bytes`);
  await judgeSum(tx, row, before + length);
}

async function judgeSum(tx: Tx, row: ArtifactRow, bytes: number): Promise<void> {
  if (bytes + (await bytesBeside(tx, row)) > LIMITS.attempt_artifact_bytes)
    throw new CountersignError('artifact_too_large', `more than ${LIMITS.attempt_artifact_bytes} bytes in one attempt`);
}

/** By which the ledger names it: a short file cannot be guessed back from it. `digest`: `sha256:<hex>`. */
export function digestOf(salt: string, digest: string): string {
  const own = Buffer.from(digest.slice('sha256:'.length), 'hex');
  return saltedDigestOfBytes(ARTIFACT_DOMAIN, Buffer.from(salt, 'base64url'), own);
}

function invalid(detail: string): CountersignError {
  return new CountersignError('artifact_invalid', detail);
}
