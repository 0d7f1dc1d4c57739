/**
 * What a rule lets happen besides votes of its groups: another group after a while, one person alone whom somebody else reviews,
 * and an agreement that holds on under another policy. None of it is worth more than the rule says.
 */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { Principal } from '@countersign/contracts/rpc';
import { type Approval, approvalFault, readApproval } from '@countersign/ledger/rederive-approval';
import { Persons } from '@countersign/ledger/rederive-persons';
import { randomSalt } from '@countersign/platform/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { AGENT, type Holding, OWNER, type RunningApproval, runApproval, TENANT } from './run-approval.ts';

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
  await run.startAnother();
});
afterAll(() => run[Symbol.asyncDispose]());

const TWO = [{ group: 'sre', count: 2 }];
const AFTER_A_WHILE = { after_ms: 3_600_000, to: 'leads' };
const GLASS = { group: 'emergency' };

function principalOf(id: string, groups: string[] = []): Principal {
  return { id, type: 'human', groups, owner: null, auth_method: 'api_key', key_id: null };
}

/** As if it had been opened long ago, by the database's clock. */
function waited({ approval_id }: ApprovalView): Promise<unknown> {
  return run.admin.query(
    `UPDATE approval.approvals SET opened_at = opened_at - interval '2 hours' WHERE approval_id = $1`,
    [approval_id],
  );
}

function view({ approval_id }: ApprovalView): Promise<ApprovalView> {
  return run.ingress.call('approval.get', { tenant: TENANT, approval_id });
}

function breakGlass(shown: ApprovalView, id: string, groups = ['emergency'], digest = shown.digest) {
  const { tenant, approval_id } = shown;
  const reason = 'the site is down';
  return run.ingress.call('approval.break_glass', {
    tenant,
    approval_id,
    digest,
    reason,
    principal: principalOf(id, groups),
  });
}

/** What one person granted alone has its review under the approval's own id. */
function review(review_id: string, id: string, outcome: 'accepted' | 'finding' = 'accepted', tenant = TENANT) {
  return run.ingress.call('approval.sign_review', {
    tenant,
    review_id,
    outcome,
    reason: 'seen',
    principal: principalOf(id),
  });
}

async function unreviewed(): Promise<string[]> {
  const listed = await run.ingress.call('approval.reviews', { tenant: TENANT, state: 'open' });
  return listed.reviews.map(({ job_id }) => job_id);
}

/** What the offline check says of a dispatch that this approval let through. */
async function faultOf(job_id: string): Promise<string | null> {
  const entries = await run.entries(job_id);
  const approvals = new Map<unknown, Approval>();
  const persons = new Persons();
  for (const { kind, body } of entries) readApproval(approvals, kind, body as never, persons);
  const last = entries.findLast(({ kind }) => kind === 'approval_opened')!.body as Record<string, never>;
  const time_us = Date.now() * 1000;
  const decision = { ...last, obligations: { approval: { stages: last.stages } } };
  return approvalFault(approvals.get(last.approval_id)!, { body: last, decision, time_us });
}

describe('escalation', () => {
  test('before its time nobody else may vote; from then on the other group may too, in every stage', async () => {
    const shown = await run.ask('escalates', { stages: TWO, escalate: AFTER_A_WHILE, expires_ms: 7_200_000 });
    expect(shown).toMatchObject({ escalate: AFTER_A_WHILE, escalated_at: null, waiting: { groups: ['sre'] } });
    expect(await codeOf(run.vote(shown, 'lea', ['leads']))).toBe('approval_not_eligible');
    await run.admin.query(
      `UPDATE approval.approvals SET expires_at = expires_at + interval '1 day' WHERE approval_id = $1`,
      [shown.approval_id],
    );
    await waited(shown);
    await expect.poll(async () => (await view(shown)).escalated_at).not.toBeNull();
    expect((await view(shown)).waiting).toEqual({ stage: 0, groups: ['sre', 'leads'] });
    expect((await run.vote(shown, 'lea', ['leads'])).state).toBe('open');
    expect(await codeOf(run.vote(shown, OWNER, ['leads']))).toBe('approval_not_eligible');
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('granted');
    const kinds = await run.kinds('escalates');
    expect(kinds.filter((kind) => kind === 'approval_escalated')).toHaveLength(1);
    expect((await run.entries('escalates')).find(({ kind }) => kind === 'approval_escalated')!.body).toMatchObject({
      to: 'leads',
    });
  });

  test('two instances escalate each once', async () => {
    const names = Array.from({ length: 8 }, (_, i) => `many-${i}`);
    const asked = await Promise.all(names.map((job_id) => run.ask(job_id, { escalate: { after_ms: 1, to: 'leads' } })));
    await expect
      .poll(() => Promise.all(asked.map(async (one) => (await view(one)).escalated_at !== null)))
      .not.toContain(false);
    expect(await Promise.all(names.map(run.kinds))).toEqual(names.map(() => ['approval_opened', 'approval_escalated']));
    await run.vote(asked[0]!, 'lea', ['leads']);
    expect(await faultOf('many-0')).toBeNull();
  });
});

describe('the review of a run', () => {
  /** As the scheduler leaves it: dispatched under a rule that asks for a review, then ended. */
  async function ended(job_id: string, runs: number, state = 'succeeded'): Promise<void> {
    await run.admin.query('INSERT INTO scheduler.run_reviews (tenant, job_id) VALUES ($1, $2)', [TENANT, job_id]);
    await run.admin.query('UPDATE scheduler.jobs SET state = $2, runs = $3 WHERE job_id = $1', [job_id, state, runs]);
  }
  async function opened(job_id: string) {
    const { reviews } = await run.ingress.call('approval.reviews', { tenant: TENANT, job_id, kind: 'run' });
    return reviews[0];
  }

  test('waits for somebody apart from all who asked or voted, is opened once, and never for what did not run', async () => {
    const shown = await run.ask('looked-at', { on_behalf_of: 'carla desk-bot/dora', rule_id: 'marked' });
    await run.vote(shown, 'sam', ['sre']);
    for (const job_id of ['still-runs', 'never-ran']) await run.hold(job_id);
    await ended('still-runs', 1, 'running');
    await ended('never-ran', 0, 'cancelled');
    await ended('looked-at', 2);
    await expect.poll(() => opened('looked-at'), { timeout: 60_000 }).toBeDefined();
    const { review_id, ...found } = (await opened('looked-at'))!;
    expect(found).toMatchObject({ state: 'open', requester: AGENT, rule_id: 'marked', outcome: null });
    expect(found.apart.toSorted()).toEqual(['carla', AGENT, 'desk-bot', 'dora', OWNER, 'sam'].toSorted());
    for (const id of found.apart) expect(await codeOf(review(review_id, id)), id).toBe('approval_not_eligible');
    expect(await review(review_id, 'rita', 'finding')).toMatchObject({ outcome: 'finding', reason: 'seen' });
    const kinds = await run.kinds('looked-at');
    expect(kinds.filter((kind) => kind.includes('review'))).toEqual(['run_review_opened', 'review_signed']);
    // What never ran is off the list; what still runs stays on it.
    await expect
      .poll(() => run.admin.query('SELECT job_id FROM scheduler.run_reviews'), { timeout: 60_000 })
      .toEqual([{ job_id: 'still-runs' }]);
    expect([await opened('never-ran'), await opened('still-runs')]).toEqual([undefined, undefined]);
    const metrics = await (await fetch(`${run.health_url}/metrics`)).text();
    expect(metrics).toMatch(/^countersign_reviews_open\{.*\} \d+$/m);
  });
});

describe('break-glass', () => {
  test('one of the named group grants alone, marked in the evidence, and it waits for somebody else’s review', async () => {
    const shown = await run.ask('in-need', { stages: TWO, break_glass: GLASS });
    const broken = await breakGlass(shown, 'eve');
    expect(broken).toMatchObject({ state: 'granted', glass_broken: { used_by: 'eve', reason: 'the site is down' } });
    expect((await breakGlass(shown, 'eve')).state).toBe('granted');
    expect(await run.kinds('in-need')).toEqual(['approval_opened', 'approval_voted', 'approval_granted']);
    for (const { body } of (await run.entries('in-need')).slice(1)) expect(body.break_glass).toBe(true);
    expect(JSON.stringify(await run.entries('in-need'))).not.toContain('the site is down');
    expect(await faultOf('in-need')).toBeNull();
    expect(await unreviewed()).toEqual(['in-need']);
    const { approval_id } = shown;
    for (const id of ['eve', OWNER, AGENT]) expect(await codeOf(review(approval_id, id))).toBe('approval_not_eligible');
    expect(await codeOf(review(approval_id, 'rita', 'accepted', 'rival'))).toBe('not_found');
    expect(await review(approval_id, 'rita')).toMatchObject({ kind: 'break_glass', signed_by: 'rita', reason: 'seen' });
    expect((await view(shown)).glass_broken).toMatchObject({ reviewed_by: 'rita', review: 'seen' });
    expect((await review(approval_id, 'rita')).signed_by).toBe('rita');
    expect(await codeOf(review(approval_id, 'rita', 'finding'))).toBe('state_conflict');
    expect(await codeOf(review(approval_id, 'ruth'))).toBe('state_conflict');
    expect(await unreviewed()).toEqual([]);
    const reviewed = (await run.entries('in-need')).at(-1)!;
    expect(reviewed).toMatchObject({
      kind: 'review_signed',
      body: { of: 'break_glass', review_id: approval_id, reviewer: 'rita', outcome: 'accepted', commented: true },
    });
    expect(JSON.stringify(reviewed)).not.toContain('seen');
  });

  test.each([
    ['nobody outside the group', { break_glass: GLASS }, 'sam', ['sre']],
    ['nobody where the rule names no group', {}, 'eve', ['emergency']],
    ['nobody in the own matter', { break_glass: GLASS, on_behalf_of: 'eve' }, 'eve', ['emergency']],
    ['not the owner', { break_glass: GLASS }, OWNER, ['emergency']],
  ] satisfies [string, Holding, string, string[]][])('%s', async (name, holding, id, groups) => {
    const shown = await run.ask(name.replaceAll(' ', '-'), holding);
    expect(await codeOf(breakGlass(shown, id, groups))).toBe('approval_not_eligible');
    expect((await view(shown)).state).toBe('open');
    expect(await codeOf(review(shown.approval_id, 'rita'))).toBe('not_found');
  });

  test('nothing but what was shown, and not after a no', async () => {
    const shown = await run.ask('another-digest', { break_glass: GLASS });
    const other = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(breakGlass(shown, 'eve', ['emergency'], other))).toBe('approval_digest_mismatch');
    await run.vote(shown, 'sam', ['sre'], { vote: 'reject' });
    expect(await codeOf(breakGlass(shown, 'eve'))).toBe('approval_closed');
  });
});

describe('a counter-offer', () => {
  const CHANGE = { payload: { replicas: 1 }, constraints: { timeout_ms: 60_000 } };
  const offer = (shown: ApprovalView, id: string, groups: string[], change: object = CHANGE, digest = shown.digest) => {
    const { tenant, approval_id } = shown;
    const asked = { tenant, approval_id, digest, change, reason: 'one is enough', principal: principalOf(id, groups) };
    return run.ingress.call('approval.counter_offer', asked);
  };

  test('is a no that says what would be agreed to, whoever agreed before; the question itself does not change', async () => {
    const shown = await run.ask('instead', { stages: TWO });
    await run.vote(shown, 'sam', ['sre']);
    const refused = await offer(shown, 'ines', ['sre']);
    const made = { offer_id: shown.approval_id, offered_by: 'ines', reason: 'one is enough', change: CHANGE };
    expect(refused).toMatchObject({ state: 'refused', digest: shown.digest, counter_offer: made });
    expect(refused.effective).toEqual(shown.effective);
    expect((await offer(shown, 'ines', ['sre'])).counter_offer).toEqual(made);
    expect(await codeOf(offer(shown, 'ines', ['sre'], { payload: { replicas: 2 } }))).toBe('approval_already_voted');
    expect(await codeOf(run.vote(shown, 'sue', ['sre']))).toBe('approval_closed');
    const listed = await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'instead' });
    expect(listed.approvals[0]!.counter_offer).toBeNull();
    const [voted, closed] = (await run.entries('instead')).slice(-2);
    const mark = { offer_id: shown.approval_id, offered_by: 'ines', changes: ['constraints', 'payload'] };
    for (const entry of [voted, closed])
      expect(entry!.body.counter_offer).toMatchObject({ ...mark, constraints: CHANGE.constraints });
    expect(closed!.kind).toBe('approval_refused');
    expect(JSON.stringify([voted, closed])).not.toMatch(/replicas|one is enough/);
    const [row] = await run.scheduler.query<{ counter_offer: object }>(
      `SELECT counter_offer FROM approval.outcomes WHERE job_id = 'instead'`,
    );
    expect(row!.counter_offer).toEqual(made);
  });

  test('is for those who may vote, on what was shown, and offers something', async () => {
    const shown = await run.ask('not-theirs');
    for (const [id, groups] of [
      [AGENT, ['sre']],
      [OWNER, ['sre']],
      ['mallory', ['finance']],
    ] as const)
      expect(await codeOf(offer(shown, id, [...groups]))).toBe('approval_not_eligible');
    const other = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(offer(shown, 'sam', ['sre'], CHANGE, other))).toBe('approval_digest_mismatch');
    for (const change of [{}, { constraints: { set: { a: 1 } } }, { actor: 'eve' }])
      expect(await codeOf(offer(shown, 'sam', ['sre'], change))).toBe('field_invalid');
    expect((await view(shown)).state).toBe('open');
  });
});

describe('a change of policy, where the new one says that agreements survive', () => {
  let epoch = 3;
  /** The scheduler has decided again under another policy, and holds the job for another question. */
  async function under(job_id: string, holding: Holding): Promise<ApprovalView> {
    epoch = await run.activate();
    await run.hold(job_id, { ...holding, held_seq: 2, policy_epoch: epoch });
    await expect.poll(async () => (await listed(job_id)).length).toBe(2);
    return view((await listed(job_id))[0]!);
  }
  async function listed(job_id: string): Promise<ApprovalView[]> {
    return (await run.ingress.call('approval.list', { tenant: TENANT, job_id })).approvals;
  }
  const asked = (more: Holding = {}) => ({ stages: TWO, salt: randomSalt(), policy_epoch: epoch, ...more });

  test('votes and grants on the same terms hold on, to the same end, recorded', async () => {
    const holding = asked();
    const half = await run.ask('half', holding);
    await run.vote(half, 'sam', ['sre']);
    const next = await under('half', { ...holding, survive: 'same_terms' });
    expect(next).toMatchObject({ state: 'open', carried_from: half.approval_id, expires_at: half.expires_at });
    expect(next.votes.map(({ voter }) => voter)).toEqual(['sam']);
    expect(next.digest).not.toBe(half.digest);
    expect((await run.vote(next, 'ines', ['sre'])).state).toBe('granted');
    expect(await run.kinds('half')).toEqual([
      ...['approval_opened', 'approval_voted', 'approval_voided', 'approval_opened', 'approval_carried'],
      ...['approval_voted', 'approval_granted'],
    ]);
    expect(await faultOf('half')).toBeNull();

    const whole = asked();
    const first = await run.ask('whole', whole);
    for (const id of ['sam', 'ines']) await run.vote(first, id, ['sre']);
    expect(await under('whole', { ...whole, survive: 'same_terms' })).toMatchObject({ state: 'granted' });
    expect((await run.kinds('whole')).slice(-3)).toEqual(['approval_opened', 'approval_carried', 'approval_granted']);
    expect(await faultOf('whole')).toBeNull();
    await expect.poll(() => run.wakeUpsOf('whole').length).toBe(2);
  });

  test.each([
    ['the bundle does not say so', {}],
    ['something else would run', { survive: 'same_terms', payload: { replicas: 50 } }],
    ['others are asked', { survive: 'same_terms', stages: [{ group: 'security', count: 2 }] }],
    ['fewer are asked', { survive: 'same_terms', stages: [{ group: 'sre', count: 1 }] }],
    ['more attempts are allowed', { survive: 'same_terms', max_attempts: 9 }],
    ['it may stand open for longer', { survive: 'same_terms', expires_ms: 99_000 }],
    ['others may vote later', { survive: 'same_terms', escalate: AFTER_A_WHILE }],
    ['somebody may grant alone', { survive: 'same_terms', break_glass: GLASS }],
  ] satisfies [string, Holding][])('not when %s', async (name, change) => {
    const job_id = name.replaceAll(' ', '-');
    const holding = asked();
    const former = await run.ask(job_id, holding);
    for (const id of ['sam', 'ines']) await run.vote(former, id, ['sre']);
    expect(await under(job_id, { ...holding, ...change })).toMatchObject({
      state: 'open',
      votes: [],
      carried_from: null,
    });
  });

  test('not what has been spent, has expired, or one person granted alone', async () => {
    const spent = asked();
    const former = await run.ask('spent', spent);
    for (const id of ['sam', 'ines']) await run.vote(former, id, ['sre']);
    await run.admin.query(
      'UPDATE approval.approvals SET redemptions = 1, redeemed_at = clock_timestamp() WHERE approval_id = $1',
      [former.approval_id],
    );
    expect((await under('spent', { ...spent, survive: 'same_terms' })).carried_from).toBeNull();
    const over = asked();
    const late = await run.ask('over', over);
    for (const id of ['sam', 'ines']) await run.vote(late, id, ['sre']);
    await run.admin.query('UPDATE approval.approvals SET expires_at = clock_timestamp() WHERE approval_id = $1', [
      late.approval_id,
    ]);
    expect((await under('over', { ...over, survive: 'same_terms' })).carried_from).toBeNull();
    const alone = asked({ break_glass: GLASS });
    await breakGlass(await run.ask('alone', alone), 'eve');
    expect((await under('alone', { ...alone, survive: 'same_terms' })).carried_from).toBeNull();
  });
});
