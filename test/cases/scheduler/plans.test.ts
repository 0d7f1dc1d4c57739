/** What each step makes of a job under a known state, as tables: no database, no bus, no clock of its own. */
import type { ControlState } from '@countersign/contracts/control';
import { finalDecision } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { type JobFacts, jobEntry } from '@countersign/contracts/job-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { readRecordedDecision } from '@countersign/contracts/recorded-decision';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { canonicalWithHoles, HOLE } from '@countersign/ledger/holed-json';
import { planAdmission, toContext } from '@countersign/scheduler/admit/plan-admissions';
import { straightThrough } from '@countersign/scheduler/admit/straight-through';
import type { ChosenPool } from '@countersign/scheduler/choose-pool';
import { runningTemplate } from '@countersign/scheduler/claim/claim-attempts';
import { type Claim, planClaims } from '@countersign/scheduler/claim/plan-claims';
import { classifyDispatch } from '@countersign/scheduler/dispatch/classify-dispatch';
import type { ClearedJob, DispatchItem } from '@countersign/scheduler/dispatch/dispatch-item';
import { newAttempt } from '@countersign/scheduler/dispatch/new-attempt';
import { planSending } from '@countersign/scheduler/dispatch/plan-sending';
import { endOf } from '@countersign/scheduler/finish/end-jobs';
import { delayAfterLoss, mayRetry, retryDelay } from '@countersign/scheduler/retry/retry-attempt';
import type { LockedAttempt } from '@countersign/scheduler/store-attempts';
import type { PoolList } from '@countersign/scheduler/store-pools';
import { describe, expect, test } from 'vitest';
import { ACTOR, admitItem, type JobOptions, judgedJob, LATER, POOL, SEAL_KEY, TENANT, TOPIC } from './decided-job.ts';

const CONTROL: ControlState = {
  policies: { [TENANT]: { scope: '*', version: 1, snapshot: 's', epoch: 1 } },
  switches: [],
  revoked: [],
  ceilings: {},
};
const POOLS = new Map<string, PoolList>([
  [
    '*',
    {
      snapshot: 's',
      unchecked: false,
      pools: [{ id: POOL, capabilities: ['desk.read'], enforces: [], concurrency: 4 }],
    },
  ],
]);
const BOUND_POOLS = new Map([
  ['*', { ...POOLS.get('*')!, pools: [{ ...POOLS.get('*')!.pools[0]!, worker_concurrency: 1 }] }],
]);
const AT_ONCE = {
  ...{ id: 'l', per: { tenant: TENANT }, counts: 'running' as const, most: '1', takes: '1' },
  ...{ within_ms: null, exceeded: 'wait' as const },
};
const NO_POOLS = new Map<string, PoolList>([['*', { snapshot: 's', unchecked: false, pools: [] }]]);

function stop(kind: 'topic' | 'agent' | 'pool', target: string): ControlState {
  return {
    ...CONTROL,
    switches: [{ switch_id: 'stop', kind, target, tenant: null, reason: 'drill' }],
  };
}
const REVOKED = { ...CONTROL, revoked: [ACTOR] };
const OTHER_EPOCH = { ...CONTROL, policies: { [TENANT]: { ...CONTROL.policies[TENANT]!, epoch: 2 } } };

describe('at the door', () => {
  test.each<[string, ControlState, JobOptions, string]>([
    ['an allowed job is cleared', CONTROL, {}, 'cleared'],
    ['one with constraints too', CONTROL, { decision: 'allow_with_constraints' }, 'cleared'],
    ['one that needs an approval is held', CONTROL, { decision: 'require_approval' }, 'held'],
    ['a denied one is denied', CONTROL, { decision: 'deny' }, 'denied'],
    ['a rewrite that nobody decided again is denied', CONTROL, { decision: 'remediate' }, 'denied'],
    ['a stopped one is denied', stop('topic', 'job.desk.*'), {}, 'denied'],
    ['a stop of its pool counts', stop('pool', POOL), {}, 'denied'],
    ['a stop of something else does not', stop('topic', 'job.desk.write'), {}, 'cleared'],
    ['another epoch is an error', OTHER_EPOCH, {}, 'epoch_stale'],
    ['and comes before a stop', { ...stop('agent', ACTOR), policies: OTHER_EPOCH.policies }, {}, 'epoch_stale'],
    ['no policy is an error', { ...CONTROL, policies: {} }, {}, 'policy_missing'],
    ['a revoked actor is an error', REVOKED, {}, 'revoked'],
    ['whatever was decided', REVOKED, { decision: 'deny' }, 'revoked'],
    ['and comes before a stop', { ...REVOKED, switches: stop('agent', ACTOR).switches }, {}, 'revoked'],
  ])('%s', (_, control, options, expected) => {
    const plan = planAdmission(admitItem('job', options), control, POOLS);
    expect(plan instanceof CountersignError ? plan.code : plan.state).toBe(expected);
  });

  test('a stop is a decision of its own beside the policy’s, and names the switch', () => {
    const plan = planAdmission(admitItem('job'), stop('agent', ACTOR), POOLS);
    if (plan instanceof CountersignError) throw plan;
    expect(plan.decisions).toHaveLength(2);
    expect(finalDecision(plan)).toMatchObject({ decision: 'deny', rule_id: null, reason: 'stopped by switch stop' });
  });
});

describe('straight through both gates', () => {
  const NOW = Date.parse('2026-01-01T00:00:00Z');
  const go = (
    options: JobOptions,
    control = CONTROL,
    pools = POOLS,
    keys: readonly Uint8Array[] = [SEAL_KEY],
    now = NOW,
  ) => {
    const item = admitItem('job', options);
    const plan = planAdmission(item, CONTROL, POOLS);
    if (plan instanceof CountersignError) throw plan;
    return straightThrough(plan, toContext(plan), control, pools, { keys, now_ms: now });
  };

  test('goes what the kernel sealed as allowed, with a decision of its own', () => {
    const sent = go({})!;
    expect(sent.room).toBe(8);
    expect(sent.sent.attempt).toMatchObject({ pool: POOL, attempt: 1, approval_id: null, policy_epoch: 1 });
    expect(sent.entry).toMatchObject({
      kind: 'job_dispatched',
      body: { decided_by: 'seal' },
    });
    const made = readRecordedDecision(sent.entry.body.decision, sent.entry.body)!;
    expect(made).toMatchObject({ gate: 'dispatch', cached: true, policy_epoch: 1, fail_mode: null });
    expect(made.job_hash).toBe(finalDecision(admitItem('job').answer).job_hash);
    expect(made.decision_id).not.toBe(finalDecision(admitItem('job').answer).decision_id);
  });

  test.each<[string, () => unknown]>([
    ['what it did not seal', () => go({ until: null })],
    ['what another key sealed', () => go({ key: new Uint8Array(32).fill(8) })],
    ['what it sealed for a time that is over', () => go({}, CONTROL, POOLS, [SEAL_KEY], Date.parse(LATER))],
    ['what needs an approval, sealed or not', () => go({ decision: 'require_approval' })],
    ['what is denied', () => go({ decision: 'deny' })],
    ['what no pool takes', () => go({}, CONTROL, NO_POOLS)],
    ['what may run only so often at once', () => go({ changes: { obligations: { limits: [AT_ONCE] } } })],
    ['what a pool bounds by worker', () => go({}, CONTROL, BOUND_POOLS)],
    ['what is stopped', () => go({}, stop('topic', TOPIC))],
    ['whose actor is revoked', () => go({}, REVOKED)],
    ['what was decided under another epoch', () => go({}, OTHER_EPOCH)],
  ])('does not go %s', (_, attempt) => {
    expect(attempt()).toBeNull();
  });

  test.each<[string, (item: ReturnType<typeof admitItem>) => unknown]>([
    ['a denial that was turned into a yes', (item) => Object.assign(item.answer.decisions[0]!, { rule_id: 'another' })],
    ['another effective job', (item) => Object.assign(item.answer.effective!, { prompt: 'another' })],
    ['another request', (item) => Object.assign(item.answer.rewritten!, { prompt: 'another' })],
    ['a longer time', (item) => Object.assign(item.answer.reusable!, { until: '2999-02-01T00:00:00.000Z' })],
    ['another epoch', (item) => Object.assign(item.answer.decisions[0]!, { policy_epoch: 2 })],
    ['another job’s hash', (item) => Object.assign(item, { job_hash: `sha256:${'9'.repeat(64)}` })],
    ['the seal of another job', (item) => Object.assign(item.answer, { reusable: admitItem('other').answer.reusable })],
  ])('a seal does not carry %s', (_, tamper) => {
    const item = admitItem('job');
    tamper(item);
    const plan = planAdmission(item, item.answer.decisions[0]!.policy_epoch === 2 ? OTHER_EPOCH : CONTROL, POOLS);
    if (plan instanceof CountersignError) throw plan;
    expect(plan.state).toBe('cleared');
    const control = plan.item.answer.decisions[0]!.policy_epoch === 2 ? OTHER_EPOCH : CONTROL;
    expect(straightThrough(plan, toContext(plan), control, POOLS, { keys: [SEAL_KEY], now_ms: NOW })).toBeNull();
  });
});

const CLEARED: ClearedJob = {
  on_behalf_of: null,
  tenant: TENANT,
  job_id: 'job',
  topic: TOPIC,
  capability: 'desk.read',
  actor: ACTOR,
  auth_method: 'api_key',
  owner: 'olivia',
  job_hash: judgedJob('job').decisions[0]!.job_hash,
  traceparent: '',
  effective_digest: judgedJob('job').decisions[0]!.effective_digest,
  approval_id: null,
  held_seq: 0,
  attempt: 2,
  runs: 1,
  pool: POOL,
  policy_epoch: 1,
  salt: Buffer.alloc(32, 5).toString('base64url'),
  rewritten: '{}',
  actor_json: '{}',
  exceeded: null,
  stages: null,
};

function dispatchItem(options: JobOptions = {}, job: Partial<ClearedJob> = {}): DispatchItem {
  const answer = judgedJob('job', { gate: 'dispatch', ...options });
  return { job: { ...CLEARED, ...job }, answer, decision: finalDecision(answer), decided_by: 'kernel' };
}

describe('at the dispatch gate', () => {
  test.each<[string, ControlState, JobOptions, string]>([
    ['an allowed job is sent', CONTROL, {}, 'send'],
    ['one that needs an approval says so', CONTROL, { decision: 'require_approval' }, 'needs_approval'],
    ['a denied one is denied', CONTROL, { decision: 'deny' }, 'deny'],
    ['a rewrite is an offer and no yes', CONTROL, { decision: 'remediate' }, 'deny'],
    ['a stopped one waits', stop('topic', TOPIC), {}, 'stopped'],
    ['but a denial counts under a stop, too', stop('topic', TOPIC), { decision: 'deny' }, 'deny'],
    ['another epoch goes round again', OTHER_EPOCH, {}, 'stale'],
    ['before anything else', { ...OTHER_EPOCH, revoked: [ACTOR] }, { decision: 'deny' }, 'stale'],
    ['a revoked actor is denied', REVOKED, {}, 'deny'],
    ['also under a stop', { ...stop('topic', TOPIC), revoked: [ACTOR] }, {}, 'deny'],
    ['without a policy nothing goes', { ...CONTROL, policies: {} }, {}, 'stale'],
  ])('%s', (_, control, options, kind) => {
    expect(classifyDispatch(dispatchItem(options), control, POOLS).kind).toBe(kind);
  });

  test.each(['carla', 'bot'])(
    'one on behalf of somebody revoked (%s) is denied, and an owner is not meant',
    (revoked) => {
      const item = dispatchItem({}, { on_behalf_of: 'carla bot/olivia' });
      expect(classifyDispatch(item, { ...CONTROL, revoked: [revoked] }, POOLS).kind).toBe('deny');
      expect(classifyDispatch(item, { ...CONTROL, revoked: ['olivia'] }, POOLS).kind).toBe('send');
    },
  );

  test('a ceiling that was narrowed while the job waited denies it, and another agent’s does not', () => {
    const item = dispatchItem();
    const wide = { topics: ['job.*'], capabilities: ['*'], environments: ['*'] };
    const under = (ceiling: object, agent = item.job.actor) =>
      classifyDispatch(item, { ...CONTROL, ceilings: { [agent]: { ...wide, ...ceiling } } }, POOLS);
    expect(under({}).kind).toBe('send');
    for (const narrow of [{ topics: ['job.other.*'] }, { capabilities: [] }])
      expect(under(narrow)).toMatchObject({ kind: 'deny', reason: expect.stringMatching(/^ceiling_/) });
    expect(under({ topics: [] }, 'another-agent').kind).toBe('send');
  });

  test('what no pool takes fails, and what names nothing to run is denied', () => {
    const other = { id: 'other', capabilities: ['desk.write'], enforces: [], concurrency: 1 };
    const others = new Map<string, PoolList>([['*', { snapshot: 's', unchecked: false, pools: [other] }]]);
    expect(classifyDispatch(dispatchItem(), CONTROL, NO_POOLS)).toEqual({ kind: 'fail', reason: 'no eligible pool' });
    expect(classifyDispatch(dispatchItem(), CONTROL, others)).toEqual({
      kind: 'fail',
      reason: 'no eligible pool; other: it has not the capability desk.read',
    });
    const nothing = dispatchItem({ changes: { effective_digest: null } });
    expect(classifyDispatch(nothing, CONTROL, POOLS)).toMatchObject({ kind: 'deny' });
  });

  test('one statement sends what is allowed, and what has an approval to redeem', () => {
    const allowed = planSending(dispatchItem(), CONTROL, POOLS)!;
    expect(allowed.row).toMatchObject({ redeems: false, room: 8, attempt: 2, pool: POOL });
    expect(allowed.sent.attempt).toMatchObject({ attempt: 3, approval_id: null });
    const approval_id = '01890000-0000-7000-8000-000000000001';
    const stages = [{ group: 'approvers', count: 2 }];
    const asking = (obligations: object) =>
      dispatchItem({ decision: 'require_approval', changes: { obligations } }, { approval_id, stages });
    const approved = planSending(asking({}), CONTROL, POOLS)!;
    const once = { group: 'approvers', count: 1 };
    for (const more of [
      [{ group: 'approvers', count: 3 }],
      [...stages, { group: 'security', count: 1 }],
      [...stages, once],
    ])
      expect(planSending(asking({ approval: { stages: more, expires_ms: 1 } }), CONTROL, POOLS)).toBeNull();
    expect(approved.row).toMatchObject({ redeems: true, approval_id });
    expect(approved.entry.body).toMatchObject({ approval_id, decided_by: 'kernel', attempt: 3 });
  });

  test.each<[string, DispatchItem, ControlState]>([
    ['what needs an approval and has none', dispatchItem({ decision: 'require_approval' }), CONTROL],
    ['what would run in another form', dispatchItem({}, { effective_digest: null }), CONTROL],
    ['what is denied', dispatchItem({ decision: 'deny' }), CONTROL],
    ['what is stopped', dispatchItem(), stop('pool', POOL)],
    ['what is stale', dispatchItem(), OTHER_EPOCH],
    ['what may run only so often at once', dispatchItem({ changes: { obligations: { limits: [AT_ONCE] } } }), CONTROL],
  ])('and leaves %s', (_, item, control) => {
    expect(planSending(item, control, POOLS)).toBeNull();
  });

  test('and leaves what its pool bounds by worker, with the bound', () => {
    expect(planSending(dispatchItem(), CONTROL, BOUND_POOLS)).toBeNull();
    const { pool } = classifyDispatch(dispatchItem(), CONTROL, BOUND_POOLS) as { pool: ChosenPool };
    expect(newAttempt(dispatchItem(), pool, null).attempt).toMatchObject({ worker_concurrency: 1 });
  });
});

const FACTS: JobFacts = CLEARED;
const RUNNING: LockedAttempt = {
  ...FACTS,
  dispatch_id: 'd',
  attempt: 1,
  attempt_state: 'running',
  job_state: 'running',
  runs: 1,
  pool: POOL,
  worker: 'w1',
  claim_id: 'c',
  policy_epoch: 1,
  timeout_ms: 1_000,
  max_attempts: 2,
  max_output_bytes: 100,
  pool_concurrency: 4,
  worker_concurrency: null,
  cancel_requested_by: null,
  is_due: false,
  ran_out: false,
  past_deadline: false,
  ceiling_changed: false,
  on_behalf_of: null,
  approval_id: null,
} as LockedAttempt;

describe('at the claim', () => {
  const SENT = {
    ...RUNNING,
    attempt_state: 'dispatched',
    job_state: 'dispatched',
    worker: null,
    claim_id: null,
    refusals: 0,
    refused_claim_id: null,
  } as LockedAttempt;
  const claim = (more: Partial<Claim> = {}): Claim => ({
    dispatch_id: 'd',
    claim_id: 'c',
    pool: POOL,
    worker: 'w1',
    ...more,
  });
  const REFUSED = { refused: { code: 'warrant_time' as const } };
  const UNREAD = { refused: { code: 'warrant_header' as const } };
  const plan = (claims: readonly Claim[], attempt: Partial<LockedAttempt> | null, control = CONTROL, running = 0) =>
    planClaims(claims, {
      control,
      running: [
        { pool: POOL, worker: 'w1', used: Math.min(2, running) },
        { pool: POOL, worker: 'w2', used: Math.max(0, running - 2) },
      ],
      attempts: new Map(attempt === null ? [] : [['d', { ...SENT, ...attempt }]]),
      revoked: new Set(['by-revoked-grant']),
    });
  const BEHIND = { on_behalf_of: 'carla desk-bot/olivia' };
  const without = (subject: string) => ({ ...CONTROL, revoked: [subject] });
  const worker = { ...CONTROL, revoked: [`worker:${POOL}/w1`] };

  test.each<[string, Claim, Partial<LockedAttempt> | null, ControlState, number, string]>([
    ['what was sent is granted', claim(), {}, CONTROL, 3, 'granted'],
    ['not one too many', claim(), {}, CONTROL, 4, 'wait'],
    ['nor one more than a worker may run', claim(), { worker_concurrency: 2 }, CONTROL, 2, 'wait'],
    ['however free the pool is', claim(), { worker_concurrency: 1, pool_concurrency: 100 }, CONTROL, 1, 'wait'],
    ['another worker takes it', claim({ worker: 'w2' }), { worker_concurrency: 1 }, CONTROL, 2, 'granted'],
    ['or this one, below its bound', claim(), { worker_concurrency: 3 }, CONTROL, 3, 'granted'],
    ['the same claim as before', claim(), { ...RUNNING, worker_concurrency: 1 }, CONTROL, 2, 'granted'],
    ['an attempt that nobody knows is stale', claim(), null, CONTROL, 0, 'attempt_stale'],
    ['so is another pool’s', claim({ pool: 'other' }), {}, CONTROL, 0, 'attempt_stale'],
    ['so is one that ended unclaimed', claim(), { attempt_state: 'void' }, CONTROL, 0, 'attempt_stale'],
    ['the same claim gets the same answer', claim(), RUNNING, CONTROL, 4, 'granted'],
    ['also under another policy', claim(), RUNNING, OTHER_EPOCH, 4, 'granted'],
    ['any other one loses', claim({ claim_id: 'x' }), RUNNING, CONTROL, 0, 'claim_lost'],
    ['a revoked worker gets nothing', claim(), {}, worker, 0, 'revoked'],
    ['not even what it was granted', claim(), RUNNING, worker, 0, 'revoked'],
    ['another policy sends the job back', claim(), {}, OTHER_EPOCH, 0, 'epoch_stale'],
    ['and so does a revoked actor', claim(), {}, REVOKED, 0, 'epoch_stale'],
    ['a changed ceiling too', claim(), { ceiling_changed: true }, CONTROL, 0, 'epoch_stale'],
    ['but not from under what runs', claim(), { ...RUNNING, ceiling_changed: true }, CONTROL, 0, 'granted'],
    ['nobody revoked, a chain is no hindrance', claim(), BEHIND, without('sam'), 0, 'granted'],
    ['whoever it is for counts like the actor', claim(), BEHIND, without('carla'), 0, 'epoch_stale'],
    ['and so does who stands between', claim(), BEHIND, without('desk-bot'), 0, 'epoch_stale'],
    ['who answers for one of them does not', claim(), BEHIND, without('olivia'), 0, 'granted'],
    ['nor does it take back what runs', claim(), { ...RUNNING, ...BEHIND }, without('carla'), 0, 'granted'],
    ['a use of a revoked grant goes back', claim(), { approval_id: 'by-revoked-grant' }, CONTROL, 0, 'epoch_stale'],
    ['another approval holds', claim(), { approval_id: 'by-people' }, CONTROL, 0, 'granted'],
    ['a stop too', claim(), {}, stop('pool', POOL), 0, 'stopped'],
    ['after the policy', claim(), {}, { ...OTHER_EPOCH, switches: stop('pool', POOL).switches }, 0, 'epoch_stale'],
    ['and before the pool is full', claim(), {}, stop('pool', POOL), 4, 'stopped'],
    ['a refused warrant is offered again', claim(REFUSED), {}, CONTROL, 0, 'wait'],
    ['whatever the policy says by then', claim(REFUSED), {}, OTHER_EPOCH, 0, 'wait'],
    ['nor is a later attempt’s whose kind nobody knows', claim(UNREAD), { attempt: 2 }, CONTROL, 0, 'wait'],
    ['nor one’s that people allowed', claim(UNREAD), { attempt: 1, approval_id: 'by-people' }, CONTROL, 0, 'wait'],
    ['a first one’s is taken back', claim(UNREAD), { attempt: 1 }, CONTROL, 0, 'warrant_invalid'],
    ['not for ever', claim(REFUSED), { refusals: LIMITS.warrant_offers - 1 }, CONTROL, 0, 'warrant_invalid'],
  ])('%s', (_, asked, attempt, control, running, expected) => {
    const [answer] = plan([asked], attempt, control, running).answers;
    expect(answer!.outcome === 'lost' ? answer!.code : answer!.outcome).toBe(expected);
  });

  test('what is granted runs, and what is taken back waits for a new decision', () => {
    const granted = plan([claim()], {}).plan;
    expect(granted.moves).toMatchObject([{ from: 'dispatched', to: 'running', runs: 1 }]);
    expect(granted.started).toEqual([{ dispatch_id: 'd', pool: POOL, worker: 'w1', claim_id: 'c' }]);
    expect(granted.entries.map(({ kind }) => kind)).toEqual(['job_running']);
    const stopped = plan([claim()], {}, stop('pool', POOL)).plan;
    expect(stopped).toMatchObject({
      voided: ['d'],
      started: [],
      moves: [{ to: 'cleared', reason: 'stopped by switch stop' }],
    });
    expect(stopped.entries.map(({ kind }) => kind)).toEqual(['job_cleared']);
    for (const [attempt, reason] of [
      [{ approval_id: 'by-revoked-grant' }, 'the grant was revoked before the claim'],
      [BEHIND, 'identity revoked before the claim'],
      [{ ceiling_changed: true }, "the agent's ceiling changed before the claim"],
    ] as const) {
      const taken = plan([claim()], attempt, without('carla')).plan;
      expect(taken).toMatchObject({ voided: ['d'], started: [], moves: [{ to: 'cleared', reason }] });
      expect(taken.entries).toMatchObject([
        { kind: 'job_cleared', body: { dispatch_id: 'd', state: 'cleared', reason } },
      ]);
    }
  });

  test('of two in one batch the first is granted, and a slot is given once', () => {
    const { plan: planned, answers } = plan([claim(), claim({ claim_id: 'x' })], {}, CONTROL, 3);
    expect(answers).toMatchObject([{ outcome: 'granted' }, { outcome: 'lost', code: 'claim_lost' }]);
    expect(planned.started).toHaveLength(1);
  });

  test('a first warrant of a kind that its worker does not know is made again, by itself', () => {
    const { plan: planned, answers } = plan([claim(UNREAD), claim({ claim_id: 'x' })], { attempt: 1 });
    expect(answers).toMatchObject([{ code: 'warrant_invalid' }, { code: 'claim_lost' }]);
    const reason = 'warrant refused: warrant_header';
    expect(planned).toMatchObject({ voided: ['d'], started: [], refused: [], moves: [{ to: 'cleared', reason }] });
    expect(planned.entries).toMatchObject([
      { kind: 'attempt_refused', body: { worker: 'w1', code: 'warrant_header', state: 'cleared' } },
      { kind: 'job_cleared', body: { dispatch_id: 'd', state: 'cleared', reason } },
    ]);
    const last = plan([claim(UNREAD)], { attempt: 1, refusals: LIMITS.warrant_offers - 1 }).plan;
    expect(last).toMatchObject({ voided: ['d'], moves: [{ to: 'failed', reason }] });
  });

  test('the same refusal counts once, and the last one fails the job', () => {
    const again = plan([claim(REFUSED), claim(REFUSED)], {}).plan;
    expect(again.refused.map(({ refusals }) => refusals)).toEqual([1]);
    expect(again.entries.map(({ kind }) => kind)).toEqual(['attempt_refused']);
    const last = plan([claim(REFUSED)], { refusals: LIMITS.warrant_offers - 1 }).plan;
    expect(last).toMatchObject({ voided: ['d'], moves: [{ to: 'failed', reason: 'warrant refused: warrant_time' }] });
    expect(last.entries.map(({ kind }) => kind)).toEqual(['attempt_refused', 'job_failed']);
  });
});

describe('at the end', () => {
  const BEHIND = { on_behalf_of: 'carla desk-bot/olivia' };
  const REVOKED_BEHIND = { ...CONTROL, revoked: ['carla'] };
  type Outcome = Parameters<typeof endOf>[1];
  const outcome = (status: Outcome['status'], more: Partial<Outcome> = {}): Outcome => ({
    dispatch_id: 'd',
    status,
    retryable: true,
    output_decision: 'allow',
    rule_id: null,
    output_digest: '',
    duration_ms: 1,
    ...more,
  });
  test.each<[string, Partial<LockedAttempt>, Outcome, ControlState, string]>([
    ['success is success', {}, outcome('succeeded'), CONTROL, 'succeeded'],
    [
      'a quarantined output is none',
      {},
      outcome('succeeded', { output_decision: 'quarantine' }),
      CONTROL,
      'quarantined',
    ],
    ['a stop holds at release', {}, outcome('succeeded'), stop('pool', POOL), 'cancelled'],
    ['a revocation too', {}, outcome('succeeded'), REVOKED, 'cancelled'],
    ['and one in the chain', BEHIND, outcome('succeeded'), REVOKED_BEHIND, 'cancelled'],
    ['another policy does not', {}, outcome('succeeded'), OTHER_EPOCH, 'succeeded'],
    [
      'success counts although somebody cancelled',
      { cancel_requested_by: 'x' },
      outcome('succeeded'),
      CONTROL,
      'succeeded',
    ],
    ['a failure is tried again', {}, outcome('failed'), CONTROL, 'cleared'],
    ['not when it is final', {}, outcome('failed', { retryable: false }), CONTROL, 'failed'],
    ['not when attempts are used up', { runs: 2 }, outcome('failed'), CONTROL, 'failed'],
    ['not when it was cancelled', { cancel_requested_by: 'x' }, outcome('failed'), CONTROL, 'cancelled'],
    ['not past its deadline', { past_deadline: true }, outcome('failed'), CONTROL, 'timed_out'],
    ['what ran out of time did', {}, outcome('timed_out'), CONTROL, 'timed_out'],
    ['what was stopped is tried again', {}, outcome('stopped'), CONTROL, 'cleared'],
    ['unless its time was over', { ran_out: true }, outcome('stopped'), CONTROL, 'timed_out'],
  ])('%s', (_, attempt, screened, control, to) => {
    expect(endOf({ ...RUNNING, ...attempt }, screened, control).to).toBe(to);
  });

  test('attempts are counted, and wait longer each time, up to a minute', () => {
    expect(mayRetry({ ...RUNNING, runs: 1 })).toBe(true);
    expect(mayRetry({ ...RUNNING, runs: 2 })).toBe(false);
    expect([1, 2, 3, 20].map((runs) => retryDelay({ ...RUNNING, runs }))).toEqual([500, 1_000, 2_000, 60_000]);
    // A dead worker's job is tried again within two leases, whichever attempt it was.
    for (const runs of [1, 3, 6, 99])
      expect(LIMITS.lease_ms + delayAfterLoss({ ...RUNNING, runs }) + 2 * LIMITS.sweep_ms).toBeLessThan(
        2 * LIMITS.lease_ms,
      );
  });
});

describe('an entry with holes', () => {
  test('is, once they are filled, the canonical text of the whole', () => {
    const claim = { dispatch_id: 'd', claim_id: 'c', pool: POOL, worker: 'w1' };
    const whole = canonicalize(jobEntry('job_running', FACTS, { state: 'running', attempt: 1, ...claim }).body);
    const given = [FACTS.actor, 1, FACTS.auth_method, FACTS.capability, FACTS.job_hash, FACTS.job_id, FACTS.owner];
    const facts = [...given, FACTS.tenant, FACTS.topic, FACTS.traceparent].map((value) => JSON.stringify(value));
    const parts = runningTemplate(claim).split(HOLE);
    expect(parts).toHaveLength(facts.length + 1);
    expect(parts.map((part, i) => part + (facts[i] ?? '')).join('')).toBe(whole);
  });

  test('cannot be made by a value, and no key is both', () => {
    const text = canonicalWithHoles({ a: `x${HOLE}"`, z: 1 }, ['m']);
    expect(text.split(HOLE)).toEqual(['{"a":"x\\u0001\\"","m":', ',"z":1}']);
    expect(() => canonicalWithHoles({ a: 1 }, ['a'])).toThrow('a is a hole');
  });
});
