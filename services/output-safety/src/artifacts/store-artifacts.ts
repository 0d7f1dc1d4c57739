/** SQL of artifacts: the row of each, from its first part to its erasure. */
import type { Finding } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { Tx } from '@countersign/platform/database';
import type { Tables } from '../tables.ts';

/** As `ROW` reads it: `bigint` as number. */
export type ArtifactRow = Omit<Tables['output.artifacts'], 'findings' | 'fail_mode'> & {
  findings: Finding[];
  fail_mode: 'open' | null;
};
type Opening = Pick<
  ArtifactRow,
  | 'artifact_id'
  | 'dispatch_id'
  | 'claim_id'
  | 'tenant'
  | 'job_id'
  | 'topic'
  | 'capability'
  | 'salt'
  | 'sealed_key'
  | 'seal_key_id'
>;
export type Verdict = Pick<
  ArtifactRow,
  | 'decision'
  | 'rule_id'
  | 'reason'
  | 'findings'
  | 'fail_mode'
  | 'policy_epoch'
  | 'shown_blobs'
  | 'shown_name'
  | 'shown_digest'
  | 'shown_bytes'
>;

/** SQL of what erasing one sets: without its key its bytes are gone, and what cleans the store takes them. Its salted digest stays. */
export const FORGOTTEN = `sealed_key = NULL, seal_key_id = NULL, salt = NULL, digest = NULL, name = NULL, shown_name = NULL,
  shown_digest = NULL, erased_at = clock_timestamp(), clean_at = clock_timestamp()`;

const ROW = `a.*, a.bytes::float8 AS bytes, a.shown_bytes::float8 AS shown_bytes, a.policy_epoch::float8 AS policy_epoch`;

/** Until the transaction ends nobody else counts the artifacts of this attempt. */
export async function lockCounts(tx: Tx, dispatch_id: string): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock(1279607887, hashtext($1))', [dispatch_id]);
}

/** Null where the attempt has as many already; else the row, made now or before, locked. */
export async function openArtifact(tx: Tx, row: Opening): Promise<ArtifactRow | null> {
  await lockCounts(tx, row.dispatch_id);
  await tx.query(
    `INSERT INTO output.artifacts (artifact_id, dispatch_id, claim_id, tenant, job_id, topic, capability, salt, sealed_key, seal_key_id)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
      WHERE (SELECT count(*) FROM output.artifacts WHERE dispatch_id = $2) < $11
     ON CONFLICT DO NOTHING`,
    [
      ...[row.artifact_id, row.dispatch_id, row.claim_id, row.tenant, row.job_id, row.topic, row.capability],
      ...[row.salt, row.sealed_key, row.seal_key_id, LIMITS.attempt_artifacts],
    ],
  );
  const [found] = await tx.query<ArtifactRow>(
    `SELECT ${ROW} FROM output.artifacts a WHERE a.artifact_id = $1 FOR UPDATE`,
    [row.artifact_id],
  );
  return found ?? null;
}

/** Of all artifacts of the attempt but this one. */
export async function bytesBeside(tx: Tx, { dispatch_id, artifact_id }: ArtifactRow): Promise<number> {
  const [sum] = await tx.query<{ bytes: number }>(
    `SELECT coalesce(sum(bytes), 0)::float8 AS bytes FROM output.artifacts WHERE dispatch_id = $1 AND artifact_id <> $2`,
    [dispatch_id, artifact_id],
  );
  return sum!.bytes;
}

/** None where it is gone. */
export async function lockBlobs(tx: Tx, artifact_id: string): Promise<string[]> {
  const [row] = await tx.query<{ blobs: string[] }>(
    'SELECT blobs FROM output.artifacts WHERE artifact_id = $1 FOR UPDATE',
    [artifact_id],
  );
  return row?.blobs ?? [];
}

/** That the part lies under this name, and nothing after it. False where it is not open any more. */
export async function keepPart(
  tx: Tx,
  artifact_id: string,
  part: number,
  blob: string,
  bytes: number,
): Promise<boolean> {
  const kept = await tx.query(
    `UPDATE output.artifacts SET blobs = blobs[1:$2] || $3::text, bytes = $4
      WHERE artifact_id = $1 AND state = 'open' AND cardinality(blobs) IN ($2, $2 + 1) RETURNING 1`,
    [artifact_id, part, blob, bytes],
  );
  return kept.length === 1;
}

export async function endArtifact(
  tx: Tx,
  row: Pick<ArtifactRow, 'artifact_id' | 'name' | 'digest' | 'artifact_digest'>,
) {
  await tx.query(
    `UPDATE output.artifacts SET state = 'ended', name = $2, digest = $3, artifact_digest = $4 WHERE artifact_id = $1`,
    [row.artifact_id, row.name, row.digest, row.artifact_digest],
  );
}

/** The oldest that waits and nobody screens. */
export async function takeEnded(tx: Tx): Promise<ArtifactRow | null> {
  const [row] = await tx.query<ArtifactRow>(
    `UPDATE output.artifacts a SET busy_until = clock_timestamp() + make_interval(secs => $1)
      WHERE a.artifact_id = (SELECT e.artifact_id FROM output.artifacts e
        WHERE e.state = 'ended' AND coalesce(e.busy_until < clock_timestamp(), true)
        ORDER BY e.created_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING ${ROW}`,
    [LIMITS.artifact_busy_s],
  );
  return row ?? null;
}

/** That it is still being screened. */
export async function stayBusy(tx: Tx, artifact_id: string): Promise<void> {
  await tx.query(
    `UPDATE output.artifacts SET busy_until = clock_timestamp() + make_interval(secs => $2) WHERE artifact_id = $1`,
    [artifact_id, LIMITS.artifact_busy_s],
  );
}

/** Null: its bytes are not the ones that were announced. */
export async function keepVerdict(tx: Tx, artifact_id: string, verdict: Verdict | null): Promise<void> {
  const said = verdict ?? ({} as Partial<Verdict>);
  await tx.query(
    `UPDATE output.artifacts SET state = $2, busy_until = NULL, decision = $3, rule_id = $4, reason = $5, findings = $6,
       fail_mode = $7, policy_epoch = $8, shown_name = $9, shown_digest = $10, shown_bytes = $11, shown_blobs = $12
      WHERE artifact_id = $1 AND state = 'ended'`,
    [
      ...[artifact_id, verdict === null ? 'refused' : 'screened', said.decision, said.rule_id, said.reason],
      ...[JSON.stringify(said.findings ?? []), said.fail_mode, said.policy_epoch],
      ...[said.shown_name, said.shown_digest, said.shown_bytes, said.shown_blobs ?? []],
    ],
  );
}

export function readOfClaim(tx: Tx, dispatch_id: string, claim_id: string): Promise<ArtifactRow[]> {
  return tx.query<ArtifactRow>(`SELECT ${ROW} FROM output.artifacts a WHERE a.dispatch_id = $1 AND a.claim_id = $2`, [
    dispatch_id,
    claim_id,
  ]);
}

/** Under another policy than the active one it says nothing. */
export async function screenAgain(tx: Tx, artifact_ids: readonly string[]): Promise<void> {
  await tx.query(
    `UPDATE output.artifacts SET state = 'ended' WHERE artifact_id = ANY ($1) AND state = 'screened' AND named_at IS NULL`,
    [artifact_ids],
  );
}

/** How many were named: those that are screened, under that policy, and not named yet. */
export async function nameArtifacts(
  tx: Tx,
  artifact_ids: readonly string[],
  policy_epoch: number | null,
): Promise<number> {
  const named = await tx.query(
    `UPDATE output.artifacts a SET named_at = clock_timestamp(), clean_at = clock_timestamp(), place = n.place
       FROM unnest($1::uuid[]) WITH ORDINALITY AS n (artifact_id, place)
      WHERE a.artifact_id = n.artifact_id AND a.state = 'screened' AND a.named_at IS NULL
        AND a.policy_epoch IS NOT DISTINCT FROM $2 RETURNING 1`,
    [artifact_ids, policy_epoch],
  );
  return named.length;
}

/** Those that the result of this dispatch names, in its order. */
export function readNamed(tx: Tx, dispatch_id: string): Promise<ArtifactRow[]> {
  return tx.query<ArtifactRow>(
    `SELECT ${ROW} FROM output.artifacts a WHERE a.dispatch_id = $1 AND a.named_at IS NOT NULL ORDER BY a.place`,
    [dispatch_id],
  );
}

/** Of all artifacts of this dispatch. */
export async function forgetKeys(tx: Tx, dispatch_id: string): Promise<void> {
  await tx.query(`UPDATE output.artifacts SET ${FORGOTTEN} WHERE dispatch_id = $1 AND sealed_key IS NOT NULL`, [
    dispatch_id,
  ]);
}

/** `over`: its job has ended. Locked, and passed over where somebody else cleans them. */
export function takeToClean(tx: Tx): Promise<(ArtifactRow & { over: boolean })[]> {
  return tx.query<ArtifactRow & { over: boolean }>(
    `SELECT ${ROW}, coalesce((SELECT l.state NOT IN ('parked', 'held', 'cleared', 'dispatched', 'running') FROM scheduler.releases l
              WHERE l.tenant = a.tenant AND l.job_id = a.job_id), true) AS over
       FROM output.artifacts a WHERE a.clean_at <= clock_timestamp() ORDER BY a.clean_at LIMIT $1 FOR UPDATE OF a SKIP LOCKED`,
    [LIMITS.artifact_clean_rows],
  );
}

/** What is left of it; `again`: look at it once more in a while. */
export async function keepCleaned(
  tx: Tx,
  { artifact_id, blobs, shown_blobs }: Pick<ArtifactRow, 'artifact_id' | 'blobs' | 'shown_blobs'>,
  again: boolean,
): Promise<void> {
  await tx.query(
    `UPDATE output.artifacts SET blobs = $2, shown_blobs = $3,
       clean_at = CASE WHEN $4 THEN clock_timestamp() + make_interval(secs => $5) END WHERE artifact_id = $1`,
    [artifact_id, blobs, shown_blobs, again, LIMITS.artifact_clean_ms / 1000],
  );
}

export async function forgetArtifact(tx: Tx, artifact_id: string): Promise<void> {
  await tx.query('DELETE FROM output.artifacts WHERE artifact_id = $1', [artifact_id]);
}
