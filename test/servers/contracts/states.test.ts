/**
 * The table of states against what promise 10 asks of it, against the database's own list, and against the one function
 * that moves a job.
 */
import {
  isTerminal,
  JOB_STATES,
  type JobState,
  mayFollow,
  TERMINAL_STATES,
  TRANSITIONS,
} from '@countersign/contracts/states';
import type { Database } from '@countersign/platform/database';
import { moveJobs } from '@countersign/scheduler/move-jobs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectIn } from '../../harness/connect-in.ts';
import { createDatabase } from '../../harness/create-database.ts';

const cleanUp = new AsyncDisposableStack();
let scheduler: Database;
let admin: Database;
beforeAll(async () => {
  const database = cleanUp.use(await createDatabase());
  scheduler = connectIn(cleanUp, database.url_for('countersign_scheduler'));
  admin = connectIn(cleanUp, database.admin_url);
});
afterAll(() => cleanUp.disposeAsync());

const anyState = fc.constantFrom(...JOB_STATES);

describe('the table', () => {
  test('leads from every state to a terminal one', () => {
    const reaches = (state: JobState, seen: ReadonlySet<JobState> = new Set()): boolean =>
      isTerminal(state) ||
      TRANSITIONS[state].some((next) => !seen.has(next) && reaches(next, new Set([...seen, state])));
    expect(JOB_STATES.filter((state) => !reaches(state))).toEqual([]);
  });

  test('never leads out of a terminal state, whatever walk is tried', () => {
    fc.assert(
      fc.property(anyState, fc.array(anyState, { maxLength: 40 }), (first, wishes) => {
        const walked: JobState[] = [first];
        for (const wish of wishes) if (mayFollow(walked.at(-1)!, wish)) walked.push(wish);
        return walked.slice(0, -1).every((state) => !isTerminal(state));
      }),
    );
  });

  test('runs a job only out of `dispatched`, and dispatches it only out of `cleared`', () => {
    const leadingTo = (state: JobState): JobState[] => JOB_STATES.filter((from) => mayFollow(from, state));
    expect({ running: leadingTo('running'), dispatched: leadingTo('dispatched') }).toEqual({
      running: ['dispatched'],
      dispatched: ['cleared'],
    });
    expect(leadingTo('succeeded')).toEqual(['running']);
    expect(leadingTo('quarantined')).toEqual(['running']);
  });

  test('is the list that the database checks', async () => {
    const [check] = await admin.query<{ text: string }>(
      `SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint
        WHERE conrelid = 'scheduler.jobs'::regclass AND contype = 'c' AND conname LIKE '%state%'`,
    );
    const listed = [...check!.text.matchAll(/'([a-z_]+)'/g)].map(([, state]) => state!);
    expect(listed.sort()).toEqual([...JOB_STATES].sort());
  });
});

describe('moving a job', () => {
  const DIGEST = `sha256:${'0'.repeat(64)}`;
  const put = async (job_id: string, state: JobState): Promise<void> => {
    await scheduler.query(
      `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version,
         policy_snapshot, policy_epoch, job_hash, deadline_at, traceparent)
       VALUES ('default', $1, 'job.demo.read', '{}', 'agent', 'api_key', $2, 'allow', 1, $3, 1, $3, now() + interval '1 day', '')`,
      [job_id, state, DIGEST],
    );
  };
  const move = (job_id: string, from: JobState, to: JobState): Promise<boolean> =>
    scheduler
      .transaction((tx) => moveJobs(tx, [{ tenant: 'default', job_id, from, to }]))
      .then(() => true)
      .catch(() => false);
  const stateOf = async (job_id: string): Promise<JobState> => {
    const [row] = await scheduler.query<{ state: JobState }>('SELECT state FROM scheduler.jobs WHERE job_id = $1', [
      job_id,
    ]);
    return row!.state;
  };

  test('does what the table lists, and refuses everything else', async () => {
    const wrong: string[] = [];
    for (const from of JOB_STATES) {
      for (const to of JOB_STATES) {
        const job_id = `${from}-${to}`;
        await put(job_id, from);
        const moved = await move(job_id, from, to);
        const ends = await stateOf(job_id);
        if (moved !== mayFollow(from, to) || ends !== (moved ? to : from)) wrong.push(`${job_id}: ${ends}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('never moves one that is not where the mover believes it to be, nor any of its batch', async () => {
    await put('elsewhere', 'cancelled');
    await put('neighbour', 'running');
    const both = scheduler.transaction((tx) =>
      moveJobs(tx, [
        { tenant: 'default', job_id: 'neighbour', from: 'running', to: 'succeeded' },
        { tenant: 'default', job_id: 'elsewhere', from: 'running', to: 'succeeded' },
      ]),
    );
    await expect(both).rejects.toThrow('not where they were locked');
    expect([await stateOf('elsewhere'), await stateOf('neighbour')]).toEqual(['cancelled', 'running']);
  });

  test('every terminal state is one that the API calls the end', () => {
    expect([...TERMINAL_STATES].sort()).toEqual(
      ['cancelled', 'denied', 'expired', 'failed', 'quarantined', 'refused', 'succeeded', 'timed_out'].sort(),
    );
  });
});
