/**
 * The bodies of a job's chain, read as what the stages wrote into them. A field that is absent or of another shape is
 * simply not there: the record then names it as missing, and never makes one up.
 */
import { recordedArtifact } from '@countersign/contracts/artifact';
import { approvalStage } from '@countersign/contracts/asked-approval';
import type { Decision } from '@countersign/contracts/decision';
import { instant } from '@countersign/contracts/names';
import { recordApprover } from '@countersign/contracts/record';
import { readRecordedDecision } from '@countersign/contracts/recorded-decision';
import { z } from 'zod';
import type { StoredEntry } from './store.ts';

const text = lenient(z.string());
const number = lenient(z.int());

const body = z.object({
  actor: text,
  owner: lenient(z.string().nullable()),
  capability: lenient(z.string().nullable()),
  job_hash: text,
  state: text,
  environment: lenient(z.string().nullable()),
  effective_digest: lenient(z.string().nullable()),
  decisions: lenient(z.array(z.unknown())),
  decision: lenient(z.unknown()),
  approval_id: lenient(z.string().nullable()),
  stages: lenient(z.array(approvalStage)),
  expires_at: lenient(instant),
  voter: text,
  vote: text,
  stage: number,
  voted_at: lenient(instant),
  /** Whose votes a grant stands on, and which one it is. */
  approvers: lenient(z.array(recordApprover)),
  grant_id: text,
  dispatch_id: text,
  pool: lenient(z.string().nullable()),
  worker: lenient(z.string().nullable()),
  status: text,
  duration_ms: lenient(z.int().nullable()),
  output_decision: lenient(z.string().nullable()),
  output_digest: lenient(z.string().nullable()),
  artifacts: lenient(z.array(recordedArtifact)),
});
export type EvidenceBody = z.output<typeof body>;

export type Evidence = { entry: StoredEntry; body: EvidenceBody };

export function readEvidence(entries: readonly StoredEntry[]): Evidence[] {
  return entries.map((entry) => ({ entry, body: body.parse(JSON.parse(entry.body)) }));
}

/** In the order in which they were made; a step that repeats a decision of before adds nothing. */
export function decisionsOf(evidence: readonly Evidence[]): Decision[] {
  const seen = new Set<string>();
  return evidence.flatMap((each) => decisionsIn(each, seen));
}

/** Those of one entry that were not seen before; adds them. */
export function decisionsIn({ body: read }: Evidence, seen: Set<string>): Decision[] {
  return [...(read.decisions ?? []), read.decision].flatMap((recorded) => {
    const each = readRecordedDecision(recorded, read);
    if (each === null || seen.has(`${each.gate} ${each.decision_id}`)) return [];
    seen.add(`${each.gate} ${each.decision_id}`);
    return [each];
  });
}

function lenient<T extends z.ZodType>(shape: T) {
  return shape.optional().catch(undefined);
}
