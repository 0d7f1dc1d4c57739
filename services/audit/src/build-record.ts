/**
 * Makes the run record an auditor reads out of one job's chain. Pure; what the chain does not say is left empty and
 * named in `missing`.
 */
import { APPROVAL_STATES } from '@countersign/contracts/approval';
import type { InclusionView } from '@countersign/contracts/evidence';
import type { RunRecord } from '@countersign/contracts/record';
import { isTerminal, JOB_STATES, type JobState } from '@countersign/contracts/states';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { listMissing } from './list-missing.ts';
import { decisionsOf, type Evidence, type EvidenceBody, readEvidence } from './read-evidence.ts';
import { instantOf } from './show-entry.ts';
import { chainEntryOf, type JobChain, type JobKey } from './store.ts';

/** What a question, or a grant's answer to one that nobody is asked, begins with. */
const OPENED: readonly string[] = ['approval_opened', 'approval_by_grant'];
const CLOSED = new Set(APPROVAL_STATES.filter((state) => state !== 'open').map((state) => `approval_${state}`));

/** `chain.entries` has at least one entry. */
export function buildRecord(
  job: JobKey,
  chain: JobChain,
  inclusion: InclusionView | null,
  erased: RunRecord['erased'] = [],
): RunRecord {
  const evidence = readEvidence(chain.entries);
  const decisions = decisionsOf(evidence);
  const final = decisions.at(-1);
  const screened = lastOf(evidence, 'output_screened')?.body;
  const ended = evidence.findLast(({ body }) => isEnd(body.state));
  const record: Omit<RunRecord, 'missing'> = {
    run_id: job.job_id,
    actor: firstSaid(evidence, 'actor') ?? '',
    owner: firstSaid(evidence, 'owner') ?? null,
    tenant: job.tenant,
    topic: evidence[0]!.entry.topic ?? '',
    capability: evidence.findLast(({ body }) => body.capability)?.body.capability ?? null,
    state: evidence.findLast(({ body }) => isState(body.state))?.body.state ?? '',
    policy_decision: final?.decision ?? '',
    matched_rule: final?.rule_id ?? null,
    policy_version: final?.policy_version ?? 0,
    policy_snapshot: final?.policy_snapshot ?? '',
    job_hash: firstSaid(evidence, 'job_hash') ?? '',
    effective_digest: final?.effective_digest ?? null,
    decisions,
    approval: approvalOf(evidence),
    execution: executionOf(evidence),
    output_safety: screened?.output_decision ?? null,
    artifacts: screened?.artifacts ?? [],
    context_ref: `context/${job.tenant}/${job.job_id}`,
    result_ref: screened?.output_digest ? `result/${job.tenant}/${job.job_id}/${screened.output_digest}` : null,
    erased,
    created_at: instantOf(evidence[0]!.entry.time_us),
    ended_at: ended ? instantOf(ended.entry.time_us) : null,
    proof: proofOf(chain, inclusion),
  };
  return { ...record, missing: listMissing(record) };
}

function lastOf(evidence: readonly Evidence[], kind: string): Evidence | undefined {
  return evidence.findLast(({ entry }) => entry.kind === kind);
}

function isEnd(state: string | undefined): boolean {
  return isState(state) && isTerminal(state);
}

function isState(state: string | undefined): state is JobState {
  return (JOB_STATES as readonly unknown[]).includes(state);
}

function firstSaid<K extends keyof EvidenceBody>(evidence: readonly Evidence[], field: K): EvidenceBody[K] {
  return evidence.find(({ body }) => body[field] !== undefined)?.body[field];
}

/** The approval that was spent; without one, the last that was opened. */
function approvalOf(evidence: readonly Evidence[]): RunRecord['approval'] {
  const spent = evidence.findLast(({ entry, body }) => entry.kind === 'job_dispatched' && body.approval_id)?.body;
  const asked = evidence.findLast(({ entry }) => OPENED.includes(entry.kind));
  const approval_id = spent?.approval_id ?? asked?.body.approval_id;
  const own = evidence.filter(
    ({ entry, body }) => entry.kind.startsWith('approval_') && body.approval_id === approval_id,
  );
  const opened = own.findLast(({ entry }) => OPENED.includes(entry.kind))?.body;
  if (!approval_id || !opened?.expires_at) return null;
  const granted = lastOf(own, 'approval_granted') ?? lastOf(own, 'approval_by_grant');
  const votes = own.filter(({ entry }) => entry.kind === 'approval_voted');
  const closed = own.findLast(({ entry }) => CLOSED.has(entry.kind));
  const { approvers: granters, grant_id } = granted?.entry.kind === 'approval_by_grant' ? granted.body : {};
  const given =
    granters ??
    votes.map(({ entry, body }) => ({
      approver: body.voter ?? '',
      vote: body.vote ?? '',
      stage: body.stage ?? 0,
      voted_at: body.voted_at ?? instantOf(entry.time_us),
    }));
  return {
    approval_id,
    state: closed?.entry.kind.slice('approval_'.length) ?? (granted ? 'granted' : 'open'),
    approver: (granted && given.findLast(({ vote }) => vote === 'approve')?.approver) ?? null,
    approvers: given,
    ...(grant_id !== undefined && { grant_id }),
    approved_at: granted ? instantOf(granted.entry.time_us) : null,
    expires_at: opened.expires_at,
    stages: opened.stages ?? [],
  };
}

/** The last attempt; earlier ones count. */
function executionOf(evidence: readonly Evidence[]): RunRecord['execution'] {
  const dispatched = evidence.filter(({ entry }) => entry.kind === 'job_dispatched');
  const last = dispatched.at(-1)?.body;
  if (last === undefined) return null;
  const own = evidence.filter(({ body }) => body.dispatch_id === last.dispatch_id).map(({ body }) => body);
  return {
    pool: last.pool ?? '',
    worker: own.findLast((body) => body.worker)?.worker ?? null,
    attempts: dispatched.length,
    status: own.findLast((body) => body.status)?.status ?? own.findLast((body) => isState(body.state))?.state ?? '',
    duration_ms: own.findLast((body) => typeof body.duration_ms === 'number')?.duration_ms ?? null,
  };
}

function proofOf({ entries, whole }: JobChain, inclusion: InclusionView | null): RunRecord['proof'] {
  return {
    chain: entries[0]!.chain,
    entries: entries.length,
    head: entries.at(-1)!.hash,
    verified: whole && verifyChain(entries.map(chainEntryOf)).ok,
    sealed: entries.every((entry) => entry.leaf_index !== null),
    leaf_indexes: entries.map((entry) => entry.leaf_index),
    inclusion,
  };
}
