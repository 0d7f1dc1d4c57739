/** What the console shows, rendered without a browser: words for decisions and entries, and texts of others, which stay texts. */

import { APPROVAL_KINDS, JOB_KINDS } from '@countersign/console/heard-kinds';
import { html } from '@countersign/console/html';
import { JobView } from '@countersign/console/job-view';
import type { WholeJob } from '@countersign/console/load-job';
import { QuestionView } from '@countersign/console/question-view';
import { renderView } from '@countersign/console/render-view';
import { stageOf } from '@countersign/console/say-entry';
import { span } from '@countersign/console/show-text';
import { ENTRY_KINDS, type ShownEntry } from '@countersign/contracts/ledger-entry';
import { expect, test } from 'vitest';
import { openQuestion } from '../ingress/play-peers.ts';

const AT = '2026-11-26T05:00:00.000000Z';
const HASH = `sha256:${'a'.repeat(64)}`;
const HOSTILE = '<img src=x onerror=alert(1)>\u202E"\'';

const job: WholeJob['job'] = {
  ...{ job_id: 'job-1', tenant: 'acme', topic: 'job.deploy.apply', capability: 'infra.write', actor: 'desk-agent' },
  ...{ labels: { note: HOSTILE }, state: 'succeeded', reason: null, decision: 'require_approval', rule_id: 'deploys' },
  ...{ policy_version: 1, policy_snapshot: HASH, job_hash: HASH, effective_digest: HASH, approval_id: 'question-1' },
  ...{ attempt: 1, pool: 'infra', cancel_requested: false, cancel_reason: null, created_at: AT, updated_at: AT },
  waiting_for: null,
};
const decision = {
  ...{
    decision_id: '00000000-0000-7000-8000-000000000001',
    gate: 'submit' as const,
    matched_rules: ['deploys', 'too'],
  },
  ...{ decision: 'require_approval' as const, rule_id: 'deploys', reason: HOSTILE, policy_version: 1 },
  ...{ policy_snapshot: HASH, policy_epoch: 1, job_hash: HASH, effective_digest: HASH, constraints: { timeout_ms: 5 } },
  ...{ obligations: {}, remediation: null, asserted: ['capability'], cached: false, fail_mode: null, decided_at: AT },
  findings: [{ scanner: 'secrets', type: 'aws-key', place: '/payload/a', count: 2, severity: 'high' as const }],
};
const entry = (seq: number, kind: string, body: Record<string, unknown>): ShownEntry => ({
  ...{ chain: 'job:acme:job-1', seq, kind, recorded_by: 'countersign_scheduler', tenant: 'acme', topic: job.topic },
  ...{ recorded_at: AT, prev_hash: 'b'.repeat(64), hash: 'c'.repeat(64), leaf_index: seq, body },
});
const whole: WholeJob = {
  job,
  decisions: { ok: true, value: [decision] },
  timeline: {
    ok: true,
    value: [
      entry(1, 'job_admitted', { actor: 'desk-agent', decisions: [decision] }),
      entry(2, 'approval_voted', { voter: 'alice', vote: 'approve', group: 'sre' }),
      entry(3, 'job_running', { worker: 'w1', pool: 'infra', attempt: 1 }),
      entry(4, 'job_succeeded', { released: true, status: 'succeeded', reason: HOSTILE }),
    ],
  },
  result: null,
};

const show = (more: Partial<WholeJob> = {}): string =>
  renderView(html`<${JobView} whole=${{ ...whole, ...more }} now=${Date.parse(AT) + 61_000} />`);

test('a job is shown from the door to its end, decisions in words, each entry with its proof', () => {
  const text = show();
  const plain = text.replaceAll(/<[^>]*>/g, '');
  expect(plain).toContain('At the door: people have to agree, by rule deploys');
  expect(plain).toContain('aws-key at /payload/a (high, 2x)');
  expect(plain).toMatch(/also matchedtoo.*on its word alonecapability.*timeout_ms.*: 5/s);
  expect([...text.matchAll(/<li class="(\w+)"/g)].map(([, stage]) => stage)).toEqual([
    'door',
    'people',
    'worker',
    'end',
  ]);
  expect(plain).toContain('voter alice · vote approve · group sre');
  expect(plain).toContain('job succeeded, result released');
  expect(text.match(/c{64}/g)).toHaveLength(4);
  expect(plain).toContain('may not read results');
  expect(text).toContain('href="/console/approvals/question-1"');
});

test('whatever others wrote stays text, and what nobody sees is marked', () => {
  const result = { ok: true as const, value: { ...resultOf({ html: HOSTILE }) } };
  const text = show({ result });
  expect(text).not.toMatch(/<img|\u202E/);
  expect(text.match(/<mark class="unseen"/g)!.length).toBeGreaterThan(4);
  expect(show({ result: { ok: false, status: 409, problem: { code: 'x', detail: HOSTILE } } })).not.toMatch(/<img/);
});

test('every kind of entry that a job may have is listened for, and has its place on the way', () => {
  const known = Object.keys(ENTRY_KINDS);
  expect(APPROVAL_KINDS).toEqual(known.filter((kind) => kind.startsWith('approval_')));
  const ofJobs = known.filter((kind) =>
    /^(job|approval|attempt|output|result|quarantine|dead_letter|run_review|review)_/.test(kind),
  );
  expect([...JOB_KINDS].sort()).toEqual(ofJobs.sort());
  expect(['job_admitted', 'job_denied', 'job_held', 'attempt_lost', 'result_rejected'].map(stageOf)).toEqual([
    ...['door', 'end', 'gate', 'worker', 'screening'],
  ]);
});

test('a question says for how many a yes was and may be given, and what was offered instead of one', () => {
  const offer = {
    offer_id: 'o',
    offered_by: 'bob',
    offered_at: AT,
    reason: HOSTILE,
    change: { labels: { env: 'dev' } },
  };
  const vote = {
    voter: 'alice',
    delegated_by: null,
    vote: 'approve',
    stage: 0,
    group: 'sre',
    comment: null,
    voted_at: AT,
  };
  const approval = {
    ...openQuestion({ tenant: 'acme' }, { approval_id: decision.decision_id, groups: ['sre'] }),
    grant: { max_uses: 5, max_minutes: 60, same: ['labels.env'] },
    votes: [{ ...vote, grant: { uses: 3, minutes: 30 } }],
    counter_offer: offer,
  };
  const question = { approval, decision: undefined, before: [], run: null, votable: false };
  const person = { principal: 'carl', permissions: [], groups: [], csrf_token: null };
  const text = renderView(html`<${QuestionView} question=${question} person=${person} now=${Date.parse(AT)} />`);
  const plain = text.replaceAll(/<[^>]*>/g, '');
  expect(plain).toContain('alice: approve for 3 jobs within 30 min');
  expect(plain).toContain('up to 5 jobs within 60 min');
  expect(plain).toContain('with labels.env as below');
  expect(plain).toMatch(/offered insteadby bob/);
  expect(text).not.toMatch(/<img/);
});

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [61_000, '1 min 1 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
])('%d ms is %s', (ms, text) => {
  expect(span(ms)).toBe(text);
});

function resultOf(output: unknown) {
  const ids = { tenant: 'acme', job_id: 'job-1', dispatch_id: decision.decision_id, attempt: 1 };
  const says = { status: 'succeeded' as const, output_decision: 'allow' as const, rule_id: null, findings: [] };
  return { ...ids, ...says, output_digest: HASH, output, screened_at: AT };
}
