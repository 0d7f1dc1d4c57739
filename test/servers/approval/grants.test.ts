/**
 * One yes for several jobs alike: so many, within a time, of the same agent, topic, capability and fields, under the policy that
 * asked. Whoever looks for a way to more of it finds a question, as if no grant had been given.
 */
import type { ApprovalView } from '@countersign/contracts/approval';
import type { GrantView, VoteGrant } from '@countersign/contracts/grant';
import { subjects } from '@countersign/contracts/subjects';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import {
  AGENT,
  type Holding,
  JOB_HASH,
  OWNER,
  type RunningApproval,
  runApproval,
  SNAPSHOT,
  TENANT,
  TOPIC,
} from './run-approval.ts';

let run: RunningApproval;
let epoch = 3;
beforeAll(async () => {
  run = await runApproval();
  await run.startAnother();
});
afterAll(() => run[Symbol.asyncDispose]());

const GRANT = { max_uses: 5, max_minutes: 60, same: ['labels.repo', 'payload.branch'] };
const TWO = [
  { group: 'sre', count: 1 },
  { group: 'security', count: 1 },
];
const ALIKE: Holding = { grant: GRANT, labels: { repo: 'shop' }, payload: { branch: 'main', replicas: 3 } };
const RULE_ID = 'require-approval-prod-write';
const POLL = { interval: 10 };
let jobs = 0;

/** A held job that nobody is asked about, or the question about it. The scheduler's hint, so that no sweep has to find it. */
async function hold(more: Holding = {}): Promise<ApprovalView> {
  jobs += 1;
  const job_id = `alike-${jobs}`;
  await holdAs(job_id, more);
  await expect.poll(async () => (await listed(job_id)).length, POLL).toBe(1);
  return run.ingress.call('approval.get', { tenant: TENANT, approval_id: (await listed(job_id))[0]!.approval_id });
}

async function holdAs(job_id: string, more: Holding = {}): Promise<void> {
  await run.hold(job_id, { ...ALIKE, policy_epoch: epoch, ...more });
  const { tenant = TENANT, topic = TOPIC } = more;
  run.schedulerBus.hint(subjects.held(tenant, topic), { tenant, job_id });
}

async function listed(job_id: string): Promise<ApprovalView[]> {
  return (await run.ingress.call('approval.list', { tenant: TENANT, job_id })).approvals;
}

function yes(shown: ApprovalView, person: string, groups: string[], grant?: VoteGrant): Promise<ApprovalView> {
  return run.vote(shown, person, groups, grant === undefined ? {} : { grant });
}

async function given(uses = 3, minutes = 30, more: Holding = {}): Promise<ApprovalView> {
  return yes(await hold(more), 'sam', ['sre'], { uses, minutes });
}

function redeemAll(
  views: readonly ApprovalView[],
  change: object = {},
): Promise<{ outcome: string; grant_use: number | null }[]> {
  const items = views.map((view) => ({ ...view, rule_id: RULE_ID, grant: GRANT, job_hash: JOB_HASH, ...change }));
  return run.scheduler.query('SELECT job_id, outcome, by_grant, grant_use FROM approval.redeem_all($1::jsonb)', [
    JSON.stringify(items),
  ]);
}

async function outcomesOf(views: readonly ApprovalView[], change: object = {}): Promise<string[]> {
  return (await redeemAll(views, change)).map(({ outcome }) => outcome);
}

async function revokedUses(views: readonly ApprovalView[]): Promise<string[]> {
  const rows = await run.scheduler.query<{ id: string }>('SELECT id FROM approval.revoked_uses($1::uuid[]) AS id', [
    views.map(({ approval_id }) => approval_id),
  ]);
  return rows.map(({ id }) => id);
}

async function grants(active = false): Promise<GrantView[]> {
  return (await run.ingress.call('approval.grants', { tenant: TENANT, active })).grants;
}

function revoke(grant_id: string, id: string, groups: string[], any = false): Promise<GrantView> {
  const principal = { id, type: 'human' as const, groups, owner: null, auth_method: 'api_key', key_id: null };
  return run.ingress.call('approval.revoke_grant', {
    tenant: TENANT,
    grant_id,
    reason: 'enough of it',
    any,
    principal,
  });
}

/** Ends what the test gave, so that the next one begins without. */
async function endAll(): Promise<void> {
  for (const { grant_id } of await grants(true)) await revoke(grant_id, 'otto', [], true);
}

describe('a yes for several', () => {
  test('covers what is alike, each with an approval of its own, named in the evidence without a value of a field', async () => {
    const first = await given(3, 30);
    expect(first).toMatchObject({
      state: 'granted',
      grant: GRANT,
      by_grant: null,
      votes: [{ grant: { uses: 3, minutes: 30 } }],
    });
    const use = await hold({ payload: { branch: 'main', replicas: 9 } });
    expect(use).toMatchObject({ state: 'granted', by_grant: first.approval_id, grant_use: null, votes: [] });
    expect(use.digest).not.toBe(first.digest);
    expect(await run.kinds(use.job_id)).toEqual(['approval_by_grant']);
    const [entry] = await run.entries(use.job_id);
    expect(entry!.body).toMatchObject({ grant_id: first.approval_id, grant: GRANT, approvers: [{ approver: 'sam' }] });
    const granted = (await run.entries(first.job_id)).at(-1)!.body as {
      grant: { same_digest: string; max_uses: number };
    };
    expect(granted.grant).toMatchObject({ max_uses: 3, same_digest: entry!.body.same_digest });
    expect(JSON.stringify([entry, granted])).not.toMatch(/shop|"main"/);
    expect(await redeemAll([use])).toMatchObject([{ outcome: 'ok', by_grant: first.approval_id, grant_use: 2 }]);
    expect(await grants(true)).toMatchObject([
      { grant_id: first.approval_id, state: 'active', used: 2, max_uses: 3, given_by: ['sam'] },
    ]);
    await expect.poll(() => run.wakeUpsOf(use.job_id).length, POLL).toBe(1);
    await endAll();
  });

  test('covers nothing that is not alike', async () => {
    const first = await given();
    const unlike: Record<string, Holding & { grant?: unknown }> = {
      'another-agent': { actor: 'other-agent' },
      'another-topic': { topic: 'job.deploy.rollback' },
      'another-capability': { capability: 'infra.admin' },
      'another-label': { labels: { repo: 'bank' } },
      'another-value': { payload: { branch: 'dev', replicas: 3 } },
      'another-type': { payload: { branch: ['main'], replicas: 3 } },
      'no-such-field': { payload: { replicas: 3 } },
      'another-rule': { rule_id: 'another' },
      'other-stages': { stages: TWO },
      'allows-more': { grant: { ...GRANT, max_uses: 9 } },
      'allows-none': { grant: null },
      'somebody-behind': { on_behalf_of: 'sam' },
      'another-owner': { owner: 'sam' },
      'another-tenant': { tenant: 'rival' },
    };
    await Promise.all(Object.entries(unlike).map(([name, more]) => holdAs(name, more)));
    const names = Object.keys(unlike).sort();
    const states = () =>
      run.admin.query<{ job_id: string; state: string; by_grant: null }>(
        'SELECT job_id, state, by_grant FROM approval.approvals WHERE job_id = ANY ($1) ORDER BY job_id COLLATE "C"',
        [names],
      );
    await expect.poll(states, POLL).toEqual(names.map((job_id) => ({ job_id, state: 'open', by_grant: null })));
    expect((await hold()).by_grant).toBe(first.approval_id);
    await endAll();
  });

  test('counts the least that all stages agreed to, and nothing where one yes is for the one job', async () => {
    const both = await hold({ stages: TWO });
    await yes(both, 'sam', ['sre'], { uses: 5, minutes: 10 });
    await yes(both, 'sue', ['security'], { uses: 4, minutes: 60 });
    const [grant] = await grants(true);
    expect(grant).toMatchObject({ max_uses: 4, used: 1, given_by: ['sam', 'sue'] });
    expect(Date.parse(grant!.expires_at) - Date.parse(grant!.granted_at)).toBe(600_000);
    await endAll();
    const one = await hold({ stages: TWO });
    await yes(one, 'sam', ['sre'], { uses: 5, minutes: 10 });
    expect((await yes(one, 'sue', ['security'])).state).toBe('granted');
    expect(await grants(true)).toEqual([]);
    expect((await hold({ stages: TWO })).state).toBe('open');
  });

  test('is not given beyond the rule, without one, or for a job that lacks a field; and a vote is not changed later', async () => {
    const asked = await hold();
    for (const grant of [
      { uses: 6, minutes: 1 },
      { uses: 2, minutes: 61 },
    ])
      expect(await codeOf(yes(asked, 'sam', ['sre'], grant))).toBe('grant_not_allowed');
    expect(await codeOf(yes(await hold({ payload: {} }), 'sam', ['sre'], { uses: 2, minutes: 1 }))).toBe(
      'grant_not_allowed',
    );
    const plain = await hold({ grant: null });
    expect(await codeOf(yes(plain, 'sam', ['sre'], { uses: 2, minutes: 1 }))).toBe('grant_not_allowed');
    expect((await run.ingress.call('approval.get', { tenant: TENANT, approval_id: asked.approval_id })).votes).toEqual(
      [],
    );
    for (const person of [AGENT, OWNER])
      expect(await codeOf(yes(asked, person, ['sre'], { uses: 2, minutes: 1 }))).toBe('approval_not_eligible');
    expect(
      await codeOf(yes({ ...asked, digest: `sha256:${'0'.repeat(64)}` }, 'sam', ['sre'], { uses: 2, minutes: 1 })),
    ).toBe('approval_digest_mismatch');
    await yes(asked, 'sam', ['sre'], { uses: 2, minutes: 1 });
    expect((await yes(asked, 'sam', ['sre'], { uses: 2, minutes: 1 })).state).toBe('granted');
    expect(await codeOf(yes(asked, 'sam', ['sre'], { uses: 5, minutes: 60 }))).toBe('approval_already_voted');
    expect(await grants(true)).toMatchObject([{ max_uses: 2 }]);
    await endAll();
  });
});

describe('a use', () => {
  test('is counted when it is dispatched: two schedulers at once spend no more than was given', async () => {
    for (let round = 0; round < 2; round += 1) {
      await given(3, 30);
      const uses = await Promise.all(Array.from({ length: 8 }, () => hold()));
      expect(uses.map(({ state }) => state)).toEqual(uses.map(() => 'granted'));
      // Each in a transaction of its own, some of which hold several and in another order.
      const [a, b] = [uses.slice(0, 4), uses.slice(4).reverse()];
      const outcomes = (
        await Promise.all([outcomesOf(a), outcomesOf(b), ...uses.map((use) => outcomesOf([use], { job_hash: 'x' }))])
      ).flat();
      expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(2);
      expect(outcomes.filter((outcome) => outcome === 'grant_spent')).toHaveLength(6);
      const [{ used, numbers }] = (await run.admin.query<{ used: number; numbers: number[] }>(
        `SELECT g.used, ARRAY(SELECT a.grant_use FROM approval.approvals a WHERE a.by_grant = g.grant_id AND a.grant_use IS NOT NULL ORDER BY 1) AS numbers
           FROM approval.grants g ORDER BY g.grant_id DESC LIMIT 1`,
      )) as [{ used: number; numbers: number[] }];
      expect({ used, numbers }).toEqual({ used: 3, numbers: [2, 3] });
      expect((await grants()).at(0)!.state).toBe('spent');
      expect((await hold()).state).toBe('open');
    }
  });

  test('has its attempts, is worth nothing to another job, content, rule or policy, and is not spent twice under another name', async () => {
    const first = await given(2, 30);
    const [use, spare] = [await hold({ max_attempts: 2 }), await hold({ max_attempts: 2 })];
    expect(await outcomesOf([use], { job_id: spare.job_id })).toEqual(['missing']);
    expect(await outcomesOf([use], { effective_digest: first.effective_digest })).toEqual(['digest_mismatch']);
    expect(await outcomesOf([use], { policy_epoch: epoch + 1 })).toEqual(['policy_changed']);
    expect(await outcomesOf([use], { policy_snapshot: 'another' })).toEqual(['policy_changed']);
    expect(await outcomesOf([use], { rule_id: 'another' })).toEqual(['grant_missing']);
    expect(await outcomesOf([use], { grant: { ...GRANT, same: ['labels.repo'] } })).toEqual(['grant_missing']);
    expect(await outcomesOf([use], { grant: null })).toEqual(['by_grant']);
    const alone = [TENANT, use.job_id, use.approval_id, JOB_HASH, use.effective_digest, SNAPSHOT, epoch];
    const redeem = 'SELECT approval.redeem($1, $2, $3, $4, $5, $6, $7) AS outcome';
    expect(await run.scheduler.query(redeem, alone)).toEqual([{ outcome: 'by_grant' }]);
    expect(await redeemAll([use])).toMatchObject([{ outcome: 'ok', grant_use: 2 }]);
    expect(await redeemAll([use])).toMatchObject([{ outcome: 'ok', grant_use: 2 }]);
    expect(await outcomesOf([use, spare])).toEqual(['spent', 'grant_spent']);
  });

  test('that was not worth it sends its job to people, and the grant does not let it through again', async () => {
    const first = await given(2, 30);
    const late = await hold();
    await run.admin.query('UPDATE approval.grants SET expires_at = clock_timestamp() WHERE grant_id = $1', [
      first.approval_id,
    ]);
    expect(await outcomesOf([late])).toEqual(['grant_expired']);
    await run.admin.query(
      `UPDATE approval.grants SET expires_at = clock_timestamp() + interval '1 hour' WHERE grant_id = $1`,
      [first.approval_id],
    );
    await holdAs(late.job_id, { held_seq: 2 });
    await expect.poll(async () => (await listed(late.job_id)).map(({ state }) => state)).toEqual(['open', 'granted']);
    await endAll();
  });
});

describe('its end before its time', () => {
  test('by one of a group that gave it, or who may for all; at once, also for what waits and for a second attempt', async () => {
    const first = await given(4, 30);
    const [begun, waiting] = [await hold({ max_attempts: 2 }), await hold()];
    expect(await outcomesOf([begun])).toEqual(['ok']);
    expect(await revokedUses([first, begun, waiting])).toEqual([]);
    expect(await codeOf(revoke(first.approval_id, 'mallory', ['finance']))).toBe('approval_not_eligible');
    expect(await codeOf(revoke(begun.approval_id, 'sam', ['sre']))).toBe('not_found');
    expect(await revoke(first.approval_id, 'sid', ['sre'])).toMatchObject({
      state: 'revoked',
      revoked_by: 'sid',
      revoked_because: 'enough of it',
    });
    expect((await revoke(first.approval_id, 'otto', [], true)).revoked_by).toBe('sid');
    expect(await outcomesOf([begun])).toEqual(['grant_revoked']);
    // What the claim asks. The job that people voted on is not by the grant.
    expect((await revokedUses([first, begun, waiting])).sort()).toEqual(
      [begun.approval_id, waiting.approval_id].sort(),
    );
    expect(await outcomesOf([waiting])).toEqual(['grant_revoked']);
    expect((await hold()).state).toBe('open');
    const kinds = await run.kinds(first.job_id);
    expect(kinds.filter((kind) => kind === 'approval_grant_revoked')).toHaveLength(1);
    expect(JSON.stringify(await run.entries(first.job_id))).not.toContain('enough of it');
  });

  test('a revocation and the last uses at once: what it comes before is refused', async () => {
    const first = await given(5, 30);
    const uses = await Promise.all(Array.from({ length: 4 }, () => hold()));
    const outcomes = (
      await Promise.all([
        ...uses.map((use) => outcomesOf([use])),
        revoke(first.approval_id, 'sid', ['sre']).then(() => []),
      ])
    ).flat();
    expect(outcomes.filter((outcome) => !['ok', 'grant_revoked'].includes(outcome))).toEqual([]);
    const [ended] = await grants();
    expect(ended).toMatchObject({ state: 'revoked', used: 1 + outcomes.filter((outcome) => outcome === 'ok').length });
  });

  test('with whoever gave it: revoked, their yes counts no more', async () => {
    const first = await given(4, 30);
    const waiting = await hold();
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('sam', now())`);
    expect(await outcomesOf([waiting])).toEqual(['grant_revoked']);
    expect(await revokedUses([waiting])).toEqual([waiting.approval_id]);
    expect((await hold()).state).toBe('open');
    await run.admin.query(`DELETE FROM control.revocations WHERE subject = 'sam'`);
    await revoke(first.approval_id, 'sid', ['sre']);
  });

  test('with the next policy, which gives none back', async () => {
    const first = await given(4, 30);
    const waiting = await hold();
    epoch = await run.activate();
    expect(await grants(true)).toEqual([]);
    expect((await grants()).find(({ grant_id }) => grant_id === first.approval_id)!.state).toBe('void');
    expect(await outcomesOf([waiting], { policy_epoch: epoch })).toEqual(['policy_changed']);
    expect((await hold()).state).toBe('open');
  });

  test('one person alone gives none, and a yes that is carried over is for the one job', async () => {
    const asked = await hold({ break_glass: { group: 'emergency' } });
    const principal = {
      id: 'eve',
      type: 'human' as const,
      groups: ['emergency'],
      owner: null,
      auth_method: 'api_key',
      key_id: null,
    };
    const { approval_id, digest } = asked;
    await run.ingress.call('approval.break_glass', { tenant: TENANT, approval_id, digest, reason: 'down', principal });
    const staged = await hold({ stages: TWO, survive: 'same_terms', salt: 'a'.repeat(43) });
    await yes(staged, 'sam', ['sre'], { uses: 5, minutes: 60 });
    epoch = await run.activate();
    await holdAs(staged.job_id, {
      stages: TWO,
      survive: 'same_terms',
      salt: 'a'.repeat(43),
      held_seq: 2,
    });
    await expect.poll(async () => (await listed(staged.job_id))[0]?.carried_from).toBe(staged.approval_id);
    const carried = await run.opened(staged.job_id);
    expect(carried.votes).toMatchObject([{ voter: 'sam', grant: null }]);
    expect((await yes(carried, 'sue', ['security'], { uses: 5, minutes: 60 })).state).toBe('granted');
    expect(await grants(true)).toEqual([]);
  });
});
