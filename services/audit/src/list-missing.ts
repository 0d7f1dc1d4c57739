/** Says which mandatory fields a run record lacks, given how far its job came. An empty list is a complete record. */
import type { RunRecord } from '@countersign/contracts/record';

type Unjudged = Omit<RunRecord, 'missing'>;

/** Names as they stand in the record, nested ones dotted. */
export function listMissing(record: Unjudged): string[] {
  return [
    ...empty({
      actor: record.actor,
      topic: record.topic,
      state: record.state,
      policy_decision: record.policy_decision,
      policy_snapshot: record.policy_snapshot,
      job_hash: record.job_hash,
      'proof.verified': record.proof.verified,
    }),
    ...(record.policy_decision === 'deny' ? [] : empty({ effective_digest: record.effective_digest })),
    ...missingApproval(record),
    ...missingExecution(record),
  ];
}

function empty(fields: Record<string, unknown>): string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value ? [] : [name]));
}

/** A job that asked for an approval and was sent all the same must show who gave it. */
function missingApproval({ execution, approval, policy_decision }: Unjudged): string[] {
  if (approval === null) return policy_decision === 'require_approval' && execution ? ['approval'] : [];
  const granted = approval.state === 'granted';
  return [
    ...(approval.stages.length === 0 ? ['approval.stages'] : []),
    ...(granted ? empty({ 'approval.approver': approval.approver, 'approval.approved_at': approval.approved_at }) : []),
  ];
}

/** Worker and duration are mandatory once an output was judged. */
function missingExecution({ state, execution, output_safety, result_ref }: Unjudged): string[] {
  if (state !== 'succeeded' && state !== 'quarantined')
    return execution ? empty({ 'execution.pool': execution.pool }) : [];
  if (execution === null) return ['execution'];
  return empty({
    'execution.pool': execution.pool,
    'execution.worker': execution.worker,
    'execution.duration_ms': execution.duration_ms !== null,
    output_safety,
    result_ref,
  });
}
