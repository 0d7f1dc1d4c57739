/** The checker itself: it finds what it is there for, and nothing in what is right. */
import { expect, test } from 'vitest';
import { checkSystem } from '../../failures/check-system.ts';
import type { TestSystem } from '../../harness/start-system.ts';

const JOB = { tenant: 'acme', job_id: 'one', state: 'dispatched', job_hash: 'sha256:mine' };

/** As far as the checker reads it: one job, and the entry of its dispatch. */
function systemWith(said: object): TestSystem {
  const entry = {
    chain: 'job:acme:one',
    seq: 1,
    kind: 'job_dispatched',
    recorded_by: 'countersign_scheduler',
    time_us: '1',
    body: JSON.stringify({ dispatch_id: 'd1', ...said }),
    prev_hash: Buffer.alloc(32),
    hash: Buffer.alloc(32),
  };
  const sql = async (text: string): Promise<unknown[]> => {
    if (/approval|identity\./.test(text)) return [];
    return text.includes('ledger.entries') ? [entry] : [JOB];
  };
  return { sql } as unknown as TestSystem;
}
const OTHERS = "job one was dispatched on another job's decision";

test('a dispatch that stands on another job’s decision is found', async () => {
  expect(
    await checkSystem(systemWith({ job_hash: JOB.job_hash, decision: { job_hash: 'sha256:theirs' } }), [], []),
  ).toContain(OTHERS);
  expect(await checkSystem(systemWith({ job_hash: 'sha256:theirs', decision: {} }), [], [])).toContain(OTHERS);
  expect(await checkSystem(systemWith({ job_hash: JOB.job_hash, decision: {} }), [], [])).not.toContain(OTHERS);
});

test('what ran without a dispatch and a claim, or twice, is found, and an accepted job that is gone', async () => {
  const effect = { job_id: 'one', dispatch_id: 'd2' };
  expect(
    await checkSystem(systemWith({ job_hash: JOB.job_hash, decision: {} }), [{ job_id: 'two' }], [effect, effect]),
  ).toEqual(
    expect.arrayContaining([
      'accepted job two is gone',
      'job one ran without a dispatch entry',
      'job one ran without a claim entry',
      'attempt d2 of job one ran twice',
      'job one has 0 ends: job_dispatched',
    ]),
  );
});
