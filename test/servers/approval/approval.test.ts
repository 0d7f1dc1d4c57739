/** Approvals on a real database and bus: what is asked, who may say yes, until when. */

import type { Principal } from '@countersign/contracts/rpc';
import { subjects } from '@countersign/contracts/subjects';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { plainDigest } from '@countersign/ledger/digest';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { AGENT, JOB_HASH, OWNER, type RunningApproval, runApproval, TENANT, TOPIC } from './run-approval.ts';

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
});
afterAll(() => run[Symbol.asyncDispose]());

describe('opening', () => {
  test('shows exactly what would run and binds the vote to all of it', async () => {
    const shown = await run.ask('bound', { on_behalf_of: 'customer', payload: { replicas: 7 } });
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
    const shown = await run.ask('recorded', { payload: { note: 'do not repeat me' } });
    const entries = await run.entries('recorded');
    expect(entries.map((entry) => [entry.kind, entry.recorded_by])).toEqual([
      ['approval_opened', 'countersign_approval'],
    ]);
    expect(entries[0]!.body).toMatchObject({ approval_id: shown.approval_id, digest: shown.digest, actor: AGENT });
    expect(JSON.stringify(entries)).not.toContain('do not repeat me');
  });

  test('hints that come twice, name nobody or are nonsense change nothing, and no hint at all costs time only', async () => {
    run.schedulerBus.hint(subjects.held(TENANT, TOPIC), { nonsense: true });
    run.schedulerBus.connection.publish(subjects.held(TENANT, TOPIC), '{');
    await run.hold('woken');
    for (const job_id of ['woken', 'nobody', 'woken']) {
      run.schedulerBus.hint(subjects.held(TENANT, TOPIC), { tenant: TENANT, job_id });
    }
    await run.opened('woken');
    await run.ask('never-told-of');
    expect(await run.kinds('woken')).toEqual(['approval_opened']);
    expect((await fetch(`${run.health_url}/readyz`)).status).toBe(200);
  });

  test('content that is not what its digest says is shown to nobody', async () => {
    await run.hold('a-forged', { forged: '{"payload":{"replicas":50}}' });
    await run.ask('b-sound');
    const { approvals } = await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'a-forged' });
    expect(approvals).toEqual([]);
  });

  test('a job that is held again is asked about again, and the old content is not shown as the old question', async () => {
    const first = await run.ask('again', { held_seq: 1, payload: { replicas: 1 } });
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
    const shown = await run.ask('staged', {
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
    expect(await run.kinds('staged')).toEqual(['approval_opened', ...voted, 'approval_granted']);
    const entries = await run.entries('staged');
    expect(entries.at(-1)!.body.approvers).toMatchObject([
      { approver: 'sam' },
      { approver: 'sven' },
      { approver: 'ines' },
    ]);
    expect(JSON.stringify(entries)).not.toContain('seen it');
    await expect
      .poll(() => run.wakeUpsOf('staged'))
      .toEqual([
        {
          subject: 'job.granted.acme.deploy.apply',
          body: { tenant: TENANT, job_id: 'staged', approval_id: shown.approval_id },
        },
      ]);
  });

  test('nobody countersigns their own', async () => {
    const shown = await run.ask('own', { on_behalf_of: 'carla second-agent/rita' });
    for (const person of [AGENT, OWNER, 'carla', 'second-agent', 'rita']) {
      expect(await codeOf(run.vote(shown, person, ['sre']))).toBe('approval_not_eligible');
    }
    expect(await codeOf(run.vote(shown, 'sam', ['approvers']))).toBe('approval_not_eligible');
    const by = { auth_method: 'api_key', key_id: null };
    const agent: Principal = { id: 'other-agent', type: 'agent', groups: ['sre'], owner: 'x', ...by };
    expect(await codeOf(run.vote(shown, agent.id, ['sre'], { principal: agent }))).toBe('approval_not_eligible');
    expect(await run.kinds('own')).toEqual(['approval_opened']);
  });

  test('a vote for something else than what is shown counts for nothing', async () => {
    const shown = await run.ask('other');
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { digest }))).toBe('approval_digest_mismatch');
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { tenant: 'rival' }))).toBe('not_found');
    expect(await run.state(shown.approval_id)).toBe('open');
  });

  test('the same vote again is the first answer, the other one is refused', async () => {
    const shown = await run.ask('twice', { stages: [{ group: 'sre', count: 2 }] });
    await run.vote(shown, 'sam', ['sre']);
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('open');
    await run.vote(shown, 'sven', ['sre']);
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('granted');
    expect(await codeOf(run.vote(shown, 'sam', ['sre'], { vote: 'reject' }))).toBe('approval_already_voted');
    expect(await codeOf(run.vote(shown, 'sara', ['sre']))).toBe('approval_closed');
    expect(await run.kinds('twice')).toEqual([
      'approval_opened',
      'approval_voted',
      'approval_voted',
      'approval_granted',
    ]);
  });

  test('votes of the same moment: one person once, one grant', async () => {
    const shown = await run.ask('race', { stages: [{ group: 'sre', count: 2 }] });
    const people = ['sam', 'sam', 'sam', 'sven', 'sara', 'sofia'];
    await Promise.allSettled(people.map((person) => run.vote(shown, person, ['sre'])));
    expect(await run.kinds('race')).toEqual([
      'approval_opened',
      'approval_voted',
      'approval_voted',
      'approval_granted',
    ]);
    const { votes } = await run.ingress.call('approval.get', { tenant: TENANT, approval_id: shown.approval_id });
    expect(new Set(votes.map(({ voter }) => voter)).size).toBe(2);
  });

  test('one no refuses at once', async () => {
    const shown = await run.ask('no', { stages: [{ group: 'sre', count: 3 }] });
    await run.vote(shown, 'sam', ['sre']);
    expect((await run.vote(shown, 'sven', ['sre'], { vote: 'reject' })).state).toBe('refused');
    expect(await codeOf(run.vote(shown, 'sara', ['sre']))).toBe('approval_closed');
    expect((await run.kinds('no')).at(-1)).toBe('approval_refused');
    await expect
      .poll(() => run.wakeUpsOf('no').map(({ subject }) => subject))
      .toEqual(['job.refused.acme.deploy.apply']);
  });

  test('a person or key that was revoked a moment ago has no vote', async () => {
    const shown = await run.ask('revoked');
    const key_id = 'key_00000000000000aa';
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('rita', now()), ($1, now())`, [
      `key:${key_id}`,
    ]);
    expect(await codeOf(run.vote(shown, 'rita', ['sre']))).toBe('revoked');
    const by = { groups: ['sre'], owner: null, auth_method: 'api_key', key_id };
    expect(await codeOf(run.vote(shown, 'rolf', ['sre'], { principal: { id: 'rolf', type: 'human', ...by } }))).toBe(
      'revoked',
    );
  });

  test('a yes of somebody who was revoked since counts no more: another person has to look', async () => {
    const shown = await run.ask('revoked-since', { stages: [{ group: 'sre', count: 2 }] });
    await run.vote(shown, 'ruth', ['sre']);
    await run.admin.query(`INSERT INTO control.revocations (subject, revoked_at) VALUES ('ruth', now())`);
    expect((await run.vote(shown, 'sam', ['sre'])).state).toBe('open');
    expect((await run.vote(shown, 'sven', ['sre'])).state).toBe('granted');
  });

  test('a job that no longer waits takes no vote, and its question is voided', async () => {
    const shown = await run.ask('gone');
    await run.release('gone');
    expect(await codeOf(run.vote(shown, 'sam', ['sre']))).toBe('approval_closed');
    await expect.poll(() => run.state(shown.approval_id)).toBe('voided');
    expect(await run.kinds('gone')).toEqual(['approval_opened', 'approval_voided']);
    expect(run.wakeUpsOf('gone')).toEqual([]);
  });

  test('an expired question takes no vote and wakes the scheduler', async () => {
    await run.hold('late', { expires_ms: 1 });
    await expect.poll(() => run.kinds('late')).toEqual(['approval_opened', 'approval_expired']);
    const { approvals } = await run.ingress.call('approval.list', { tenant: TENANT, job_id: 'late', state: 'expired' });
    expect(await codeOf(run.vote(approvals[0]!, 'sam', ['sre']))).toBe('approval_closed');
    await expect
      .poll(() => run.wakeUpsOf('late').map(({ subject }) => subject))
      .toEqual(['job.refused.acme.deploy.apply']);
    const outcomes = await run.scheduler.query(`SELECT state, held_seq FROM approval.outcomes WHERE job_id = 'late'`);
    expect(outcomes).toEqual([{ state: 'expired', held_seq: 1 }]);
  });
});

describe('listing', () => {
  test('pages through the newest first, by state and job, and never shows content', async () => {
    for (const job_id of ['list-1', 'list-2', 'list-3']) await run.ask(job_id);
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
