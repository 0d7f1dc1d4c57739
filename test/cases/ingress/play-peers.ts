/**
 * The services behind ingress, played: they answer by the contracts, remember what reached them, and can be told to fail.
 */

import type { AdmitItem, Admitted } from '@countersign/contracts/admission';
import type { ApprovalView } from '@countersign/contracts/approval';
import type { DecideAnswer, DecideItem, Decision } from '@countersign/contracts/decision';
import { finalDecision } from '@countersign/contracts/decision';
import { CountersignError, failureOf } from '@countersign/contracts/errors';
import type { JobView } from '@countersign/contracts/job';
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import type { JobState } from '@countersign/contracts/states';
import type { Bus } from '@countersign/platform/bus';
import { uuidv7 } from '@countersign/platform/ids';
import { settleAll } from '@countersign/platform/settle-all';
import { PLAIN } from '../../harness/plain-decision.ts';

export const DIGEST = `sha256:${'1'.repeat(64)}`;
export const SNAPSHOT = `sha256:${'5'.repeat(64)}`;
const AT = '2026-01-02T03:04:05.678901Z';

export type Peers = {
  decided: DecideItem[];
  admitted: AdmitItem[];
  jobs: Map<string, Admitted & { plain_digest: string; actor: string }>;
  timelines: Map<string, LedgerEntry[]>;
  /** The sealed log: each entry at the place that its leaf says. */
  log: LedgerEntry[];
  votes: unknown[];
  /** Questions that are found by their id, and voted on by their digest. */
  questions: Map<string, ApprovalView>;
  /** Of the question that is open for whichever job is asked about; `silent`: nobody answers. */
  waiting: { approval_id: string; groups: string[] } | 'silent' | null;
  /** The epoch that the scheduler insists on; the kernel decides under what it is asked for at least. */
  epoch: number;
  /** Replaces the kernel's answer. */
  decide: (item: DecideItem) => DecideAnswer;
  /** Throws what admission is to fail with. */
  beforeAdmit: () => void;
};

const REMEDIATION = { id: 'read-only-shell', applied: true, topic: 'job.exec.inspect' };

export function decisionOf(
  item: Pick<DecideItem, 'gate' | 'job_hash' | 'min_epoch'>,
  more: Partial<Decision>,
): Decision {
  return {
    decision_id: uuidv7(),
    gate: item.gate,
    decision: 'allow',
    rule_id: 'allow-reads',
    reason: 'reads are fine',
    matched_rules: ['allow-reads'],
    policy_version: 7,
    policy_snapshot: SNAPSHOT,
    policy_epoch: item.min_epoch,
    job_hash: item.job_hash,
    effective_digest: DIGEST,
    ...PLAIN,
    decided_at: AT,
    ...more,
  };
}

export function decideByTopic(item: DecideItem): DecideAnswer {
  const decisions = decisionsOn(item);
  return { decisions, rewritten: null, effective: null, reusable: null };
}

export function createPeers(): Peers {
  return {
    decided: [],
    admitted: [],
    jobs: new Map(),
    timelines: new Map(),
    log: [],
    votes: [],
    questions: new Map(),
    waiting: null,
    epoch: 0,
    decide: decideByTopic,
    beforeAdmit: () => {},
  };
}

export function playKernel(bus: Bus, peers: Peers): void {
  bus.serve('policy.decide', async ({ items }) => {
    peers.decided.push(...items);
    const answers = items.map((item) => {
      try {
        return { ok: true as const, value: peers.decide(item) };
      } catch (thrown) {
        return { ok: false as const, error: failureOf(thrown) };
      }
    });
    return { answers };
  });
  const policy = { scope: 'acme', version: 1, snapshot: DIGEST, epoch: 1 };
  const itemOf = ({ request, actor }: Pick<DecideItem, 'request' | 'actor'>): DecideItem => {
    return { gate: 'submit', request, actor, job_hash: DIGEST, salt: 'x'.repeat(22), min_epoch: 1 };
  };
  bus.serve('policy.simulate', async ({ items }) => ({
    policy,
    answers: items.map((item) => {
      const skipped = item.request.payload === undefined ? ['schema'] : [];
      return { ok: true, value: { ...decideByTopic(itemOf(item)), pools: null, counts: [], skipped } };
    }),
  }));
  bus.serve('policy.explain', async ({ items }) => {
    const steps = [{ step: 'rules', outcome: 'matched', rule_id: 'allow-reads', detail: 'topics' }];
    const told = { pools: null, counts: [], skipped: [], steps, text: 'because' };
    return { policy, answers: items.map((item) => ({ ok: true, value: { ...decideByTopic(itemOf(item)), ...told } })) };
  });
}

export function playScheduler(bus: Bus, peers: Peers): void {
  bus.serve('scheduler.admit', async ({ items }) => ({
    answers: await settleAll(items.map(async (item) => admit(peers, item))),
  }));
  bus.serve('scheduler.get', async (key) => jobView(find(peers, key)));
  bus.serve('scheduler.cancel', async (key) => ({
    ...jobView(find(peers, key)),
    state: 'cancelled',
    cancel_reason: key.reason,
  }));
  bus.serve('scheduler.list', async ({ tenant, actor, state }) => ({
    jobs: [...peers.jobs.values()]
      .filter((job) => job.tenant === tenant && (actor === null || job.actor === actor))
      .filter((job) => state === undefined || job.state === state)
      .map(jobView),
    next_cursor: null,
  }));
}

export function playAudit(bus: Bus, peers: Peers): void {
  bus.serve('audit.timeline', async (key) => {
    find(peers, key);
    return { entries: peers.timelines.get(key.job_id) ?? [] };
  });
  bus.serve('audit.entries', async ({ tenant, from = 0, kinds = [] }) => {
    const end = peers.log.length;
    const entries = peers.log.slice(from).filter((entry) => entry.tenant === tenant && kinds.includes(entry.kind));
    return { entries, next: Math.max(from, end), end };
  });
  bus.serve('audit.decisions', async (key) => ({ ...key, decisions: find(peers, key).decisions.toReversed() }));
}

export function playOutputSafety(bus: Bus, peers: Peers): void {
  bus.serve('output.read', async (key) => {
    find(peers, key);
    throw new CountersignError('result_not_ready');
  });
}

export function playApproval(bus: Bus, peers: Peers): void {
  bus.serve('approval.vote', async (asked) => {
    peers.votes.push(asked);
    const question = peers.questions.get(asked.approval_id);
    if (question === undefined || question.state !== 'open') throw new CountersignError('approval_closed');
    if (question.digest !== asked.digest) throw new CountersignError('approval_digest_mismatch');
    const { vote, principal, comment } = asked;
    const cast = {
      voter: principal.id,
      delegated_by: null,
      vote,
      stage: 0,
      group: 'sre',
      comment,
      grant: null,
      voted_at: AT,
    };
    const closed = { ...question, state: 'granted' as const, votes: [cast], closed_at: AT, waiting: null };
    peers.questions.set(asked.approval_id, closed);
    return closed;
  });
  bus.serve('approval.get', async ({ approval_id }) => {
    const question = peers.questions.get(approval_id);
    if (question === undefined) throw new CountersignError('not_found');
    return question;
  });
  bus.serve('approval.list', async (asked) => {
    if (peers.waiting === 'silent') throw new CountersignError('approval_unavailable');
    const known = [...peers.questions.values()].filter(
      ({ job_id, state }) => job_id === asked.job_id && state === 'open',
    );
    const approvals = peers.waiting === null ? known : [openQuestion(asked, peers.waiting)];
    return { approvals, next_cursor: null };
  });
}

export function openQuestion(
  { tenant, job_id = 'job' }: { tenant: string; job_id?: string | undefined },
  { approval_id, groups }: { approval_id: string; groups: string[] },
): ApprovalView {
  const nobody = { owner: null, on_behalf_of: null, withdrawn_by: null, withdrawn_because: null, glass_broken: null };
  const none = { closed_at: null, superseded_by: null, escalate: null, escalated_at: null, break_glass: null };
  const alone = { grant: null, by_grant: null, grant_use: null, counter_offer: null };
  return {
    ...{ approval_id, tenant, job_id, topic: 'job.deploy.apply', state: 'open', digest: DIGEST, job_hash: DIGEST },
    ...{
      effective_digest: DIGEST,
      policy_version: 7,
      policy_snapshot: SNAPSHOT,
      policy_epoch: 1,
      rule_id: null,
      reason: '',
    },
    ...{ requester: 'desk-agent', max_attempts: 1, stages: [{ group: 'sre', count: 1 }], votes: [], opened_at: AT },
    ...{ expires_at: AT, carried_from: null, last_granted: null, effective: null, waiting: { stage: 0, groups } },
    ...nobody,
    ...none,
    ...alone,
  };
}

function decisionsOn(item: DecideItem): Decision[] {
  const { topic } = item.request;
  if (topic === 'job.exec.shell') {
    return [decisionOf(item, { decision: 'deny', rule_id: 'deny-exec', reason: 'no shells', effective_digest: null })];
  }
  if (topic === 'job.deploy.apply') return [decisionOf(item, { decision: 'require_approval', rule_id: 'prod-write' })];
  if (topic === 'job.exec.fix') {
    return [
      decisionOf(item, { decision: 'remediate', rule_id: 'fix', remediation: REMEDIATION }),
      decisionOf(item, {}),
    ];
  }
  return [decisionOf(item, {})];
}

function admit(peers: Peers, item: AdmitItem): Admitted {
  peers.beforeAdmit();
  const { job_id, tenant } = item.request;
  const known = peers.jobs.get(job_id);
  if (known) {
    if (known.plain_digest !== item.plain_digest) throw new CountersignError('idempotency_conflict');
    return { ...known, replayed: true };
  }
  if (finalDecision(item.answer).policy_epoch < peers.epoch) throw new CountersignError('epoch_stale');
  peers.admitted.push(item);
  const { decisions } = item.answer;
  const job = { job_id, tenant, state: stateAfter(decisions), decisions, replayed: false };
  peers.jobs.set(job_id, { ...job, plain_digest: item.plain_digest, actor: item.actor.id });
  return job;
}

function stateAfter(decisions: readonly Decision[]): JobState {
  const { decision } = finalDecision({ decisions: [...decisions] });
  if (decision === 'deny') return 'denied';
  return decision === 'require_approval' ? 'held' : 'cleared';
}

function jobView(job: Admitted & { actor: string }): JobView {
  return {
    job_id: job.job_id,
    tenant: job.tenant,
    topic: 'job.demo.read',
    capability: null,
    labels: {},
    actor: job.actor,
    state: job.state,
    reason: null,
    decision: 'allow',
    rule_id: null,
    policy_version: 7,
    policy_snapshot: SNAPSHOT,
    job_hash: DIGEST,
    effective_digest: DIGEST,
    approval_id: null,
    attempt: 0,
    pool: null,
    cancel_requested: false,
    cancel_reason: null,
    created_at: AT,
    updated_at: AT,
  };
}

function find(peers: Peers, { tenant, job_id }: { tenant: string; job_id: string }) {
  const job = peers.jobs.get(job_id);
  // Says more than a caller may hear.
  if (job?.tenant !== tenant) throw new CountersignError('not_found', 'no job was ever called that', { at: '/job_id' });
  return job;
}
