/**
 * Between a plan and the step that carries it out anything may happen: another policy, a stop, a revocation, a cancel, the
 * same step by another replica. The outcome is always that of a plan made afterwards, whatever was planned before.
 */
import { randomUUID, verify } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { TOGETHER_ALG, WARRANT_ALG } from '@countersign/contracts/worker';
import { waitUntil } from '@countersign/infra/wait-until';
import type { ChainEntry } from '@countersign/ledger/chain-entry';
import { verifyChain } from '@countersign/ledger/chain-hash';
import { HOLE } from '@countersign/ledger/holed-json';
import type { Tx } from '@countersign/platform/database';
import { admitJobs } from '@countersign/scheduler/admit/admit-jobs';
import { answerBeat } from '@countersign/scheduler/claim/answer-beat';
import { claimAttempts } from '@countersign/scheduler/claim/claim-attempts';
import { dispatchJobs } from '@countersign/scheduler/dispatch/dispatch-jobs';
import { offerAttempts } from '@countersign/scheduler/dispatch/publish-attempts';
import type { SchedulerContext } from '@countersign/scheduler/scheduler-context';
import { countWaiting } from '@countersign/scheduler/view/count-waiting';
import { rememberSignatures } from '@countersign/worker/verified-signatures';
import { verifyWarrant } from '@countersign/worker/verify-warrant';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { admitItem, judgedJob, POOL, TENANT } from '../../cases/scheduler/decided-job.ts';
import { runSteps, type StepRun, uniqueActor } from './run-steps.ts';

const CONCURRENCY = 3;
/** Sent to the pool at once: its slots and a window of as many. */
const ROOM = CONCURRENCY * 2;

let run: StepRun;
beforeAll(async () => {
  run = await runSteps(CONCURRENCY);
});
afterAll(() => run[Symbol.asyncDispose]());

type Sent = Parameters<typeof offerAttempts>[1][number];
type Job = { job_id: string; actor: string };
type Seen = { state: string; attempt: number; dispatch_id: string | null; attempt_state: string | null; epoch: number };

async function seen({ job_id }: Job): Promise<Seen | undefined> {
  const [row] = await run.admin.query<Seen>(
    `SELECT j.state, j.attempt, a.dispatch_id, a.state AS attempt_state, coalesce(a.policy_epoch, 0) AS epoch
       FROM scheduler.jobs j LEFT JOIN scheduler.attempts a
         ON a.tenant = j.tenant AND a.job_id = j.job_id AND a.attempt = j.attempt
      WHERE j.tenant = $1 AND j.job_id = $2`,
    [TENANT, job_id],
  );
  return row;
}

async function inFlight(): Promise<number> {
  const [row] = await run.admin.query<{ n: number }>(
    `SELECT count(*) AS n FROM scheduler.attempts WHERE state IN ('dispatched', 'running')`,
  );
  return row!.n;
}

async function running(): Promise<number> {
  const [row] = await run.admin.query<{ n: number }>(
    `SELECT count(*) AS n FROM scheduler.attempts WHERE state = 'running'`,
  );
  return row!.n;
}

/** A job that was put off holds nobody back until it is due, which would depend on the clock. */
async function makeDue(): Promise<void> {
  await run.admin.query(`UPDATE scheduler.jobs SET not_before = now() WHERE state = 'cleared'`);
}

async function waiting(): Promise<number> {
  const [row] = await run.admin.query<{ n: number }>(
    `SELECT count(*) AS n FROM scheduler.jobs WHERE state = 'cleared'`,
  );
  return row!.n;
}

/** What happens between plan and step, and what the model must know of it. */
const EVENTS = ['nothing', 'activate', 'stop', 'revoke', 'cancel', 'other'] as const;
type Event = (typeof EVENTS)[number];

/** The pure model: what a step finds that is planned after the event. */
class World {
  stopped = false;
  readonly revoked = new Set<string>();
  readonly jobs: Job[] = [];

  async happen(event: Event, job: Job, again: () => Promise<unknown>): Promise<void> {
    if (event === 'activate') await run.activate();
    if (event === 'stop') {
      this.stopped = !this.stopped;
      await run.setStop(this.stopped);
    }
    if (event === 'revoke') {
      this.revoked.add(job.actor);
      await run.revoke(job.actor);
    }
    if (event === 'cancel') {
      await run.admin.query(
        `UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = $1 AND state IN ('cleared', 'dispatched')`,
        [job.job_id],
      );
      await run.admin.query(`UPDATE scheduler.attempts SET state = 'void' WHERE job_id = $1 AND state = 'dispatched'`, [
        job.job_id,
      ]);
    }
    if (event === 'other') await again();
  }
}

async function admit(world: World, replica: number, event: Event): Promise<void> {
  const job: Job = { job_id: randomUUID(), actor: uniqueActor() };
  const epoch = run.epoch();
  const item = admitItem(job.job_id, { epoch, actor: job.actor });
  run.between(replica, () => world.happen(event, job, () => admitJobs(run.replicas[1 - replica]!, [item])));
  await makeDue();
  const before = { used: await inFlight(), waits: await waiting() };
  const [outcome] = await admitJobs(run.replicas[replica]!, [item]);
  const now = await seen(job);
  if (run.epoch() !== epoch || world.revoked.has(job.actor)) {
    const code = run.epoch() !== epoch ? 'epoch_stale' : 'revoked';
    expect(outcome).toBeInstanceOf(CountersignError);
    expect((outcome as CountersignError).code).toBe(code);
    expect(now).toBeUndefined();
    return;
  }
  world.jobs.push(job);
  if (world.stopped) {
    expect(outcome).toMatchObject({ state: 'denied' });
    expect(now).toMatchObject({ state: 'denied', dispatch_id: null });
    return;
  }
  expect(outcome).toMatchObject({ state: 'cleared', replayed: event === 'other' });
  /** After a change the careful path admits, and the dispatch gate follows by itself. */
  const straight = before.used < ROOM && before.waits === 0;
  if (event === 'nothing' || event === 'other' || event === 'cancel')
    expect(now).toMatchObject(straight ? { state: 'dispatched', attempt: 1 } : { state: 'cleared', attempt: 0 });
}

async function dispatch(world: World, replica: number, event: Event): Promise<void> {
  await makeDue();
  const cleared = await run.admin.query<Job>(`SELECT job_id, actor FROM scheduler.jobs WHERE state = 'cleared'`);
  const job = cleared[0];
  if (job === undefined) return;
  let happened = false;
  run.between(replica, async () => {
    happened = true;
    await world.happen(event, job, () => dispatchJobs(run.replicas[1 - replica]!));
  });
  await dispatchJobs(run.replicas[replica]!);
  const now = (await seen(job))!;
  if (now.state === 'dispatched') {
    expect(world.stopped).toBe(false);
    expect(world.revoked.has(job.actor)).toBe(false);
    expect(now.epoch).toBe(run.epoch());
  }
  if (event === 'cancel' && happened) {
    expect(now.state).toBe('cancelled');
    expect(now.attempt_state).not.toBe('dispatched');
  }
  if (world.stopped && !world.revoked.has(job.actor)) expect(['cleared', 'cancelled']).toContain(now.state);
}

async function claim(world: World, replica: number, event: Event): Promise<void> {
  const [sent] = await run.admin.query<Job & { dispatch_id: string; policy_epoch: number }>(
    `SELECT j.job_id, j.actor, a.dispatch_id, a.policy_epoch FROM scheduler.attempts a JOIN scheduler.jobs j USING (tenant, job_id)
      WHERE a.state = 'dispatched' ORDER BY a.dispatch_id LIMIT 1`,
  );
  if (sent === undefined) return;
  const ask = (at: number, claim_id: string) =>
    claimAttempts(run.replicas[at]!, [{ dispatch_id: sent.dispatch_id, claim_id, pool: POOL, worker: 'w1' }]);
  const full = (await running()) >= CONCURRENCY;
  run.between(replica, () => world.happen(event, sent, () => ask(1 - replica, randomUUID())));
  const mine = randomUUID();
  const [outcome] = await ask(replica, mine);
  const now = (await seen(sent))!;
  const stale = sent.policy_epoch !== run.epoch() || world.revoked.has(sent.actor);
  /** What the other one gave back is nobody's to claim any more. */
  const gone = event === 'cancel' || (event === 'other' && (stale || world.stopped));
  if (gone) expect(outcome).toMatchObject({ outcome: 'lost' });
  else if (stale) expect(outcome).toMatchObject({ outcome: 'lost', code: 'epoch_stale' });
  else if (world.stopped) expect(outcome).toMatchObject({ outcome: 'lost', code: 'stopped' });
  else if (full) expect(outcome).toMatchObject({ outcome: 'wait' });
  else if (event === 'other') expect(outcome).toMatchObject({ outcome: 'lost', code: 'claim_lost' });
  else {
    expect(outcome).toMatchObject({ outcome: 'granted', job_id: sent.job_id });
    expect(now).toMatchObject({ state: 'running', attempt_state: 'running' });
    expect(await ask(1 - replica, mine)).toMatchObject([{ outcome: 'granted' }]);
  }
  if (stale || world.stopped) expect(['cleared', 'cancelled']).toContain(now.state);
}

const STEPS = { admit, dispatch, claim };
const step = fc.record({
  name: fc.constantFrom<keyof typeof STEPS>('admit', 'admit', 'dispatch', 'claim', 'claim'),
  replica: fc.constantFrom(0, 1),
  event: fc.constantFrom(...EVENTS, 'nothing' as const),
});

/** Room for the next round, and no stop in its way. */
async function tidy(world: World): Promise<void> {
  if (world.stopped) await run.setStop(false);
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'ended' WHERE state IN ('dispatched', 'running')`);
  await run.admin.query(
    `UPDATE scheduler.jobs SET state = 'cancelled' WHERE state IN ('cleared', 'dispatched', 'running')`,
  );
}

test('of two replicas never does more than the state after any of them allows', { timeout: 240_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 12 }), async (steps) => {
      const world = new World();
      try {
        for (const { name, replica, event } of steps) {
          await STEPS[name](world, replica, event);
          run.between(replica, async () => {});
          expect(await inFlight()).toBeLessThanOrEqual(ROOM);
          expect(await running()).toBeLessThanOrEqual(CONCURRENCY);
        }
      } finally {
        for (const replica of [0, 1]) run.between(replica, async () => {});
        await tidy(world);
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
});

test('and leaves chains without a gap, in canonical text, one attempt for each number', async () => {
  const rows = await run.admin.query<ChainEntry & { seq: number; time_us: number }>(
    `SELECT * FROM ledger.entries WHERE chain LIKE 'job:%' ORDER BY chain, seq`,
  );
  for (const [, entries] of Map.groupBy(rows, (row) => row.chain)) {
    const chain = entries.map((row) => ({ ...row, seq: BigInt(row.seq), time_us: BigInt(row.time_us) }));
    expect(verifyChain(chain)).toEqual({ ok: true });
  }
  const twice = await run.admin.query(
    `SELECT FROM ledger.entries WHERE kind = 'job_running' GROUP BY body::jsonb ->> 'dispatch_id' HAVING count(*) > 1`,
  );
  expect(twice).toEqual([]);
});

test('a ceiling that changed after the dispatch sends the job back to the gate', async () => {
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'void' WHERE state IN ('dispatched', 'running')`);
  await run.admin.query(
    `UPDATE scheduler.jobs SET state = 'cancelled' WHERE state IN ('cleared', 'dispatched', 'running')`,
  );
  const EVERYTHING = { topics: ['*'], capabilities: ['*'], environments: ['*'] };
  const sent = async (changed: 'before' | 'after') => {
    const job: Job = { job_id: randomUUID(), actor: uniqueActor() };
    const change = () =>
      run.admin.query(`INSERT INTO control.ceilings (agent, ceiling) VALUES ($1, $2)`, [job.actor, EVERYTHING]);
    if (changed === 'before') await change();
    await admitJobs(run.replicas[0]!, [admitItem(job.job_id, { epoch: run.epoch(), actor: job.actor })]);
    expect(await seen(job)).toMatchObject({ state: 'dispatched' });
    if (changed === 'after') await change();
    const [row] = await run.admin.query<{ dispatch_id: string }>(
      `SELECT dispatch_id FROM scheduler.attempts WHERE job_id = $1`,
      [job.job_id],
    );
    const asked = { dispatch_id: row!.dispatch_id, claim_id: randomUUID(), pool: POOL, worker: 'w1' };
    return { job, outcome: (await claimAttempts(run.replicas[0]!, [asked]))[0] };
  };
  const before = await sent('before');
  expect(before.outcome).toMatchObject({ outcome: 'granted' });
  const after = await sent('after');
  expect(after.outcome).toMatchObject({ outcome: 'lost', code: 'epoch_stale' });
  expect(await seen(after.job)).toMatchObject({ state: 'cleared', attempt_state: 'void' });
});

test('warrants of one moment share a signature, and who cannot read them is sent the job once more, by itself', async () => {
  await run.admin.query(`UPDATE scheduler.attempts SET state = 'void' WHERE state IN ('dispatched', 'running')`);
  await run.admin.query(
    `UPDATE scheduler.jobs SET state = 'cancelled' WHERE state IN ('cleared', 'dispatched', 'running')`,
  );
  const replica = run.replicas[0]!;
  const admitTogether = async (count: number) => {
    const jobs = Array.from({ length: count }, () => ({ job_id: randomUUID(), actor: uniqueActor() }));
    run.offered.length = 0;
    await admitJobs(
      replica,
      jobs.map(({ job_id, actor }) => admitItem(job_id, { epoch: run.epoch(), actor })),
    );
    return jobs;
  };
  let verifications = 0;
  const verified = rememberSignatures((signed, key, signature) => {
    verifications += 1;
    return verify(null, signed, key, signature);
  });
  /** `alg` of each; the job of a decided one here is not that of its digest, which a worker looks at after the signature. */
  const algs = () =>
    run.offered.map(([subject, message]) => {
      const delivery = { subject, data: Buffer.from(JSON.stringify(message)) };
      const trust = { pool: POOL, keys: [run.warrant_key], enforces: [], verified };
      expect(verifyWarrant(delivery, trust, Date.now() / 1000)).toMatchObject({ code: 'warrant_effective' });
      return JSON.parse(Buffer.from(message.warrant.split('.')[0]!, 'base64url').toString()).alg;
    });
  await admitTogether(2);
  expect(algs()).toEqual([WARRANT_ALG, WARRANT_ALG]);
  await replica.readers.note(replica.database, { pool: POOL, worker: 'w1' }, true);
  await admitTogether(1);
  expect(algs()).toEqual([WARRANT_ALG]);
  const jobs = await admitTogether(3);
  expect([algs(), verifications]).toEqual([[TOGETHER_ALG, TOGETHER_ALG, TOGETHER_ALG], 1]);
  const ids = new Set(run.offered.map(([, , { msg_id }]) => msg_id));
  const refuse = async (dispatch_id: string) => {
    const refused = { code: 'warrant_header' as const };
    return claimAttempts(replica, [{ dispatch_id, claim_id: randomUUID(), pool: POOL, worker: 'old', refused }]);
  };
  for (const id of ids) expect(await refuse(id)).toMatchObject([{ outcome: 'lost', code: 'warrant_invalid' }]);
  run.offered.length = 0;
  await dispatchJobs(replica);
  expect(algs()).toEqual([WARRANT_ALG, WARRANT_ALG, WARRANT_ALG]);
  for (const [, , { msg_id: dispatch_id }] of run.offered) {
    expect(ids.has(dispatch_id)).toBe(false);
    const asked = { dispatch_id, claim_id: randomUUID(), pool: POOL, worker: 'old' };
    expect(await claimAttempts(replica, [asked])).toMatchObject([{ outcome: 'granted', attempt: 2 }]);
  }
  for (const job of jobs) expect(await seen(job)).toMatchObject({ state: 'running', attempt: 2 });
  run.offered.length = 0;
  offerAttempts(replica, [sentAttempt({ approval_id: randomUUID() }), sentAttempt(), sentAttempt({ attempt: 2 })]);
  expect(algs()).toEqual([WARRANT_ALG, WARRANT_ALG, WARRANT_ALG]);
  run.offered.length = 0;
  offerAttempts(replica, [sentAttempt(), sentAttempt({ approval_id: randomUUID() }), sentAttempt()]);
  expect(algs()).toEqual([TOGETHER_ALG, TOGETHER_ALG, WARRANT_ALG]);
  await run.admin.query(`DELETE FROM scheduler.worker_sightings WHERE worker = 'w1'`);
  await replica.readers.learn(replica.database);
});

function sentAttempt(more: Partial<Sent['attempt']> = {}): Sent {
  const { effective, decisions } = judgedJob('job-1');
  const { decision_id, policy_snapshot, job_hash, effective_digest } = decisions[0]!;
  const ids = { dispatch_id: randomUUID(), tenant: TENANT, job_id: 'job-1', decision_id, approval_id: null };
  const attempt = {
    ...ids,
    pool: POOL,
    attempt: 1,
    policy_snapshot,
    effective_digest,
    payload_digest: job_hash,
    ...more,
  };
  const salt = Buffer.alloc(16).toString('base64url');
  return { attempt, effective, job: { salt, job_hash, traceparent: '' } } as Sent;
}

describe('what was dispatched and is not claimed yet', () => {
  type Given = { job: Job; dispatch_id: string };
  beforeEach(async () => {
    await run.admin.query(`UPDATE scheduler.attempts SET state = 'void' WHERE state IN ('dispatched', 'running')`);
    await run.admin.query(
      `UPDATE scheduler.jobs SET state = 'cancelled' WHERE state IN ('cleared', 'dispatched', 'running')`,
    );
  });

  async function send(behind: string | null = null): Promise<Given> {
    const job: Job = { job_id: randomUUID(), actor: uniqueActor() };
    const item = admitItem(job.job_id, { epoch: run.epoch(), actor: job.actor });
    await admitJobs(run.replicas[0]!, [{ ...item, behind }]);
    return { job, dispatch_id: (await seen(job))!.dispatch_id! };
  }

  function claim(sent: readonly Given[]) {
    const claims = sent.map(({ dispatch_id }) => ({ dispatch_id, claim_id: randomUUID(), pool: POOL, worker: 'w1' }));
    return claimAttempts(run.replicas[0]!, claims);
  }

  /** Claims while another transaction changes what it is about, and lets that one commit once the claim waits for it. */
  async function claimMeanwhile(sent: Given, change: (tx: Tx) => Promise<unknown>) {
    const asked = await run.admin.transaction(async (tx) => {
      await change(tx);
      const claimed = claim([sent]);
      const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      await waitUntil('the claim waits', async () => (await run.admin.query(waiting)).length > 0);
      return { claimed };
    });
    const [outcome] = await asked.claimed;
    const entries = await run.admin.query<{ kind: string }>(
      `SELECT kind FROM ledger.entries WHERE chain = $1 ORDER BY seq OFFSET 2`,
      [`job:${TENANT}:${sent.job.job_id}`],
    );
    return { outcome, kinds: entries.map(({ kind }) => kind), now: await seen(sent.job) };
  }

  test('is granted once when its attempt changes under the claim, and not when its job ends under it', async () => {
    const again = await claimMeanwhile(await send(), (tx) =>
      tx.query(`UPDATE scheduler.attempts SET due_at = now() + interval '9 s' WHERE state = 'dispatched'`),
    );
    expect(again).toMatchObject({ outcome: { outcome: 'granted' }, kinds: ['job_running'] });
    expect(again.now).toMatchObject({ state: 'running', attempt_state: 'running' });
    const ended = await send();
    const gone = await claimMeanwhile(ended, async (tx) => {
      await tx.query(`UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = $1`, [ended.job.job_id]);
      await tx.query(`UPDATE scheduler.attempts SET state = 'void' WHERE dispatch_id = $1`, [ended.dispatch_id]);
    });
    expect(gone).toMatchObject({ outcome: { outcome: 'lost' }, kinds: [] });
    expect(gone.now).toMatchObject({ state: 'cancelled', attempt_state: 'void' });
  });

  /** Approvals of people, and those that came by the first one's grant, as if these jobs had been dispatched with them. */
  async function approve(jobs: readonly Given[], given_by = ['sam']): Promise<string> {
    const [grant_id] = await Promise.all(
      jobs.map(async ({ job, dispatch_id }) => {
        const approval_id = randomUUID();
        await run.admin.query(
          `INSERT INTO approval.approvals (approval_id, tenant, job_id, held_seq, topic, requester, auth_method, job_hash,
             effective_digest, policy_version, policy_snapshot, policy_epoch, reason, stages, max_attempts, digest, state, opened_at,
             expires_at, closed_at, traceparent)
           SELECT $1, tenant, job_id, 1, topic, actor, auth_method, job_hash, effective_digest, 1, 's', $2, 'r', '[{}]', 1, 'd',
                  'granted', now(), now() + interval '1 hour', now(), '' FROM scheduler.jobs WHERE job_id = $3`,
          [approval_id, run.epoch(), job.job_id],
        );
        await run.admin.query('UPDATE scheduler.attempts SET approval_id = $1 WHERE dispatch_id = $2', [
          approval_id,
          dispatch_id,
        ]);
        return approval_id;
      }),
    );
    await run.admin.query(
      `INSERT INTO approval.grants (grant_id, tenant, max_uses, granted_at, expires_at, given_by)
       VALUES ($1, $2, 5, now(), now() + interval '1 hour', $3)`,
      [grant_id, TENANT, given_by],
    );
    await run.admin.query('UPDATE approval.approvals SET by_grant = $1 WHERE job_id = ANY ($2)', [
      grant_id,
      jobs.slice(1).map(({ job }) => job.job_id),
    ]);
    return grant_id!;
  }

  function revokeGrant(tx: Tx, grant_id: string) {
    return tx.query('UPDATE approval.grants SET revoked_by = $2, revoked_at = now() WHERE grant_id = $1', [
      grant_id,
      'sid',
    ]);
  }

  async function expectTakenBack({ job }: Given, reason: string): Promise<void> {
    expect(await seen(job)).toMatchObject({ state: 'cleared', attempt_state: 'void' });
    const [entry] = await run.admin.query<{ body: object }>(
      `SELECT body::jsonb FROM ledger.entries WHERE kind = 'job_cleared' AND chain = $1`,
      [`job:${TENANT}:${job.job_id}`],
    );
    expect(entry!.body).toMatchObject({ state: 'cleared', reason });
  }

  test('runs only while nobody on whose behalf it is done is revoked', async () => {
    const bystander = uniqueActor();
    await run.revoke(bystander);
    const others = await send(`carla desk-bot/${bystander}`);
    expect(await claim([others])).toMatchObject([{ outcome: 'granted' }]);
    for (const place of ['first', 'last']) {
      const behind = uniqueActor();
      const sent = await send(place === 'first' ? `${behind} desk-bot/olivia` : `carla ${behind}/olivia`);
      await run.revoke(behind);
      expect(await claim([sent])).toMatchObject([{ outcome: 'lost', code: 'epoch_stale' }]);
      await expectTakenBack(sent, 'identity revoked before the claim');
      await makeDue();
      await dispatchJobs(run.replicas[1]!);
      expect(await seen(sent.job)).toMatchObject({ state: 'denied', attempt: 1 });
    }
  });

  /** Claims these, and gives the beat that names them all: what each is told. */
  async function runAll(sent: readonly Given[]): Promise<() => Promise<(string | null)[]>> {
    const who = { pool: POOL, worker: 'w1' };
    const claims = sent.map(({ dispatch_id }) => ({ dispatch_id, claim_id: randomUUID() }));
    const given = claims.map((each) => ({ ...each, ...who }));
    expect(await claimAttempts(run.replicas[0]!, given)).toMatchObject(sent.map(() => ({ outcome: 'granted' })));
    const attempts = claims.map((each) => ({ ...each, reported: false }));
    return async () => {
      const answer = await answerBeat(run.replicas[0]!, who, { attempts });
      return answer.attempts.map(({ order, reason }) => (order === 'continue' ? order : reason));
    };
  }

  test('runs on only while nobody on whose behalf it is done is revoked', async () => {
    const behind = uniqueActor();
    const beat = await runAll([await send(`carla ${behind}/olivia`), await send('carla desk-bot/olivia')]);
    expect(await beat()).toEqual(['continue', 'continue']);
    await run.revoke(behind);
    expect(await beat()).toEqual(['identity revoked', 'continue']);
  });

  test.each(['it', 'who gave it'])('by a grant runs on only until %s is revoked', async (what) => {
    const giver = uniqueActor();
    const jobs = [await send(), await send()];
    const grant_id = await approve(jobs, ['sam', giver]);
    const beat = await runAll(jobs);
    expect(await beat()).toEqual(['continue', 'continue']);
    if (what === 'it') await run.admin.transaction((tx) => revokeGrant(tx, grant_id));
    else await run.revoke(giver);
    expect(await beat()).toEqual(['continue', 'the grant was revoked']);
  });

  test('by a grant runs only while that holds; what people approved itself does', async () => {
    const jobs = [await send(), await send(), await send()];
    const grant_id = await approve(jobs);
    expect(await claim([jobs[1]!])).toMatchObject([{ outcome: 'granted' }]);
    await run.admin.transaction((tx) => revokeGrant(tx, grant_id));
    expect(await claim([jobs[0]!, jobs[2]!])).toMatchObject([
      { outcome: 'granted' },
      { outcome: 'lost', code: 'epoch_stale' },
    ]);
    await expectTakenBack(jobs[2]!, 'the grant was revoked before the claim');
  });

  test('nor after somebody who gave it was revoked', async () => {
    const jobs = [await send(), await send()];
    const giver = uniqueActor();
    await approve(jobs, ['sam', giver]);
    await run.revoke(giver);
    expect(await claim([jobs[1]!])).toMatchObject([{ outcome: 'lost', code: 'epoch_stale' }]);
    await expectTakenBack(jobs[1]!, 'the grant was revoked before the claim');
  });

  test('a claim waits for a revocation that is on its way, and sees it', async () => {
    const jobs = [await send(), await send()];
    const grant_id = await approve(jobs);
    const { claiming } = await run.admin.transaction(async (tx) => {
      await revokeGrant(tx, grant_id);
      const begun = claim([jobs[1]!]);
      await waitUntil('the claim waits for the grant', async () => {
        const waiting = await run.admin.query(
          `SELECT FROM pg_stat_activity
            WHERE wait_event_type = 'Lock' AND query LIKE '%revoked_uses%' AND datname = current_database()`,
        );
        return waiting.length > 0;
      });
      return { claiming: begun };
    });
    expect(await claiming).toMatchObject([{ outcome: 'lost', code: 'epoch_stale' }]);
  });
});

test('holes are filled with what is given and nothing in the text means anything else', async () => {
  const fill = async (template: string, given: readonly (string | null)[]): Promise<string> =>
    (
      await run.admin.query<{ filled: string }>('SELECT scheduler.fill($1, $2::text[]) AS filled', [template, given])
    )[0]!.filled;
  expect(await fill(`{"a":"100 %s %1$s %%","b":${HOLE},"ü":${HOLE}}`, ['"%s"', null])).toBe(
    '{"a":"100 %s %1$s %%","b":"%s","ü":null}',
  );
  expect(await fill('{"a":1}', [])).toBe('{"a":1}');
  for (const given of [[], ['1', '2']])
    await expect(fill(`{"a":${HOLE}}`, given)).rejects.toThrow(/template of 1 holes/);
});

test('what waits for a pool is told with its age, and that nothing waits any more', async () => {
  const told = new Map<string, number>();
  const metrics = {
    count() {},
    observe() {},
    set: (name: string, labels: object, value: number) => told.set(`${name} ${Object.values(labels).join()}`, value),
  };
  const look = () => countWaiting({ ...run.replicas[0]!, metrics } as unknown as SchedulerContext);
  await run.admin.query(
    `INSERT INTO scheduler.jobs (tenant, job_id, topic, labels, actor, auth_method, state, decision, policy_version, policy_snapshot,
       policy_epoch, job_hash, pool, deadline_at, not_before, traceparent, created_at)
     VALUES ($1, 'waits-long', 'job.a', '{}', 'ada', 'api_key', 'cleared', 'allow', 1, 's', 1, 'h', $2, 'infinity', 'infinity', '',
       now() - interval '1 hour')`,
    [TENANT, POOL],
  );
  await look();
  expect(told.get(`pool_oldest_waiting_seconds ${POOL}`)).toBeGreaterThan(3_599);
  const before = told.get(`pool_waiting_jobs ${POOL}`)!;
  await run.admin.query(`UPDATE scheduler.jobs SET state = 'cancelled' WHERE job_id = 'waits-long'`);
  await look();
  expect(told.get(`pool_waiting_jobs ${POOL}`)).toBe(before - 1);
  expect(told.get(`pool_unclaimed_seconds ${POOL}`)).toBeGreaterThanOrEqual(0);
});

test('a worker is alive while it was heard of lately, by whichever replica, and a pool without any says so', async () => {
  const told = new Map<string, number>();
  const metrics = {
    ...{ count() {}, observe() {} },
    set: (name: string, labels: object, value: number) => told.set(`${name} ${Object.values(labels).join()}`, value),
  };
  const alive = async () => {
    await countWaiting({ ...run.replicas[0]!, metrics } as unknown as SchedulerContext);
    return told.get(`pool_workers_alive ${POOL}`);
  };
  expect(await alive()).toBe(0);
  const worker = { pool: POOL, worker: 'w1' };
  for (const { workers, database } of run.replicas) {
    workers.see(worker);
    workers.see({ ...worker, worker: 'w2' });
    workers.see({ ...worker, pool: 'other' });
    await workers.keepSeen(database);
  }
  expect(await alive()).toBe(2);
  await run.admin.query(
    `UPDATE scheduler.worker_sightings SET seen_at = seen_at - ${LIMITS.worker_alive_ms} * interval '1 millisecond' WHERE worker = 'w1'`,
  );
  expect(await alive()).toBe(1);
  // Once more heard of, once more there; nothing is written for who stays silent.
  run.replicas[1]!.workers.see(worker);
  await run.replicas[1]!.workers.keepSeen(run.replicas[1]!.database);
  expect(await alive()).toBe(2);
});
