/** What a granted approval is worth: one job, its content, its policy, its attempts, once. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JOB_HASH, type RunningApproval, runApproval, SNAPSHOT, TENANT } from './run-approval.ts';

let run: RunningApproval;
beforeAll(async () => {
  run = await runApproval();
});
afterAll(() => run[Symbol.asyncDispose]());

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
    const shown = await run.ask(job_id, holding);
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
    const shown = await run.ask('ungranted');
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
