/**
 * A change of policy closes the open questions of the old one in the moment in which their successors open, and no vote on
 * an old one counts, however close to the change it comes.
 */
import { CountersignError } from '@countersign/contracts/errors';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';
import { type RunningApproval, runApproval, TENANT } from './run-approval.ts';

let run: RunningApproval;
beforeEach(async () => {
  run = await runApproval();
});
afterEach(() => run[Symbol.asyncDispose]());

function viewOf(approval_id: string) {
  return run.ingress.call('approval.get', { tenant: TENANT, approval_id });
}

async function openOf(job_id: string) {
  return (await run.ingress.call('approval.list', { tenant: TENANT, job_id, state: 'open' })).approvals;
}

async function detailOf(work: Promise<unknown>): Promise<string> {
  const thrown: unknown = await work.catch((reason: unknown) => reason);
  return thrown instanceof CountersignError ? `${thrown.code}: ${thrown.message}` : 'none';
}

/** As the scheduler does once it has decided again. */
async function holdAgain(job_id: string, held_seq: number, policy_epoch: number) {
  await run.hold(job_id, { held_seq, policy_epoch });
  await expect.poll(async () => (await openOf(job_id)).map((open) => open.policy_epoch)).toEqual([policy_epoch]);
  return run.opened(job_id);
}

test('from the activation on a vote on the old question counts nothing', async () => {
  const shown = await run.ask('changed', { stages: [{ group: 'sre', count: 2 }] });
  await run.vote(shown, 'sam', ['sre']);
  await run.activate();
  expect(await codeOf(run.vote(shown, 'sven', ['sre']))).toBe('approval_outdated');
  expect(await codeOf(run.vote(shown, 'sven', ['sre'], { vote: 'reject' }))).toBe('approval_outdated');
  expect((await viewOf(shown.approval_id)).votes).toHaveLength(1);
  expect(await run.kinds('changed')).toEqual(['approval_opened', 'approval_voted']);
});

test('the old question closes in the transaction that opens its successor, and names it to who comes late', async () => {
  const former = await run.ask('asked-twice');
  const successor = await holdAgain('asked-twice', 2, await run.activate());
  expect(await viewOf(former.approval_id)).toMatchObject({ state: 'voided', superseded_by: successor.approval_id });
  expect(successor).toMatchObject({ state: 'open', superseded_by: null });
  const rows = await run.admin.query(`SELECT DISTINCT xmin::text FROM approval.approvals WHERE job_id = 'asked-twice'`);
  expect(rows).toHaveLength(1);
  expect(await run.kinds('asked-twice')).toEqual(['approval_opened', 'approval_voided', 'approval_opened']);
  const voided = (await run.entries('asked-twice'))[1]!;
  expect(voided.body).toMatchObject({ reason: 'policy changed', superseded_by: successor.approval_id });
  const late = await detailOf(run.vote(former, 'sam', ['sre']));
  expect(late).toMatch(/^approval_outdated: /);
  expect(late).toContain(successor.approval_id);
  expect((await run.vote(successor, 'sam', ['sre'])).state).toBe('granted');
});

test('after several activations one question is open, and each old one names the next', async () => {
  const asked = [await run.ask('often')];
  for (let held_seq = 2; held_seq <= 4; held_seq += 1) {
    asked.push(await holdAgain('often', held_seq, await run.activate()));
  }
  const views = await Promise.all(asked.map((one) => viewOf(one.approval_id)));
  expect(views.map((view) => view.state)).toEqual(['voided', 'voided', 'voided', 'open']);
  expect(views.map((view) => view.superseded_by)).toEqual([...asked.slice(1).map((one) => one.approval_id), null]);
});

test('a question whose job is held no more is voided without a successor', async () => {
  const shown = await run.ask('gone');
  await run.activate();
  await run.release('gone');
  await expect.poll(async () => (await viewOf(shown.approval_id)).state).toBe('voided');
  expect(await codeOf(run.vote(shown, 'sam', ['sre']))).toBe('approval_closed');
});

test('a vote and an activation at once: the vote counts before it or not at all', async () => {
  await run.startAnother();
  let epoch = 3;
  for (let round = 0; round < 12; round += 1) {
    const job_id = `race-${round}`;
    const shown = await run.ask(job_id, { policy_epoch: epoch });
    const [code, next] = await Promise.all([codeOf(run.vote(shown, 'sam', ['sre'])), run.activate()]);
    expect(['none', 'approval_outdated']).toContain(code);
    const { state, votes } = await viewOf(shown.approval_id);
    expect([state, votes.length]).toEqual(code === 'none' ? ['granted', 1] : ['open', 0]);
    if (code !== 'none') {
      const successor = await holdAgain(job_id, 2, next);
      expect((await viewOf(shown.approval_id)).superseded_by).toBe(successor.approval_id);
    }
    const [before] = await run.admin.query<{ before: boolean }>(
      `SELECT v.voted_at < p.activated_at AS before FROM approval.votes v, control.policies p WHERE v.approval_id = $1`,
      [shown.approval_id],
    );
    // A vote that counted came before the change, by the database's clock.
    expect(before?.before).toBe(code === 'none' ? true : undefined);
    epoch = next;
  }
});

test('two instances close each question once', async () => {
  await run.startAnother();
  const names = Array.from({ length: 20 }, (_, i) => `shared-${i}`);
  await Promise.all(names.map((job_id) => run.ask(job_id)));
  const policy_epoch = await run.activate();
  await Promise.all(names.map((job_id) => run.hold(job_id, { held_seq: 2, policy_epoch })));
  const expected = names.map(() => ['approval_opened', 'approval_voided', 'approval_opened']);
  await expect.poll(() => Promise.all(names.map(run.kinds))).toEqual(expected);
});
