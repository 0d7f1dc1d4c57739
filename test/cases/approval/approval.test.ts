// Approvals on a real database and bus: who may say yes, to exactly what, until when, and what a yes is worth.

import { CountersignError, type ErrorCode } from '@countersign/contracts/errors';
import type { Principal } from '@countersign/contracts/rpc';
import { subjects } from '@countersign/contracts/subjects';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { plainDigest } from '@countersign/ledger/digest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AGENT, JOB_HASH, OWNER, type RunningApproval, runApproval, SNAPSHOT, TENANT, TOPIC } from './run-approval.ts';

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
});
afterAll(() => run[Symbol.asyncDispose]());

const codeOf = async (work: Promise<unknown>): Promise<ErrorCode | 'none'> => {
  try {
    await work;
    return 'none';
  } catch (thrown) {
    if (thrown instanceof CountersignError) return thrown.code;
    throw thrown;
  }
};
const kindsOf = async (job_id: string): Promise<string[]> => (await run.entries(job_id)).map((entry) => entry.kind);
const wakeUpsOf = (job_id: string) => run.wakeUps.filter(({ body }) => (body as { job_id: string }).job_id === job_id);
const stateOf = async (approval_id: string): Promise<string> =>
  (await run.ingress.call('approval.get', { tenant: TENANT, approval_id })).state;
const open = async (job_id: string, holding = {}) => {
  await run.hold(job_id, holding);
  return run.opened(job_id);
};

describe('opening', () => {
  test('shows exactly what would run and binds the vote to all of it', async () => {
    const shown = await open('bound', { on_behalf_of: 'customer', payload: { replicas: 7 } });
    const { approval_id, tenant, job_id, topic, job_hash, effective_digest, policy_version, policy_snapshot } = shown;
    const { policy_epoch, stages, max_attempts, requester, owner, on_behalf_of, expires_at } = shown;
    expect(shown).toMatchObject({ tenant: TENANT, topic: TOPIC, job_hash: JOB_HASH, requester: AGENT, owner: OWNER });
    expect(shown).toMatchObject({
      state: 'open',
      votes: [],
      policy_version: 7,
      policy_epoch: 3,
      on_behalf_of: 'customer',
    });
    expect(shown.effective?.payload).toEqual({ replicas: 7 });
    const bound = { approval_id, tenant, job_id, topic, job_hash, effective_digest, policy_version, policy_snapshot };
    const terms = { ...bound, policy_epoch, stages, max_attempts, requester, owner, on_behalf_of, expires_at };
    expect(shown.digest).toBe(plainDigest('countersign/approval/v1', canonicalize(terms)));
  });

  test('records it as the approval service, with the terms and no content', async () => {
    const shown = await open('recorded', { payload: { note: 'do not repeat me' } });
    const entries = await run.entries('recorded');
    expect(entries.map((entry) => [entry.kind, entry.recorded_by])).toEqual([
      ['approval_opened', 'countersign_approval'],
    ]);
    expect(entries[0]!.body).toMatchObject({ approval_id: shown.approval_id, digest: shown.digest, actor: AGENT });
    expect(JSON.stringify(entries)).not.toContain('do not repeat me');
  });

  test('wake-ups are settled, those that come twice, name nobody or are no wake-ups included', async () => {
    await run.hold('woken');
    for (const job_id of ['woken', 'woken', 'nobody']) {
      await run.schedulerBus.publish(subjects.held(TENANT, TOPIC), { tenant: TENANT, job_id });
    }
    await run.schedulerBus.publish(subjects.held(TENANT, TOPIC), { nonsense: true });
    await run.opened('woken');
    await expect.poll(() => run.unsettled()).toBe(0);
    expect(await kindsOf('woken')).toEqual(['approval_opened']);
  });

  test('content that is not what its digest says is shown to nobody', async () => {
    await run.hold('a-forged', { forged: '{"payload":{"replicas":50}}' });
    await open('b-sound');
    const { approvals } = await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'a-forged' });
    expect(approvals).toEqual([]);
  });

  test('a job that is held again is asked about again, and the old content is not shown as the old question', async () => {
    const first = await open('again', { held_seq: 1, payload: { replicas: 1 } });
    await run.vote(first, 'sam', ['sre']);
    await run.hold('again', { held_seq: 2, payload: { replicas: 50 } });
    const second = await run.opened('again');
    expect(second.approval_id).not.toBe(first.approval_id);
    expect(second.effective?.payload).toEqual({ replicas: 50 });
    const old = await run.ingress.call('approval.get', { tenant: TENANT, approval_id: first.approval_id });
    expect([old.state, old.effective]).toEqual(['granted', null]);
  });
});

describe('voting', () => {
  test('stages in order, each with its number of people, and the last yes grants', async () => {
    const shown = await open('staged', {
      stages: [
        { group: 'sre', count: 2 },
        { group: 'security', count: 1 },
      ],
    });
    expect(await codeOf(run.vote(shown, 'ines', ['security']))).toBe('approval_not_eligible');
    expect((await run.vote(shown, 'sam', ['sre', 'security'])).state).toBe('open');
    expect((await run.vote(shown, 'sven', ['sre'], { comment: 'seen it' })).state).toBe('open');
    expect(await codeOf(run.vote(shown, 'sam', ['sre', 'security'], { vote: 'reject' }))).toBe(
      'approval_already_voted',
    );
    const granted = await run.vote(shown, 'ines', ['security']);
    expect(granted.state).toBe('granted');
    expect(granted.votes.map(({ voter, stage, group, comment }) => [voter, stage, group, comment])).toEqual([
      ['sam', 0, 'sre', null],
      ['sven', 0, 'sre', 'seen it'],
      ['ines', 1, 'security', null],
    ]);
    const voted = ['approval_voted', 'approval_voted', 'approval_voted'];
    expect(await kindsOf('staged')).toEqual(['approval_opened', ...voted, 'approval_granted']);
    const entries = await run.entries('staged');
    expect(entries.at(-1)!.body.approvers).toMatchObject([
      { approver: 'sam' },
      { approver: 'sven' },
      { approver: 'ines' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('seen it');
    await expect
      .poll(() => wakeUpsOf('staged'))
      .toEqual([
        {
          subject: 'job.granted.acme.deploy.apply',
          body: { tenant: TENANT, job_id: 'staged', approval_id: shown.approval_id },
        },
      ]);
  });

  test('nobody countersigns their own', async () => {
    const shown = await open('own', { on_behalf_of: 'carla' });
    for (const person of [AGENT, OWNER, 'carla']) {
      expect(await codeOf(run.vote(shown, person, ['sre']))).toBe('approval_not_eligible');
    }
    expect(await codeOf(run.vote(shown, 'sam', ['approvers']))).toBe('approval_not_eligible');
    const agent: Principal = { id: 'other-agent', type: 'agent', groups: ['sre'], owner: 'x', auth_method: 'api_key' };
    expect(await codeOf(run.vote(shown, agent.id, ['sre'], { principal: agent }))).toBe('approval_not_eligible');
    expect(await kindsOf('own')).toEqual(['approval_opened']);
  });

  test('a vote for something else than what is shown counts for nothing', async () => {
    const shown = await open('other');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { digest }))).toBe('approval_digest_mismatch');
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { tenant: 'rival' }))).toBe('not_found');
    expect(await stateOf(shown.approval_id)).toBe('open');
  });

  test('the same vote again is the first answer, the other one is refused', async () => {
    const shown = await open('twice', { stages: [{ group: 'sre', count: 2 }] });
    await run.vote(shown, 'sam', ['sre']);
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('open');
    await run.vote(shown, 'sven', ['sre']);
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('granted');
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { vote: 'reject' }))).toBe('approval_already_voted');
    expect(await codeOf(run.vote(shown, 'sara', ['sre']))).toBe('approval_closed');
    expect(await kindsOf('twice')).toEqual(['approval_opened', 'approval_voted', 'approval_voted', 'approval_granted']);
  });

  test('votes of the same moment: one person once, one grant', async () => {
    const shown = await open('race', { stages: [{ group: 'sre', count: 2 }] });
    const people = ['sam', 'sam', 'sam', 'sven', 'sara', 'sofia'];
    await Promise.allSettled(people.map((person) => run.vote(shown, person, ['sre'])));
    expect(await kindsOf('race')).toEqual(['approval_opened', 'approval_voted', 'approval_voted', 'approval_granted']);
    const { votes } = await run.ingress.call('approval.get', { tenant: TENANT, approval_id: shown.approval_id });
    expect(new Set(votes.map(({ voter }) => voter)).size).toBe(2);
  });

  test('one no refuses at once', async () => {
    const shown = await open('no', { stages: [{ group: 'sre', count: 3 }] });
    await run.vote(shown, 'sam', ['sre']);
    expect((await run.vote(shown, 'sven', ['sre'], { vote: 'reject' })).state).toBe('refused');
    expect(await codeOf(run.vote(shown, 'sara', ['sre']))).toBe('approval_closed');
    expect((await kindsOf('no')).at(-1)).toBe('approval_refused');
    await expect.poll(() => wakeUpsOf('no').map(({ subject }) => subject)).toEqual(['job.refused.acme.deploy.apply']);
  });

  test('a person who was revoked a moment ago has no vote', async () => {
    const shown = await open('revoked');
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('rita', now())`);
    expect(await codeOf(run.vote(shown, 'rita', ['sre']))).toBe('revoked');
  });

  test('a job that no longer waits takes no vote, and its question is voided', async () => {
    const shown = await open('gone');
    await run.release('gone');
    expect(await codeOf(run.vote(shown, 'sam', ['sre']))).toBe('approval_closed');
    await expect.poll(() => stateOf(shown.approval_id)).toBe('voided');
    expect(await kindsOf('gone')).toEqual(['approval_opened', 'approval_voided']);
    expect(wakeUpsOf('gone')).toEqual([]);
  });

  test('an expired question takes no vote and wakes the scheduler', async () => {
    await run.hold('late', { expires_ms: 1 });
    await expect.poll(() => kindsOf('late')).toEqual(['approval_opened', 'approval_expired']);
    const { approvals } = await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'late', state: 'expired' });
    expect(await codeOf(run.vote(approvals[0]!, 'sam', ['sre']))).toBe('approval_closed');
    await expect.poll(() => wakeUpsOf('late').map(({ subject }) => subject)).toEqual(['job.refused.acme.deploy.apply']);
    const outcomes = await run.scheduler.query(`SELECT state, held_seq FROM approval.outcomes WHERE job_id = 'late'`);
    expect(outcomes).toEqual([{ state: 'expired', held_seq: 1 }]);
  });
});

describe('redeeming', () => {
  const redeem = async (given: {
    job_id: string;
    approval_id: string;
    job_hash: string;
    effective_digest: string;
    snapshot: string;
    epoch: number;
  }): Promise<string> => {
    const [row] = await run.scheduler.query<{ outcome: string }>(
      'SELECT approval.redeem($1, $2, $3, $4, $5, $6, $7) AS outcome',
      [TENANT, given.job_id, given.approval_id, given.job_hash, given.effective_digest, given.snapshot, given.epoch],
    );
    return row!.outcome;
  };
  const granted = async (job_id: string, holding = {}) => {
    const shown = await open(job_id, holding);
    await run.vote(shown, 'sam', ['sre']);
    const { approval_id, effective_digest } = shown;
    return { job_id, approval_id, job_hash: JOB_HASH, effective_digest, snapshot: SNAPSHOT, epoch: 3 };
  };
  const OTHER = `sha256:${'9'.repeat(64)}`;

  test('is worth one job, its content, its policy and its attempts', async () => {
    const terms = await granted('spent', { max_attempts: 2 });
    expect(await redeem({ ...terms, job_id: 'staged' })).toBe('missing');
    expect(await redeem({ ...terms, job_hash: OTHER })).toBe('digest_mismatch');
    expect(await redeem({ ...terms, effective_digest: OTHER })).toBe('digest_mismatch');
    expect(await redeem({ ...terms, snapshot: OTHER })).toBe('policy_changed');
    expect(await redeem({ ...terms, epoch: 4 })).toBe('policy_changed');
    expect(await Promise.all([redeem(terms), redeem(terms), redeem(terms)])).toEqual(
      expect.arrayContaining(['ok', 'ok', 'spent']),
    );
    expect(await redeem(terms)).toBe('spent');
  });

  test('nobody spends what was not granted', async () => {
    const shown = await open('ungranted');
    const { approval_id, effective_digest, job_id } = shown;
    const terms = { job_id, approval_id, effective_digest, job_hash: JOB_HASH, snapshot: SNAPSHOT, epoch: 3 };
    expect(await redeem(terms)).toBe('not_granted');
    await run.vote(shown, 'sam', ['sre'], { vote: 'reject' });
    expect(await redeem(terms)).toBe('not_granted');
  });

  test('expiry bounds the first redemption, not the attempts after it', async () => {
    const [early, late] = [await granted('early'), await granted('too-late')];
    expect(await redeem(early)).toBe('ok');
    await run.admin.query(`UPDATE approval.approvals SET expires_at = now() - interval '1 second'`);
    expect(await redeem(early)).toBe('ok');
    expect(await redeem(late)).toBe('expired');
  });

  test('a dispatch that rolls back has spent nothing', async () => {
    const terms = await granted('rolled-back', { max_attempts: 1 });
    const dispatch = run.scheduler.transaction(async (tx) => {
      await tx.query(`SELECT approval.redeem($1, $2, $3, $4, $5, $6, $7)`, [
        TENANT,
        terms.job_id,
        terms.approval_id,
        terms.job_hash,
        terms.effective_digest,
        terms.snapshot,
        terms.epoch,
      ]);
      throw new Error('the dispatch fails');
    });
    await expect(dispatch).rejects.toThrow('the dispatch fails');
    expect(await redeem(terms)).toBe('ok');
  });

  test('the approval service itself can neither spend nor reopen', async () => {
    const { approval_id } = await granted('settled');
    const asApproval = (sql: string) =>
      run.admin.transaction(async (tx) => {
        await tx.query('SET LOCAL ROLE countersign_approval');
        await tx.query(sql);
      });
    await expect(asApproval('UPDATE approval.approvals SET redemptions = 0')).rejects.toThrow('permission denied');
    const reopen = `UPDATE approval.approvals SET state = 'open', closed_at = NULL WHERE approval_id = '${approval_id}'`;
    await expect(asApproval(reopen)).rejects.toThrow('is closed');
    await expect(asApproval('DELETE FROM approval.votes')).rejects.toThrow('permission denied');
    await expect(run.scheduler.query('SELECT comment FROM approval.votes')).rejects.toThrow('permission denied');
  });
});

test('two instances ask once, close once and count a vote once', async () => {
  await run.startAnother();
  const names = Array.from({ length: 20 }, (_, i) => `shared-${i}`);
  await Promise.all(
    names.map(async (job_id, i) => {
      await run.hold(job_id, { expires_ms: i % 2 === 0 ? 1 : 60_000 });
      await run.schedulerBus.publish(subjects.held(TENANT, TOPIC), { tenant: TENANT, job_id });
    }),
  );
  const asked = await Promise.all(names.filter((_, i) => i % 2 === 1).map((job_id) => run.opened(job_id)));
  await Promise.all(asked.flatMap((shown) => [run.vote(shown, 'sam', ['sre']), run.vote(shown, 'sam', ['sre'])]));
  const granted = ['approval_opened', 'approval_voted', 'approval_granted'];
  const expired = ['approval_opened', 'approval_expired'];
  const expected = names.map((_, i) => (i % 2 === 1 ? granted : expired));
  await expect.poll(() => Promise.all(names.map(kindsOf)), { timeout: 5_000 }).toEqual(expected);
});

describe('listing', () => {
  test('pages through the newest first, by state and job, and never shows content', async () => {
    for (const job_id of ['list-1', 'list-2', 'list-3']) await open(job_id);
    const first = await run.ingress.call('approval.list', { tenant: TENANT, state: 'open', limit: 2 });
    expect(first.approvals.map(({ job_id }) => job_id)).toEqual(['list-3', 'list-2']);
    expect(first.approvals.every(({ effective }) => effective === null)).toBe(true);
    const cursor = first.next_cursor!;
    const second = await run.ingress.call('approval.list', { tenant: TENANT, state: 'open', limit: 2, cursor });
    expect(second.approvals[0]!.job_id).toBe('list-1');
    expect((await run.ingress.call('approval.list', { tenant: 'rival' })).approvals).toEqual([]);
    expect(await codeOf(run.ingress.call('approval.list', { tenant: TENANT, state: 'yes' }))).toBe('query_invalid');
    expect(await codeOf(run.ingress.call('approval.list', { tenant: TENANT, cursor: "'" }))).toBe('query_invalid');
  });

  test('counts what is open and what was closed', async () => {
    const metrics = await (await fetch(`${run.health_url}/metrics`)).text();
    expect(metrics).toMatch(/^countersign_approvals_open\{.*\} \d+$/m);
    expect(metrics).toMatch(/^countersign_approvals_closed_total\{.*state="granted".*\} [1-9]/m);
    expect(metrics).toMatch(/^countersign_approval_latency_seconds_count\{.*\} [1-9]/m);
    expect((await fetch(`${run.health_url}/readyz`)).status).toBe(200);
  });
});
