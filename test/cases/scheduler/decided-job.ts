/** A decided job as the kernel and ingress hand it over, sealed as the kernel would, for tests that play both. */
import type { AdmitItem } from '@countersign/contracts/admission';
import type { DecideAnswer, Decision, Judged } from '@countersign/contracts/decision';
import { sealDecision, sealedAnswerOf } from '@countersign/ledger/decision-seal';
import { uuidv7 } from '@countersign/platform/ids';
import { newTraceparent } from '@countersign/platform/trace';
import { PLAIN } from '../../harness/plain-decision.ts';

export const TENANT = 'acme';
export const TOPIC = 'job.desk.read';
export const ACTOR = 'desk-agent';
export const POOL = 'desk';
export const SEAL_KEY = new Uint8Array(32).fill(7);
export const LATER = '2999-01-01T00:00:00.000Z';

export type JobOptions = {
  epoch?: number;
  decision?: Decision['decision'];
  gate?: Decision['gate'];
  changes?: Partial<Decision>;
  /** Null seals nothing. */
  until?: string | null;
  key?: Uint8Array;
  actor?: string;
  topic?: string;
};

export function judgedJob(job_id: string, options: JobOptions = {}): Judged {
  const { epoch = 1, decision = 'allow', gate = 'submit', changes = {}, actor = ACTOR, topic = TOPIC } = options;
  const runs = decision !== 'deny';
  const job = { tenant: TENANT, job_id, topic, labels: {} };
  return {
    decisions: [
      {
        decision_id: uuidv7(),
        gate,
        decision,
        rule_id: 'rule',
        reason: 'because',
        matched_rules: ['rule'],
        policy_version: 1,
        policy_snapshot: DIGEST(1),
        policy_epoch: epoch,
        job_hash: DIGEST(2),
        effective_digest: runs ? DIGEST(3) : null,
        ...PLAIN,
        decided_at: '2026-01-01T00:00:00.000Z',
        ...changes,
      },
    ],
    rewritten: runs ? { ...job, meta: { capability: 'desk.read', risk_tags: [], requires: [] } } : null,
    effective: runs
      ? { ...job, actor, capability: 'desk.read', risk_tags: [], requires: [], prompt: 'status', constraints: {} }
      : null,
  };
}

export function decidedJob(job_id: string, options: JobOptions = {}): DecideAnswer {
  const { until = LATER, key = SEAL_KEY } = options;
  const judged = judgedJob(job_id, options);
  const sealed = until === null ? null : sealedAnswerOf(judged, until);
  return { ...judged, reusable: sealed && { until: sealed.until, seal: sealDecision([key], sealed) } };
}

export function admitItem(job_id: string, options: JobOptions = {}): AdmitItem {
  return {
    request: {
      tenant: TENANT,
      job_id,
      topic: options.topic ?? TOPIC,
      prompt: 'status',
      labels: {},
      meta: { capability: 'desk.read', risk_tags: [], requires: [] },
    },
    actor: { id: options.actor ?? ACTOR, type: 'agent', auth_method: 'api_key', owner: 'olivia', ceiling: null },
    job_hash: DIGEST(2),
    plain_digest: DIGEST(4),
    salt: Buffer.alloc(32, 5).toString('base64url'),
    idempotency_key: null,
    key_id: null,
    answer: decidedJob(job_id, options),
    traceparent: newTraceparent(),
  };
}

function DIGEST(n: number): string {
  return `sha256:${String(n).repeat(64)}`;
}
