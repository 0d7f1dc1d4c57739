/**
 * A terminal state never changes: not by the scheduler's own role, not by a superuser's statement, not in any column.
 */
import { JOB_STATES, TERMINAL_STATES } from '@countersign/contracts/states';
import type { Database } from '@countersign/platform/database';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase } from '../../harness/create-database.ts';

let scheduler: Database;
let admin: Database;
const cleanUp = new AsyncDisposableStack();
beforeAll(async () => {
  const database = cleanUp.use(await createDatabase());
  scheduler = connectIn(cleanUp, database.url_for('countersign_scheduler'), 1);
  admin = connectIn(cleanUp, database.admin_url, 1);
  for (const state of JOB_STATES) {
    await scheduler.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, deadline_at, traceparent)
       VALUES ('acme', $1, 'job.a', '{}', 'a', 'api_key', $1, 'allow', 1, 's', 1, 'h', now(), 't')`,
      [state],
    );
  }
});
afterAll(() => cleanUp.disposeAsync());

const CHANGES = [
  `state = 'running'`,
  `state = 'succeeded', reason = 'all is well'`,
  `reason = 'another'`,
  `result_dispatch_id = gen_random_uuid()`,
  `actor = 'somebody'`,
  `updated_at = now() + interval '1 hour'`,
  `cancel_requested_by = 'me'`,
];

describe.each(TERMINAL_STATES)('a job that has %s', (state) => {
  test.each(CHANGES)('cannot be told otherwise: %s', async (change) => {
    for (const role of [scheduler, admin]) {
      const changed = role.query(`UPDATE scheduler.jobs SET ${change} WHERE job_id = $1 RETURNING 1`, [state]);
      await expect(changed).rejects.toMatchObject({ code: 'CS007' });
    }
  });

  test('may be written as it stands, and is removed by no role', async () => {
    await scheduler.query('UPDATE scheduler.jobs SET reason = reason WHERE job_id = $1', [state]);
    await expect(scheduler.query('DELETE FROM scheduler.jobs WHERE job_id = $1', [state])).rejects.toMatchObject({
      code: '42501',
    });
  });
});

test('a job that has not ended moves on', async () => {
  for (const state of JOB_STATES.filter((each) => !(TERMINAL_STATES as readonly string[]).includes(each))) {
    await scheduler.query(`UPDATE scheduler.jobs SET state = 'failed' WHERE job_id = $1`, [state]);
  }
});
