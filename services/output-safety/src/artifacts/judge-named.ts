/** What a result's artifacts make of its screening: none leaves by a result that others of it hold back. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { isStricter } from '@countersign/contracts/output';
import type { UnsignedResult } from '@countersign/contracts/worker';
import type { Tx } from '@countersign/platform/database';
import type { ActivePolicy } from '../active-policies.ts';
import type { Screening } from '../screen-output.ts';
import { type ArtifactRow, readOfClaim, screenAgain } from './store-artifacts.ts';

/** `fault`: what is wrong with what the result names; then it has failed. */
export type NamedArtifacts = { rows: readonly ArtifactRow[]; fault: string | null };

/**
 * Null for a result that names none. Throws `artifacts_unavailable` while one is being screened, or must be again because another
 * policy is active than it was screened under: the worker asks again.
 */
export async function judgeNamed(
  database: Tx,
  { artifacts, dispatch_id, claim_id }: UnsignedResult,
  { active }: ActivePolicy,
): Promise<NamedArtifacts | null> {
  if (artifacts === undefined) return null;
  const known = new Map((await readOfClaim(database, dispatch_id, claim_id)).map((row) => [row.artifact_id, row]));
  const rows: ArtifactRow[] = [];
  for (const { artifact_id, name, digest, bytes } of artifacts) {
    const row = known.get(artifact_id);
    known.delete(artifact_id);
    if (row === undefined || row.state === 'open' || row.state === 'refused')
      return { rows: [], fault: 'artifact_missing: one that the result names was not put, or not as it says' };
    if (row.name !== name || row.digest !== digest || row.bytes !== bytes)
      return { rows: [], fault: 'artifact_missing: one that the result names is another' };
    rows.push(row);
  }
  const named = rows.every(({ named_at }) => named_at !== null);
  const stale = rows.filter(({ policy_epoch }) => policy_epoch !== (active?.epoch ?? null));
  if (!named && stale.length > 0)
    await screenAgain(
      database,
      stale.map(({ artifact_id }) => artifact_id),
    );
  if (!named && (stale.length > 0 || rows.some(({ state }) => state !== 'screened')))
    throw new CountersignError('artifacts_unavailable', 'an artifact is being screened');
  return { rows, fault: null };
}

export function withArtifacts(screening: Screening, named: NamedArtifacts | null): Screening {
  if (named === null || named.fault !== null) return screening;
  const own = named.rows.flatMap(({ findings }, i) =>
    findings.map((each) => ({ ...each, place: `/~artifact/${i}${each.place}`.slice(0, LIMITS.pointer_chars) })),
  );
  const findings = [...screening.findings, ...own].slice(0, LIMITS.recorded_findings);
  const fail_mode = screening.fail_mode ?? named.rows.find((row) => row.fail_mode === 'open')?.fail_mode ?? null;
  const worst = named.rows.reduce<Pick<Screening, 'decision' | 'rule_id' | 'reason'>>(
    (held, { decision, rule_id, reason }) =>
      isStricter(decision!, held.decision) ? { decision: decision!, rule_id, reason: reason! } : held,
    screening,
  );
  const { decision, rule_id, reason } = worst;
  const isHeld = decision === 'quarantine';
  return {
    decision,
    rule_id,
    reason,
    findings,
    released: isHeld ? null : screening.released,
    fail_mode: isHeld ? null : fail_mode,
  };
}
