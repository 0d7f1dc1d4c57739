import { sign, verify } from 'node:crypto';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import { type WorkerResult, workerResult } from '@countersign/contracts/worker';
import { canonicalize, parseStrict } from '@countersign/ledger/canonical-json';
import { RetryableError } from '@countersign/worker/retryable-error';
import type { JobContext, WorkerJob } from '@countersign/worker/worker-options';
import { describe, expect, test } from 'vitest';
import { createSigningKey, JOB } from '../../cases/worker/make-warrant.ts';
import { type FakeScheduler, granted, startFakeScheduler } from './fake-scheduler.ts';

const DISBELIEVED = 'no result of this worker is believed';

function resultOf(fake: FakeScheduler, dispatch_id: string) {
  return fake.until('a result', () => fake.results.find((result) => result.dispatch_id === dispatch_id));
}

/** Over what was sent, as its reader will parse it. */
function expectSigned(fake: FakeScheduler, { signature, ...signed }: WorkerResult): void {
  const bytes = Buffer.from(canonicalize(signed));
  expect(verify(null, bytes, fake.worker_key.publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
}

/** A log, and what was said in it, with when. */
function listen() {
  const lines: { said: string; at: number }[] = [];
  const hear = (_: unknown, said: string) => void lines.push({ said, at: performance.now() });
  const log = { child: () => log, info: hear, warn: hear, error: hear };
  const saying = (text: string) => lines.filter(({ said }) => said.startsWith(text));
  return { log: log as never, saying };
}

/** A handler that counts. Mocks would be cleared by whichever test begins while another one runs. */
function counter() {
  const count = Object.assign(
    () => {
      count.calls += 1;
      return 'counted';
    },
    { calls: 0 },
  );
  return count;
}

/** Never ends by itself; ends with its signal unless told not to listen. */
function endless({ signal }: JobContext): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
}

describe.concurrent('a job', () => {
  test('is run once, signed, settled and forgotten', async () => {
    await using fake = await startFakeScheduler();
    const seen: [WorkerJob, JobContext][] = [];
    let returned_at = 0;
    const worker = fake.worker({
      handle: (job, context) => {
        returned_at = performance.now();
        seen.push([job, context]);
        for (const count of [-1, 1.5, Number.NaN]) expect(() => context.reportAffected(count)).toThrow(TypeError);
        context.reportAffected(1);
        context.reportAffected(2);
        return { name: 'Ada' };
      },
    });
    await worker.start();
    // It says that it lives, once, before it has anything to do.
    await fake.until('an idle beat', () => fake.beats.length > 0);
    expect(fake.beats).toEqual([expect.objectContaining({ attempts: [] })]);
    const made = await fake.dispatch();
    const result = await resultOf(fake, made.dispatch_id);
    expect(workerResult.parse(result)).toMatchObject({
      ...{ tenant: 'acme', job_id: 'job-1', attempt: 1, worker: 'one', status: 'succeeded', retryable: false },
      output: { name: 'Ada' },
      affected: 2,
      claim_id: fake.claims[0]!.claim_id,
    });
    expectSigned(fake, result);
    expect(seen).toHaveLength(1);
    expect(seen[0]![0]).toMatchObject({ ...JOB, dispatch_id: made.dispatch_id });
    expect(await fake.until('the message is acknowledged', async () => (await fake.pending()) === 0)).toBe(true);
    expect(await worker.stop()).toEqual([]);
    expect(fake.results).toHaveLength(1);
    // A result that waits no longer than a beat for its answer is not named in one.
    const early = fake.beats.filter(({ at }) => at - returned_at < LIMITS.beat_ms);
    expect(early.flatMap(({ attempts }) => attempts).filter((one) => one.reported)).toEqual([]);
  });

  test.each([
    [
      'throws',
      () => {
        throw Object.assign(new Error('no such row'), { code: 'row_missing' });
      },
      false,
      { code: 'row_missing', detail: 'no such row' },
    ],
    [
      'throws a retryable error',
      () => {
        throw new RetryableError('busy', 'try again');
      },
      true,
      { code: 'busy', detail: 'try again' },
    ],
    [
      'throws something without a name',
      () => {
        throw 'x';
      },
      false,
      { code: 'handler_failed', detail: 'thrown without a message' },
    ],
    [
      'throws a text and a code with U+0000 and half of a surrogate pair',
      () => {
        throw Object.assign(new Error('a\u0000b\ud800'), { code: '\u0000' });
      },
      false,
      { code: '\ufffd', detail: 'a\ufffdb\ufffd' },
    ],
    [
      'throws a message that is no text',
      () => {
        throw Object.assign(new Error('x'), { message: 5, code: 7 });
      },
      false,
      { code: 'handler_failed', detail: 'thrown without a message' },
    ],
    [
      'throws what throws when it is looked at',
      () => {
        throw new Proxy(new Error('x'), {
          get() {
            throw new Error('not for you');
          },
        });
      },
      false,
      { code: 'handler_failed', detail: 'what was thrown cannot be read' },
    ],
    [
      'throws nothing',
      () => {
        throw null;
      },
      false,
      { code: 'handler_failed', detail: 'thrown without a message' },
    ],
    [
      'throws a novel',
      () => {
        throw Object.assign(new Error('x'.repeat(100_000)), { code: 'y'.repeat(100_000) });
      },
      false,
      { code: 'y'.repeat(64), detail: 'x'.repeat(500) },
    ],
    [
      'returns too much',
      () => 'x'.repeat(10_001),
      false,
      { code: 'output_too_large', detail: '10003 bytes, 10000 are allowed' },
    ],
    [
      'returns what is not JSON',
      () => new Date(),
      false,
      { code: 'output_not_json', detail: 'canonical_not_json: an instance of a class' },
    ],
    [
      'returns what nobody can read back',
      () => ({ text: 'a\u0000b' }),
      false,
      { code: 'output_not_json', detail: expect.stringContaining('json_nul') },
    ],
  ] as const)('that %s has failed', async (_, handle, retryable, error) => {
    await using fake = await startFakeScheduler();
    await fake.worker({ handle }).start();
    const made = await fake.dispatch();
    const result = await resultOf(fake, made.dispatch_id);
    expect(result).toMatchObject({ status: 'failed', retryable, output: { error } });
    expect(parseStrict(JSON.stringify(result)).ok).toBe(true);
    expectSigned(fake, result);
  });

  test('whose output changes after it was returned is sent as it was signed', async () => {
    await using fake = await startFakeScheduler();
    let looks = 0;
    const output = Object.defineProperty({ list: [1] }, 'looks', { enumerable: true, get: () => ++looks });
    await fake
      .worker({
        handle: () => {
          queueMicrotask(() => output.list.push(2));
          return output;
        },
      })
      .start();
    const made = await fake.dispatch();
    const result = await resultOf(fake, made.dispatch_id);
    expectSigned(fake, result);
    expect(result).toMatchObject({ status: 'succeeded', output: { list: expect.any(Array), looks: 1 } });
  });

  test('without a return value has the output null', async () => {
    await using fake = await startFakeScheduler();
    await fake.worker({ handle: () => undefined }).start();
    const made = await fake.dispatch();
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ status: 'succeeded', output: null });
  });

  test('that runs over its time is ended and reported as timed out', async () => {
    await using fake = await startFakeScheduler();
    fake.answerClaim = (_, made) => granted(made!, { timeout_ms: 100 });
    await fake.worker({ handle: (_, context) => endless(context) }).start();
    const made = await fake.dispatch();
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({
      status: 'timed_out',
      output: { error: { code: 'timed_out' } },
    });
  });

  test('that is told to stop is stopped by the first beat that says so', async () => {
    await using fake = await startFakeScheduler();
    const signals: AbortSignal[] = [];
    const { log, saying } = listen();
    await fake
      .worker({
        handle: (_, context) => {
          signals.push(context.signal);
          return endless(context);
        },
        log,
      })
      .start();
    const made = await fake.dispatch();
    await fake.until('it runs', () => signals.length > 0);
    fake.answerBeat = (_, reported) => (reported ? 'continue' : 'stop');
    await fake.until('the signal', () => signals[0]!.aborted);
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ status: 'stopped', retryable: false });
    expect(saying('told to stop')).toHaveLength(1);
    // A worker is told at the next beat: so often that there is time for it twice in a second.
    expect(2 * LIMITS.beat_ms).toBeLessThan(LIMITS.stop_ms);
  });

  test('that ignores its signal is reported without it, and keeps its slot until it ends', async () => {
    await using fake = await startFakeScheduler();
    fake.answerClaim = (_, made) => granted(made!, { timeout_ms: 50 });
    const { promise, resolve } = Promise.withResolvers<string>();
    let runs = 0;
    await fake.worker({ handle: () => (++runs === 1 ? promise : 'second') }).start();
    const made = await fake.dispatch();
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ status: 'timed_out' });
    await fake.dispatch({ job_id: 'job-2' });
    const peer = fake.worker({ handle: () => 'peer', worker: 'two' });
    await peer.start();
    await fake.until('a peer runs the next one', () => fake.results.some((result) => result.worker === 'two'));
    await peer.stop();
    await fake.dispatch({ job_id: 'job-3' });
    expect(runs).toBe(1);
    resolve('late');
    await fake.until('the slot is used again', () => runs === 2);
    expect(fake.results.find((result) => result.dispatch_id === made.dispatch_id)!.status).toBe('timed_out');
  });
});

describe.concurrent('without a good claim nothing runs', () => {
  test('an altered job is refused by a claim that says so, and leaves the stream', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    fake.answerClaim = () => ({ outcome: 'lost', code: 'warrant_invalid' });
    await fake.worker({ handle: count }).start();
    const made = await fake.dispatch({}, (body) => ({ ...body, effective: { ...JOB, payload: { customer_id: 8 } } }));
    await fake.until('the refusal', () => fake.claims.length > 0);
    expect(fake.claims[0]).toMatchObject({ dispatch_id: made.dispatch_id, refused: { code: 'warrant_effective' } });
    await fake.until('the message is gone', async () => (await fake.pending()) === 0);
    expect(count.calls).toBe(0);
  });

  test('a refusal that the scheduler has not heard is told again', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    let heard = 0;
    fake.answerClaim = () => {
      heard += 1;
      if (heard <= 2) throw new CountersignError('database_unavailable');
      return { outcome: 'lost', code: 'warrant_invalid' };
    };
    await fake.worker({ handle: count }).start();
    await fake.dispatch({}, (body) => ({ ...body, salt: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    await fake.until('the message is gone', async () => heard > 2 && (await fake.pending()) === 0);
    expect(count.calls).toBe(0);
  });

  test('nonsense that names no dispatch is dropped', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    await fake.worker({ handle: count }).start();
    await fake.dispatch({}, () => ({ warrant: 'x' }), null);
    await fake.until('the message is gone', async () => (await fake.pending()) === 0);
    expect([count.calls, fake.claims.length]).toEqual([0, 0]);
  });

  test('nonsense that was published under a dispatch id is refused by that id', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    fake.answerClaim = () => ({ outcome: 'lost', code: 'warrant_invalid' });
    await fake.worker({ handle: count }).start();
    const made = await fake.dispatch({}, () => ({ warrant: 'x' }));
    await fake.until('the message is gone', async () => (await fake.pending()) === 0);
    expect(fake.claims).toMatchObject([{ dispatch_id: made.dispatch_id, refused: { code: 'message_malformed' } }]);
    expect(count.calls).toBe(0);
  });

  test('a warrant that is refused here and offered again is run by a worker that pins the right key', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    // The scheduler had that key when this worker started, and has another one now.
    const former = createSigningKey();
    fake.answerHello = (text) => ({ signature: sign(null, text, former.privateKey).toString('base64url') });
    fake.answerClaim = (request, made) => (request.refused ? { outcome: 'wait', retry_ms: 10 } : granted(made!));
    await fake.worker({ handle: count, scheduler_public_keys: [former.public_key] }).start();
    fake.answerHello = () => ({});
    const made = await fake.dispatch();
    await fake.until('the refusal', () => fake.claims.length > 0);
    await fake.worker({ handle: () => 'good', worker: 'two' }).start();
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ worker: 'two', output: 'good' });
    // Once at least: where the other one takes long to start, its pause is over before.
    const refusals = fake.claims.filter((claim) => claim.refused);
    for (const { refused } of refusals) expect(refused).toEqual({ code: 'warrant_signature' });
    expect(count.calls).toBe(0);
  });

  test('a worker that refused steps back for longer each time, and comes back', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    const { log, saying } = listen();
    const refusals = () => saying('a warrant was refused');
    fake.answerClaim = (request, made) => (request.refused ? { outcome: 'wait', retry_ms: 10 } : granted(made!));
    await fake.worker({ handle: count, concurrency: 4, log }).start();
    await fake.dispatch({}, (body) => ({ ...body, salt: 'AAAAAAAAAAAAAAAAAAAAAA' }));
    const [first, second, third] = await fake.until('three refusals', () => refusals().length === 3 && refusals());
    // A timer counts from the turn of the event loop that set it, a moment before the refusal is logged.
    const turn_ms = LIMITS.refusal_pause_ms / 10;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(LIMITS.refusal_pause_ms - turn_ms);
    expect(third!.at - second!.at).toBeGreaterThanOrEqual(2 * LIMITS.refusal_pause_ms - turn_ms);
    const good = await fake.dispatch({ job_id: 'job-2' });
    expect(await resultOf(fake, good.dispatch_id)).toMatchObject({ status: 'succeeded' });
    expect(count.calls).toBe(1);
  });

  test('a lost claim is acknowledged', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    fake.answerClaim = () => ({ outcome: 'lost', code: 'claim_lost' });
    await fake.worker({ handle: count }).start();
    await fake.dispatch();
    await fake.until('the message is gone', async () => fake.claims.length > 0 && (await fake.pending()) === 0);
    expect(count.calls).toBe(0);
  });

  test('a claim granted for another attempt is not used', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    fake.answerClaim = (_, made) => granted(made!, { attempt: 2 });
    await fake.worker({ handle: count }).start();
    await fake.dispatch();
    await fake.until('the message is gone', async () => fake.claims.length > 0 && (await fake.pending()) === 0);
    expect(count.calls).toBe(0);
  });

  test('a full pool gives the message back, and the next delivery is another claim', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    fake.answerClaim = (_, made) => (fake.claims.length === 1 ? { outcome: 'wait', retry_ms: 10 } : granted(made!));
    await fake.worker({ handle: count }).start();
    const made = await fake.dispatch();
    await resultOf(fake, made.dispatch_id);
    expect(fake.claims).toHaveLength(2);
    expect(count.calls).toBe(1);
  });

  test('an outage of the scheduler is waited out: the same claim twice, then another delivery', async () => {
    await using fake = await startFakeScheduler();
    const count = counter();
    const ids: string[] = [];
    fake.answerClaim = ({ claim_id }, made) => {
      ids.push(claim_id);
      if (claim_id === ids[0]) throw new CountersignError('database_unavailable');
      return granted(made!);
    };
    await fake.worker({ handle: count }).start();
    const made = await fake.dispatch();
    await resultOf(fake, made.dispatch_id);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(2);
    expect(count.calls).toBe(1);
  });
});

describe.concurrent('a lease', () => {
  test('without answers ends the run, which reports nothing', async () => {
    await using fake = await startFakeScheduler();
    fake.answerClaim = (_, made) => granted(made!, { lease_ms: 1_000 });
    fake.answerBeat = () => {
      throw new CountersignError('database_unavailable');
    };
    const signals: AbortSignal[] = [];
    await fake
      .worker({
        handle: (_, context) => {
          signals.push(context.signal);
          return endless(context);
        },
      })
      .start();
    const made = await fake.dispatch();
    await fake.until('the signal', () => signals[0]?.aborted);
    expect(signals[0]!.reason).toBe('lease_lost');
    const next = await fake.dispatch({ job_id: 'job-2' });
    await fake.until('the slot is free again', () =>
      fake.claims.some((claim) => claim.dispatch_id === next.dispatch_id),
    );
    expect(fake.results.filter((result) => result.dispatch_id === made.dispatch_id)).toEqual([]);
  });

  test('is longer than its first span as long as beats are answered', async () => {
    await using fake = await startFakeScheduler();
    // Longer than a beat takes on a slow machine.
    const lease_ms = 3_000;
    fake.answerClaim = (_, made) => granted(made!, { lease_ms });
    const { promise, resolve } = Promise.withResolvers<string>();
    await fake.worker({ handle: () => promise }).start();
    const made = await fake.dispatch();
    const granted_at = await fake.until('the claim', () => fake.claims.length > 0 && performance.now());
    await fake.until('its lease would be over', () => performance.now() - granted_at > lease_ms + LIMITS.beat_ms);
    resolve('done');
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ status: 'succeeded', output: 'done' });
  });
});

describe.concurrent('a result', () => {
  const named = (fake: FakeScheduler, dispatch_id: string) =>
    fake.beats.filter(({ attempts }) => attempts.some((one) => one.dispatch_id === dispatch_id && one.reported)).length;
  const sent = (fake: FakeScheduler, dispatch_id: string) =>
    fake.results.filter((result) => result.dispatch_id === dispatch_id);
  const outage = () => {
    throw new CountersignError('database_unavailable');
  };

  test('is sent again and named in every beat until it is settled, and then neither', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = outage;
    await fake.worker({ handle: () => 'kept' }).start();
    const made = await fake.dispatch();
    await fake.until(
      'it is named and sent again',
      () => named(fake, made.dispatch_id) > 3 && sent(fake, made.dispatch_id).length > 1,
    );
    fake.answerResult = ({ dispatch_id }) => (dispatch_id === made.dispatch_id ? {} : outage());
    const before = sent(fake, made.dispatch_id).length;
    const other = await fake.dispatch({ job_id: 'job-2' });
    await fake.until('it is settled', () => sent(fake, made.dispatch_id).length > before);
    // It is forgotten when the answer has come back.
    const isForgotten = () => {
      const named_last = fake.beats
        .at(-1)!
        .attempts.filter((one) => one.reported)
        .map((one) => one.dispatch_id);
      return named_last.includes(other.dispatch_id) && !named_last.includes(made.dispatch_id);
    };
    await fake.until('it is forgotten', isForgotten);
    const [names, others] = [named(fake, made.dispatch_id), named(fake, other.dispatch_id)];
    await fake.until('the next one is named in several beats', () => named(fake, other.dispatch_id) > others + 3);
    expect(named(fake, made.dispatch_id)).toBe(names);
    const requests = sent(fake, made.dispatch_id);
    expect(requests).toHaveLength(before + 1);
    expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(1);
    fake.answerResult = () => ({});
  });

  test('is kept while the answers are for another one', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = () => (fake.results.length === 1 ? { dispatch_id: crypto.randomUUID() } : {});
    const worker = fake.worker({ handle: () => 'mine' });
    await worker.start();
    const made = await fake.dispatch();
    await fake.until('it is sent again', () => sent(fake, made.dispatch_id).length === 2);
    expect(await worker.stop()).toEqual([]);
  });

  test('that is refused is not sent again', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = () => ({ outcome: 'refused', code: 'attempt_stale' });
    const worker = fake.worker({ handle: () => 'late' });
    await worker.start();
    const made = await fake.dispatch();
    await resultOf(fake, made.dispatch_id);
    expect(await worker.stop()).toEqual([]);
    expect(sent(fake, made.dispatch_id)).toHaveLength(1);
  });

  test.each(['signature_invalid', 'unauthenticated', 'revoked'])(
    'that is refused for who sent it (%s) is the last: nothing more is run',
    async (code) => {
      await using fake = await startFakeScheduler();
      let runs = 0;
      const { log, saying } = listen();
      fake.answerResult = () => ({ outcome: 'refused', code });
      await fake.worker({ handle: () => ++runs, log }).start();
      await fake.dispatch();
      // Until the answer has come back it may still take work.
      await fake.until('it has read the answer', () => saying(DISBELIEVED)[0]);
      await fake.dispatch({ job_id: 'job-2' });
      const peer = fake.worker({ handle: () => 'believed', worker: 'two' });
      await peer.start();
      await fake.until('a peer runs it', () => fake.results.some((result) => result.worker === 'two'));
      expect(runs).toBe(1);
    },
  );

  test('that is refused for who sent it stops what is granted meanwhile', async () => {
    await using fake = await startFakeScheduler();
    let runs = 0;
    const { log, saying } = listen();
    const [refused, granting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    fake.answerResult = () => refused.promise.then(() => ({ outcome: 'refused', code: 'signature_invalid' }));
    fake.answerClaim = async (_, made) => {
      if (made!.effective.job_id === 'job-2') await granting.promise;
      return granted(made!);
    };
    await fake.worker({ handle: () => ++runs, concurrency: 2, log }).start();
    const made = await fake.dispatch();
    await resultOf(fake, made.dispatch_id);
    const next = await fake.dispatch({ job_id: 'job-2' });
    await fake.until('its claim', () => fake.claims.find((claim) => claim.dispatch_id === next.dispatch_id));
    refused.resolve();
    await fake.until('it has read the refusal', () => saying(DISBELIEVED)[0]);
    granting.resolve();
    await fake.until('it has read the grant', async () => (await fake.pending()) === 0);
    expect(runs).toBe(1);
  });

  test('that nobody waits for any more is given up when a beat says so', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = outage;
    fake.answerBeat = (_, reported) => (reported ? 'settled' : 'continue');
    const worker = fake.worker({ handle: () => 'late' });
    await worker.start();
    const made = await fake.dispatch();
    await fake.until('it is named in a beat', () => named(fake, made.dispatch_id) > 0);
    expect(await worker.stop()).toEqual([]);
  });

  test('is waited for by a worker that stops', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = outage;
    const worker = fake.worker({ handle: () => 'kept' });
    await worker.start();
    const made = await fake.dispatch();
    await resultOf(fake, made.dispatch_id);
    const stopped = worker.stop();
    fake.answerResult = () => ({});
    expect(await stopped).toEqual([]);
    expect(sent(fake, made.dispatch_id).length).toBeGreaterThan(1);
  });

  test('is named by a worker that could not hand it over before it stopped', async () => {
    await using fake = await startFakeScheduler();
    fake.answerResult = outage;
    const worker = fake.worker({ handle: () => 'kept' });
    await worker.start();
    const made = await fake.dispatch();
    const { claim_id } = await resultOf(fake, made.dispatch_id);
    const { dispatch_id } = made;
    expect(await worker.stop()).toEqual([{ dispatch_id, claim_id, tenant: 'acme', job_id: 'job-1' }]);
    const requests = sent(fake, dispatch_id).length;
    expect(await worker.stop()).toEqual([]);
    expect(sent(fake, dispatch_id)).toHaveLength(requests);
  });

  test('survives an outage of NATS', async () => {
    await using fake = await startFakeScheduler();
    const { promise, resolve } = Promise.withResolvers<string>();
    let runs = 0;
    await fake
      .worker({
        handle: () => {
          runs += 1;
          return promise;
        },
      })
      .start();
    const made = await fake.dispatch();
    await fake.until('it runs', () => runs === 1);
    await fake.nats.server.kill();
    resolve('made while nobody listened');
    await fake.nats.server.start();
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ output: 'made while nobody listened' });
    expect(runs).toBe(1);
  });
});

describe.concurrent('capacity', () => {
  test('takes no more than it has slots, and leaves the rest to an idle peer', async () => {
    await using fake = await startFakeScheduler();
    const release: (() => void)[] = [];
    let running = 0;
    let most = 0;
    const handle = () =>
      new Promise<string>((resolve) => {
        running += 1;
        most = Math.max(most, running);
        release.push(() => {
          running -= 1;
          resolve('done');
        });
      });
    await fake.worker({ handle, concurrency: 2 }).start();
    const made = await Promise.all(Array.from({ length: 5 }, (_, i) => fake.dispatch({ job_id: `job-${i}` })));
    await fake.until('both slots are taken', () => running === 2);
    await fake.worker({ handle: () => 'peer', worker: 'two' }).start();
    await fake.until('the peer did the rest', () => fake.results.length === 3);
    expect(fake.results.every((result) => result.worker === 'two')).toBe(true);
    expect(most).toBe(2);
    for (const go of release) go();
    await fake.until('all', () =>
      made.every(({ dispatch_id }) => fake.results.some((result) => result.dispatch_id === dispatch_id)),
    );
  });

  test('takes nothing new while too many results are not settled', async () => {
    await using fake = await startFakeScheduler();
    const room = LIMITS.beat_attempts - LIMITS.worker_concurrency;
    let settling = false;
    fake.answerResult = () => {
      if (!settling) throw new CountersignError('database_unavailable');
      return {};
    };
    let runs = 0;
    await fake.worker({ handle: () => ++runs, concurrency: LIMITS.worker_concurrency }).start();
    const some = async (from: number, count: number) => {
      await Promise.all(Array.from({ length: count }, (_, i) => fake.dispatch({ job_id: `job-${from + i}` })));
    };
    await some(0, room + 1);
    await fake.until('all of these have run', () => runs === room + 1);
    await some(room + 1, 10);
    await fake.until('what it was asked for before went back', async () => {
      const seen = fake.beats.length;
      await fake.until('a beat', () => fake.beats.length > seen + 3);
      return true;
    });
    expect(runs).toBe(room + 1);
    settling = true;
    await fake.until('the rest is taken', () => runs === room + 11);
  });

  test('a stopping worker finishes what it runs and takes nothing new', async () => {
    await using fake = await startFakeScheduler();
    const { promise, resolve } = Promise.withResolvers<string>();
    let runs = 0;
    const worker = fake.worker({
      handle: () => {
        runs += 1;
        return promise;
      },
    });
    await worker.start();
    const made = await fake.dispatch();
    await fake.until('it runs', () => runs === 1);
    const stopped = worker.stop();
    await fake.dispatch({ job_id: 'job-2' });
    resolve('finished');
    await stopped;
    expect(await resultOf(fake, made.dispatch_id)).toMatchObject({ status: 'succeeded', output: 'finished' });
    expect(runs).toBe(1);
    await fake.until('the other one waits', async () => (await fake.pending()) === 1);
  });
});

test('options that cannot work are refused before anything starts', async () => {
  await using fake = await startFakeScheduler();
  const options = { handle: () => null };
  expect(() => fake.worker({ ...options, pool: 'Bad.Pool' })).toThrow(/pool/);
  expect(() => fake.worker({ ...options, scheduler_public_keys: [] })).toThrow(/scheduler_public_keys/);
  expect(() => fake.worker({ ...options, signing_key: 'x' })).toThrow(/PKCS#8/);
  expect(() => fake.worker({ ...options, concurrency: 0 })).toThrow(/concurrency/);
});
