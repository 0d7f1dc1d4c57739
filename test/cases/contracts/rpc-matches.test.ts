/** For each verb: the answer that fits its question, and answers that speak of something else, which nobody may use. */
import { RPC, type RpcVerb } from '@countersign/contracts/rpc';
import { describe, expect, test } from 'vitest';

type Loose = Record<string, unknown>;
type Case = { asked: Loose; right: Loose[]; wrong: Record<string, Loose> };

const H1 = `sha256:${'1'.repeat(64)}`;
const H2 = `sha256:${'2'.repeat(64)}`;
const JOB = { tenant: 'acme', job_id: 'j1' };
const FOREIGN = { tenant: 'rival', job_id: 'j1' };
const OTHER = { tenant: 'acme', job_id: 'j2' };

function ok(value: Loose): Loose {
  return { ok: true, value };
}
const FAILED = { ok: false, error: { code: 'epoch_stale', detail: '' } };

function decided(job: Loose, job_hash: string, gate = 'submit', more: Loose = {}): Loose {
  return ok({ decisions: [{ job_hash, gate }], rewritten: null, effective: job, ...more });
}
const ITEMS = [
  { gate: 'submit', request: JOB, job_hash: H1 },
  { gate: 'submit', request: FOREIGN, job_hash: H2 },
];

function admittedAs(job: Loose, job_hash: string, replayed = false): Loose {
  return ok({ ...job, replayed, decisions: [{ job_hash }] });
}
const ADMIT = [
  { request: JOB, job_hash: H1, idempotency_key: null },
  { request: FOREIGN, job_hash: H2, idempotency_key: 'nonce:n' },
];

function told(scope: string, ...answers: Loose[]): Loose {
  return { policy: { scope }, answers };
}
const QUESTIONS: Case = {
  asked: { tenant: 'acme', items: [{ request: JOB }, { request: OTHER }] },
  right: [told('acme', ok({ effective: JOB }), ok({ effective: null })), told('*', FAILED, ok({ effective: OTHER }))],
  wrong: {
    'another tenant’s policy': told('rival', FAILED, FAILED),
    'crossed items': told('acme', ok({ effective: OTHER }), ok({ effective: JOB })),
    'one item too few': told('acme', ok({ effective: JOB })),
  },
};
const ONE_JOB: Case = {
  asked: JOB,
  right: [JOB],
  wrong: { 'another tenant': FOREIGN, 'another job': OTHER },
};

function chain(...chains: string[]): Loose {
  return { entries: chains.map((each) => ({ chain: each })) };
}

function shadow(scope: string): Loose {
  return { shadow: { scope } };
}
const HELD_JOB = {
  tenant: 'acme',
  actor: 'bob',
  state: 'held',
  topic: 'job.desk.read',
  rule_id: 'r',
  labels: { run: 'one' },
};
const CLAIM = { dispatch_id: 'd1', claim_id: 'c1' };

const ONE_ARTIFACT: Case = {
  asked: { artifact_id: 'a1' },
  right: [{ artifact_id: 'a1' }],
  wrong: { 'another artifact': { artifact_id: 'a2' } },
};

const ONE_PART: Case = {
  asked: { tenant: 'acme', job_id: 'j1', digest: 'd1', part: 1 },
  right: [{ tenant: 'acme', job_id: 'j1', digest: 'd1', part: 1 }],
  wrong: {
    'another job’s': { tenant: 'acme', job_id: 'j2', digest: 'd1', part: 1 },
    'another file': { tenant: 'acme', job_id: 'j1', digest: 'd2', part: 1 },
    'another part': { tenant: 'acme', job_id: 'j1', digest: 'd1', part: 0 },
  },
};

const SIGNED = { 'signature-input': 'sig=("@method");created=1;nonce="n1";keyid="worker:desk/w1"' };

const CASES: Record<RpcVerb, Case> = {
  'scheduler.hello': {
    asked: { nonce: 'n1' },
    right: [{ nonce: 'n1' }],
    wrong: { 'another question’s': { nonce: 'n2' } },
  },
  'scheduler.worker': {
    asked: { verb: 'beat', headers: SIGNED },
    right: [{ verb: 'beat', nonce: 'n1' }],
    wrong: { 'another question’s': { verb: 'beat', nonce: 'n2' }, 'another verb’s': { verb: 'claim', nonce: 'n1' } },
  },
  'scheduler.next': {
    asked: { headers: SIGNED },
    right: [{ nonce: 'n1' }],
    wrong: { 'another question’s': { nonce: 'n' } },
  },
  'scheduler.give_back': {
    asked: { receipt: 'r1' },
    right: [{ receipt: 'r1' }],
    wrong: { 'another delivery’s': { receipt: 'r2' } },
  },
  'policy.decide': {
    asked: { items: ITEMS },
    right: [
      { answers: [decided(JOB, H1), decided(FOREIGN, H2)] },
      { answers: [FAILED, decided(FOREIGN, H2, 'submit', { rewritten: FOREIGN })] },
    ],
    wrong: {
      'crossed items': { answers: [decided(FOREIGN, H2), decided(JOB, H1)] },
      'one item too few': { answers: [decided(JOB, H1)] },
      'one item too many': { answers: [decided(JOB, H1), decided(FOREIGN, H2), FAILED] },
      'another job’s hash': { answers: [decided(JOB, H2), decided(FOREIGN, H2)] },
      'another job under this hash': { answers: [decided(OTHER, H1), decided(FOREIGN, H2)] },
      'another tenant’s rewrite': { answers: [decided(JOB, H1, 'submit', { rewritten: FOREIGN }), FAILED] },
      'the other gate': { answers: [decided(JOB, H1, 'dispatch'), decided(FOREIGN, H2)] },
      'a hash that changes on the way': {
        answers: [
          ok({
            decisions: [
              { job_hash: H1, gate: 'submit' },
              { job_hash: H2, gate: 'submit' },
            ],
            rewritten: null,
            effective: null,
          }),
          FAILED,
        ],
      },
    },
  },
  'policy.simulate': QUESTIONS,
  'policy.explain': QUESTIONS,
  'policy.active': {
    asked: { tenant: 'acme' },
    right: [{ scope: 'acme' }, { scope: '*' }],
    wrong: { 'another tenant’s': { scope: 'rival' } },
  },
  'policy.publish': {
    asked: { document: '{"manifest":{"version":3}}' },
    right: [{ bundle: { version: 3 } }],
    wrong: { 'another version': { bundle: { version: 4 } } },
  },
  'policy.bundles': {
    asked: { tenant: 'acme', limit: 1 },
    right: [{ bundles: [] }, { bundles: [{ tenants: ['*'] }] }, { bundles: [{ tenants: ['rival', 'acme'] }] }],
    wrong: {
      'another tenant’s': { bundles: [{ tenants: ['rival'] }] },
      'more than asked for': { bundles: [{ tenants: ['acme'] }, { tenants: ['acme'] }] },
    },
  },
  'policy.activate': {
    asked: { tenant: 'acme', version: 3, snapshot: H1 },
    right: [{ version: 3, snapshot: H1, scopes: [{ scope: 'acme' }] }],
    wrong: {
      'another version': { version: 4, snapshot: H1, scopes: [{ scope: 'acme' }] },
      'another snapshot': { version: 3, snapshot: H2, scopes: [{ scope: 'acme' }] },
      'another scope': { version: 3, snapshot: H1, scopes: [{ scope: 'rival' }] },
      'no scope': { version: 3, snapshot: H1, scopes: [] },
    },
  },
  'policy.shadow': {
    asked: { tenant: 'acme', scope: '*' },
    right: [{ shadow: null }, shadow('*'), shadow('acme')],
    wrong: { 'another tenant’s': shadow('rival') },
  },
  'policy.shadowing': {
    asked: { tenant: 'acme' },
    right: [{ shadow: null }, shadow('*'), shadow('acme')],
    wrong: { 'another tenant’s': shadow('rival') },
  },
  'policy.replay': {
    asked: { tenant: 'acme', ask: { from: 'a', to: 'b' } },
    right: [{ policy: { scope: 'acme' }, from: 'a', to: 'b' }],
    wrong: {
      'another window': { policy: { scope: 'acme' }, from: 'a', to: 'c' },
      'another tenant’s': { policy: { scope: 'rival' }, from: 'a', to: 'b' },
    },
  },
  'scheduler.admit': {
    asked: { items: ADMIT },
    right: [
      { answers: [admittedAs(JOB, H1), admittedAs(FOREIGN, H2)] },
      { answers: [admittedAs(JOB, H2, true), FAILED] },
      // The first request under this key was given another name.
      { answers: [FAILED, admittedAs({ tenant: 'rival', job_id: 'first' }, H1, true)] },
    ],
    wrong: {
      'crossed items': { answers: [admittedAs(FOREIGN, H2), admittedAs(JOB, H1)] },
      'one item too few': { answers: [FAILED] },
      'another job': { answers: [admittedAs(OTHER, H1), FAILED] },
      'another job, replayed without a key': { answers: [admittedAs(OTHER, H1, true), FAILED] },
      'another tenant under the same key': { answers: [FAILED, admittedAs(JOB, H2, true)] },
      'another decision': { answers: [admittedAs(JOB, H2), FAILED] },
    },
  },
  'scheduler.get': ONE_JOB,
  'scheduler.cancel': ONE_JOB,
  'scheduler.worker_uses': { asked: {}, right: [{ kept_since: 'x', uses: [], seen: [], pools: [] }], wrong: {} },
  'scheduler.stops': {
    asked: { tenant: 'acme', all: false },
    right: [{ stops: [{ tenant: 'acme' }, { tenant: null }] }, { stops: [] }],
    wrong: { 'another tenant’s': { stops: [{ tenant: 'acme' }, { tenant: 'rival' }] } },
  },
  'scheduler.stop': {
    asked: { switch_id: 'stop-1', tenant: 'acme' },
    right: [{ switch_id: 'stop-1', tenant: 'acme' }],
    wrong: {
      another: { switch_id: 'stop-2', tenant: 'acme' },
      'another tenant’s': { switch_id: 'stop-1', tenant: 'rival' },
      'everybody’s': { switch_id: 'stop-1', tenant: null },
    },
  },
  'scheduler.lift': {
    asked: { switch_id: 'stop-1' },
    right: [{ switch_id: 'stop-1' }],
    wrong: { another: { switch_id: 'stop-2' } },
  },
  'scheduler.retention': {
    asked: { tenant: 'acme' },
    right: [{ retention: [{ tenant: 'acme' }] }],
    wrong: { 'another tenant’s': { retention: [{ tenant: 'rival' }] } },
  },
  'scheduler.keep': {
    asked: { tenant: 'acme', content: 'results', days: 7 },
    right: [{ tenant: 'acme', content: 'results', days: 7 }],
    wrong: {
      'another tenant’s': { tenant: 'rival', content: 'results', days: 7 },
      'another content': { tenant: 'acme', content: 'payloads', days: 7 },
      'other days': { tenant: 'acme', content: 'results', days: 8 },
    },
  },
  'scheduler.holds': {
    asked: { tenant: 'acme' },
    right: [{ holds: [] }, { holds: [{ tenant: 'acme' }] }],
    wrong: { 'another tenant’s': { holds: [{ tenant: 'rival' }] } },
  },
  'scheduler.hold': {
    asked: { tenant: 'acme', hold_id: 'hold-1' },
    right: [{ tenant: 'acme', hold_id: 'hold-1' }],
    wrong: {
      another: { tenant: 'acme', hold_id: 'hold-2' },
      'another tenant’s': { tenant: 'rival', hold_id: 'hold-1' },
    },
  },
  'scheduler.lift_hold': {
    asked: { tenant: 'acme', hold_id: 'hold-1' },
    right: [{ hold_id: 'hold-1' }],
    wrong: { another: { hold_id: 'hold-2' } },
  },
  'scheduler.erasures': {
    asked: { tenant: 'acme' },
    right: [{ erasures: [] }, { erasures: [{ tenant: 'acme' }] }],
    wrong: { 'another tenant’s': { erasures: [{ tenant: 'rival' }] } },
  },
  'scheduler.erase': {
    asked: { tenant: 'acme', job_id: 'j1' },
    right: [{ tenant: 'acme', job_id: 'j1', subject: null }],
    wrong: {
      'another job’s': { tenant: 'acme', job_id: 'j2', subject: null },
      'somebody’s': { tenant: 'acme', job_id: 'j1', subject: 'bob' },
      'another tenant’s': { tenant: 'rival', job_id: 'j1', subject: null },
    },
  },
  'audit.kpis': {
    asked: { tenant: 'acme', from: '2026-01-01', to: '2026-01-31' },
    right: [{ tenant: 'acme', from: '2026-01-01', to: '2026-01-31' }],
    wrong: {
      'another tenant’s': { tenant: 'rival', from: '2026-01-01', to: '2026-01-31' },
      'other days': { tenant: 'acme', from: '2025-01-01', to: '2025-01-31' },
    },
  },
  'output.read': ONE_JOB,
  'output.artifacts': ONE_JOB,
  'output.artifact_part': ONE_ARTIFACT,
  'output.artifact_end': ONE_ARTIFACT,
  'output.artifact_read': ONE_PART,
  'output.opened_artifact': ONE_PART,
  'output.open': ONE_JOB,
  'output.release': ONE_JOB,
  'output.discard': ONE_JOB,
  'output.quarantined': {
    asked: { tenant: 'acme', state: 'waiting', limit: 2 },
    right: [{ quarantined: [] }, { quarantined: [{ tenant: 'acme', state: 'waiting' }] }],
    wrong: {
      'another tenant’s': { quarantined: [{ tenant: 'rival', state: 'waiting' }] },
      'another state': { quarantined: [{ tenant: 'acme', state: 'released' }] },
      'more than asked for': { quarantined: Array(3).fill({ tenant: 'acme', state: 'waiting' }) },
    },
  },
  'audit.decisions': ONE_JOB,
  'scheduler.follow_up': ONE_JOB,
  'scheduler.dead_letter': ONE_JOB,
  'scheduler.discard': ONE_JOB,
  'scheduler.dead_letters': {
    asked: { tenant: 'acme', limit: 2 },
    right: [{ dead_letters: [] }, { dead_letters: [{ tenant: 'acme' }] }],
    wrong: {
      'another tenant’s': { dead_letters: [{ tenant: 'rival' }] },
      'more than asked for': { dead_letters: Array(3).fill({ tenant: 'acme' }) },
    },
  },
  'scheduler.list': {
    asked: { tenant: 'acme', actor: 'bob', state: 'held', topic: 'job.desk.*', rule: 'r', run: 'one', limit: 2 },
    right: [{ jobs: [] }, { jobs: [HELD_JOB] }],
    wrong: {
      'another tenant’s': { jobs: [{ ...HELD_JOB, tenant: 'rival' }] },
      'another actor’s': { jobs: [{ ...HELD_JOB, actor: 'eve' }] },
      'another state': { jobs: [{ ...HELD_JOB, state: 'running' }] },
      'another topic': { jobs: [{ ...HELD_JOB, topic: 'job.deskread' }] },
      'another rule’s': { jobs: [{ ...HELD_JOB, rule_id: null }] },
      'another run’s': { jobs: [{ ...HELD_JOB, labels: { run: 'two' } }] },
      'more than asked for': { jobs: Array(3).fill(HELD_JOB) },
    },
  },
  'scheduler.claim': {
    asked: { items: [CLAIM, { ...CLAIM, dispatch_id: 'd2' }] },
    right: [
      { answers: [CLAIM, { ...CLAIM, dispatch_id: 'd2' }].map((value) => ({ ok: true, value })) },
      { answers: [{ ok: true, value: CLAIM }, { ok: false }] },
    ],
    wrong: {
      crossed: { answers: [{ ...CLAIM, dispatch_id: 'd2' }, CLAIM].map((value) => ({ ok: true, value })) },
      'another claim': { answers: [{ ok: true, value: { ...CLAIM, claim_id: 'c2' } }, { ok: false }] },
      'one too few': { answers: [{ ok: true, value: CLAIM }] },
    },
  },
  'scheduler.beat': {
    asked: { attempts: [{ dispatch_id: 'd1' }, { dispatch_id: 'd2' }] },
    right: [{ attempts: [{ dispatch_id: 'd1' }, { dispatch_id: 'd2' }] }],
    wrong: {
      crossed: { attempts: [{ dispatch_id: 'd2' }, { dispatch_id: 'd1' }] },
      'one too few': { attempts: [{ dispatch_id: 'd1' }] },
    },
  },
  'approval.list': {
    asked: { tenant: 'acme', job_id: 'j1' },
    right: [{ approvals: [] }, { approvals: [{ ...JOB, state: 'open' }] }],
    wrong: { 'another tenant’s': { approvals: [FOREIGN] }, 'another job’s': { approvals: [OTHER] } },
  },
  'approval.get': {
    asked: { tenant: 'acme', approval_id: 'a1' },
    right: [{ tenant: 'acme', approval_id: 'a1' }],
    wrong: {
      'another tenant’s': { tenant: 'rival', approval_id: 'a1' },
      another: { tenant: 'acme', approval_id: 'a2' },
    },
  },
  'approval.vote': {
    asked: { tenant: 'acme', approval_id: 'a1', digest: H1 },
    right: [{ tenant: 'acme', approval_id: 'a1', digest: H1 }],
    wrong: {
      another: { tenant: 'acme', approval_id: 'a2', digest: H1 },
      'another digest': { tenant: 'acme', approval_id: 'a1', digest: H2 },
    },
  },
  'approval.break_glass': {
    asked: { tenant: 'acme', approval_id: 'a1', digest: H1 },
    right: [{ tenant: 'acme', approval_id: 'a1', digest: H1 }],
    wrong: { 'another digest': { tenant: 'acme', approval_id: 'a1', digest: H2 } },
  },
  'approval.counter_offer': {
    asked: { tenant: 'acme', approval_id: 'a1', digest: H1 },
    right: [{ tenant: 'acme', approval_id: 'a1', digest: H1 }],
    wrong: { 'another digest': { tenant: 'acme', approval_id: 'a1', digest: H2 } },
  },
  'approval.grants': {
    asked: { tenant: 'acme', limit: 1 },
    right: [{ grants: [{ tenant: 'acme' }] }, { grants: [] }],
    wrong: {
      'another tenant’s': { grants: [{ tenant: 'rival' }] },
      'more than asked for': { grants: [{ tenant: 'acme' }, { tenant: 'acme' }] },
    },
  },
  'approval.revoke_grant': {
    asked: { tenant: 'acme', grant_id: 'a1' },
    right: [{ tenant: 'acme', grant_id: 'a1' }],
    wrong: { another: { tenant: 'acme', grant_id: 'a2' }, 'another tenant’s': { tenant: 'rival', grant_id: 'a1' } },
  },
  'approval.reviews': {
    asked: { tenant: 'acme', state: 'open', limit: 1 },
    right: [{ reviews: [{ tenant: 'acme', state: 'open' }] }, { reviews: [] }],
    wrong: {
      'another tenant’s': { reviews: [{ tenant: 'rival', state: 'open' }] },
      'in another state': { reviews: [{ tenant: 'acme', state: 'signed' }] },
    },
  },
  'approval.get_review': {
    asked: { tenant: 'acme', review_id: 'a1' },
    right: [{ tenant: 'acme', review_id: 'a1' }],
    wrong: { another: { tenant: 'acme', review_id: 'a2' }, 'another tenant’s': { tenant: 'rival', review_id: 'a1' } },
  },
  'approval.sign_review': {
    asked: { tenant: 'acme', review_id: 'a1' },
    right: [{ tenant: 'acme', review_id: 'a1' }],
    wrong: { another: { tenant: 'acme', review_id: 'a2' } },
  },
  'approval.withdraw': {
    asked: { tenant: 'acme', approval_id: 'a1' },
    right: [{ tenant: 'acme', approval_id: 'a1' }],
    wrong: { another: { tenant: 'acme', approval_id: 'a2' } },
  },
  'audit.timeline': {
    asked: JOB,
    right: [chain(), chain('job:acme:j1', 'job:acme:j1')],
    wrong: { 'another chain among them': chain('job:acme:j1', 'job:rival:j1') },
  },
  'audit.entries': {
    asked: { tenant: 'acme', all: false },
    right: [{ entries: [{ tenant: 'acme' }, { tenant: null }] }, { entries: [] }],
    wrong: { 'another tenant’s among them': { entries: [{ tenant: 'acme' }, { tenant: 'rival' }] } },
  },
  'audit.checkpoint': {
    asked: { tree_size: 7 },
    right: [{ tree_size: 7 }],
    wrong: { 'another size': { tree_size: 8 } },
  },
  'audit.inclusion': {
    asked: { leaf_index: 3, tree_size: null },
    right: [{ leaf_index: 3, tree_size: 7 }],
    wrong: { 'another leaf': { leaf_index: 4, tree_size: 7 } },
  },
  'audit.population': {
    asked: { tenant: 'acme', tree_size: 9, from: 3, to: null },
    right: [{ tenant: 'acme', tree_size: 9, from: 3, to: 7 }],
    wrong: {
      'another tenant’s': { tenant: 'rival', tree_size: 9, from: 3, to: 7 },
      'another tree': { tenant: 'acme', tree_size: 8, from: 3, to: 7 },
      'other leaves': { tenant: 'acme', tree_size: 9, from: 0, to: 7 },
    },
  },
  'audit.consistency': {
    asked: { from: 3, to: 7 },
    right: [{ from: 3, to: 7 }],
    wrong: { 'another beginning': { from: 4, to: 7 }, 'another end': { from: 3, to: 8 } },
  },
  'audit.deliveries': {
    asked: { tenant: 'acme', state: 'dead', limit: 1 },
    right: [{ deliveries: [] }, { deliveries: [{ tenant: 'acme', state: 'dead' }] }],
    wrong: {
      'another tenant’s': { deliveries: [{ tenant: 'rival', state: 'dead' }] },
      'another state': { deliveries: [{ tenant: 'acme', state: 'pending' }] },
      'more than asked for': { deliveries: Array(2).fill({ tenant: 'acme', state: 'dead' }) },
    },
  },
  'audit.retry_delivery': {
    asked: { tenant: 'acme', delivery_id: 'd1' },
    right: [{ tenant: 'acme', delivery_id: 'd1' }],
    wrong: {
      'another tenant’s': { tenant: 'rival', delivery_id: 'd1' },
      'another delivery': { tenant: 'acme', delivery_id: 'd2' },
    },
  },
  'audit.tile': {
    asked: { path: 'tile/0/000' },
    right: [{ path: 'tile/0/000' }],
    wrong: { 'another tile': { path: 'tile/0/001' } },
  },
  'policy.document': {
    asked: { tenant: 'acme', global: false, snapshot: H1 },
    right: [{ snapshot: H1 }],
    wrong: { 'another policy': { snapshot: H2 } },
  },
  'audit.record': {
    asked: JOB,
    right: [{ tenant: 'acme', proof: { chain: 'job:acme:j1' } }],
    wrong: {
      'another tenant’s': { tenant: 'rival', proof: { chain: 'job:acme:j1' } },
      'another chain': { tenant: 'acme', proof: { chain: 'job:acme:j2' } },
    },
  },
};

describe.each(Object.entries(CASES))('%s', (verb, { asked, right, wrong }) => {
  const matches = RPC[verb as RpcVerb].matches as (asked: Loose, answered: Loose) => boolean;

  test('takes what fits', () => {
    expect(right.map((answered) => matches(asked, answered))).toEqual(right.map(() => true));
  });

  test.each(Object.entries(wrong))('refuses %s', (_, answered) => {
    expect(matches(asked, answered)).toBe(false);
  });
});

test.each(['', 'null', '[]', 'nonsense'])('a document that is %j is never called published', (document) => {
  const { matches } = RPC['policy.publish'];
  const asked = { document } as Parameters<typeof matches>[0];
  expect(matches(asked, { bundle: { version: 1 } } as Parameters<typeof matches>[1])).toBe(false);
});

test('what acts, and cannot be told from acting twice, is asked once', () => {
  const once = Object.entries(RPC).flatMap(([verb, { repeatable }]) => (repeatable ? [] : [verb]));
  expect(once.sort()).toEqual([
    'approval.break_glass',
    'approval.counter_offer',
    'approval.revoke_grant',
    'approval.sign_review',
    'approval.vote',
    'approval.withdraw',
    'output.discard',
    'output.open',
    'output.release',
    'policy.activate',
    'policy.publish',
    'policy.replay',
    'policy.shadow',
    'scheduler.cancel',
    'scheduler.discard',
    'scheduler.erase',
    'scheduler.hold',
    'scheduler.keep',
    'scheduler.lift',
    'scheduler.lift_hold',
    'scheduler.next',
    'scheduler.stop',
  ]);
});
