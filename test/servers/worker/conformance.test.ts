/**
 * What every worker does, in whatever language and over whichever door (docs/worker-protocol.md): one suite, and a table of
 * workers. None of the attacks may run anything.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { sign, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIMITS } from '@countersign/contracts/limits';
import { TOGETHER_ALG, WARRANTS_DOMAIN, type WorkerResult } from '@countersign/contracts/worker';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { signTogether } from '@countersign/ledger/signed-together';
import { createLogger } from '@countersign/platform/logger';
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { Handle } from '@countersign/worker/worker-options';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runWorker } from '../../../examples/workers/worker.mjs';
import { createSigningKey, HEADER, type Made, type SigningKey } from '../../cases/worker/make-warrant.ts';
import { type FakeDoor, type Stage, startFakeDoor } from './fake-door.ts';
import { granted, POOL, startFakeScheduler, WORKER } from './fake-scheduler.ts';

/** `fresh`: starts the worker anew where it pauses after each refusal. */
type Played = AsyncDisposable & { stage: Stage; effects: string[]; fresh?: () => Promise<void> };
type Body = Record<string, unknown>;
type Handled = { job_id: string; payload?: { wait?: boolean; fail?: boolean; trace?: boolean; answer?: unknown } };

const PACKAGE = join(PROJECT_DIR, 'packages/python/src');
const silent = createLogger('worker', 'silent');

function handleInto(effects: string[]) {
  return async (
    { job_id, payload }: Handled,
    { signal, traceparent }: { signal: AbortSignal; traceparent?: string },
  ): Promise<unknown> => {
    effects.push(job_id);
    if (payload?.trace) return { traceparent };
    if (payload?.wait) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    if (payload?.fail) throw new Error('no such row');
    return payload?.answer;
  };
}

function fileOf(door: FakeDoor) {
  return {
    url: door.url,
    pool: POOL,
    worker: WORKER,
    signing_key: door.worker_key.pem,
    scheduler_public_keys: [door.signing.public_key],
  };
}

async function onTheBus(): Promise<Played> {
  const stage = await startFakeScheduler();
  return playPackage(stage, (handle) => stage.worker({ handle }));
}

async function overHttp(): Promise<Played> {
  const stage = await startFakeDoor({ older: true });
  return playPackage(stage, (handle) => createWorker({ ...fileOf(stage), log: silent, handle }));
}

async function playPackage(stage: Stage, make: (handle: Handle) => Worker): Promise<Played> {
  const effects: string[] = [];
  const handle = handleInto(effects) as Handle;
  let worker = make(handle);
  await worker.start();
  return {
    stage,
    effects,
    async fresh() {
      await worker.stop();
      worker = make(handle);
      await worker.start();
    },
    async [Symbol.asyncDispose]() {
      await worker.stop();
      await stage[Symbol.asyncDispose]();
    },
  };
}

async function inJavaScript(): Promise<Played> {
  const stage = await startFakeDoor({ older: true });
  const effects: string[] = [];
  const ending = new AbortController();
  // It ends by itself, and says so, once nothing it did would count.
  const running = runWorker(fileOf(stage), handleInto(effects), { signal: ending.signal, refusal_pause_ms: 1 }).then(
    () => null,
    ({ message }: Error) => message,
  );
  const end = async () => {
    ending.abort();
    expect([null, 'signature_invalid', 'revoked']).toContain(await running);
    await stage[Symbol.asyncDispose]();
  };
  return { stage, effects, [Symbol.asyncDispose]: end };
}

async function inPython(): Promise<Played> {
  const stage = await startFakeDoor({ older: true });
  const dir = mkdtempSync(join(tmpdir(), 'python-worker-'));
  const file = join(dir, 'worker.json');
  writeFileSync(file, JSON.stringify(fileOf(stage)), { mode: 0o600 });
  const script = join(PROJECT_DIR, 'test/cases/worker/play-handler.py');
  const child: ChildProcess = spawn('python3', [script, PACKAGE, file, stage.url], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const end = async () => {
    child.stdin!.end();
    await ended;
    rmSync(dir, { recursive: true });
    await stage[Symbol.asyncDispose]();
  };
  return { stage, effects: stage.effects, [Symbol.asyncDispose]: end };
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import cryptography, sys; assert sys.version_info >= (3, 9)'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** `missing`: what keeps it from running here, and where to get it. */
const WORKERS: { name: string; play: () => Promise<Played>; missing?: string }[] = [
  { name: 'packages/worker on the bus', play: onTheBus },
  { name: 'packages/worker over HTTP', play: overHttp },
  { name: 'examples/workers/worker.mjs', play: inJavaScript },
  {
    name: 'packages/python',
    play: inPython,
    ...(hasPython() ? {} : { missing: 'needs python3 and cryptography (Debian: python3 python3-cryptography)' }),
  },
];

// Mostly they wait, so all workers are tried at once; the cases of each come one after the other.
describe.concurrent.each(WORKERS)('$name', ({ name, play, missing }) => {
  describe.skipIf(missing !== undefined)(missing ?? 'as every worker', { concurrent: false }, () => {
    let played: Played;
    let stage: Stage;
    beforeAll(async () => {
      played = await play();
      stage = played.stage;
    });
    afterAll(() => played?.[Symbol.asyncDispose]());
    beforeEach(() => {
      stage.answerClaim = (_, made) => granted(made!);
      stage.answerBeat = () => 'continue';
      stage.answerResult = () => ({});
    });

    const runsOf = ({ effective }: Made): number => played.effects.filter((each) => each === effective.job_id).length;
    const claimsOf = ({ dispatch_id }: Made) => stage.claims.filter((each) => each.dispatch_id === dispatch_id);
    const resultsOf = ({ dispatch_id }: Made) => stage.results.filter((each) => each.dispatch_id === dispatch_id);
    const resultOf = (made: Made): Promise<WorkerResult> => stage.until('a result', () => resultsOf(made)[0]);
    let jobs = 0;
    const dispatch = (payload: Record<string, unknown> = {}, bend?: (body: Body) => Body, more = {}) =>
      stage.dispatch({ job_id: `${name.length}-${++jobs}`, payload, ...more } as never, bend);
    /** One that is in order comes after, so that whoever would have run the other has had the time. */
    const afterAnother = async (): Promise<void> => void (await resultOf(await dispatch({ answer: 'sound' })));

    test('runs a job once, and signs what it returned', async () => {
      const answer = {
        text: 'ü\u2028€😀',
        numbers: [0, -0, 1, 1.5, 9007199254740991, 1e-7, 123456789.125, 5e-324, 0.1],
        nested: { b: 1, a: [] },
      };
      const made = await dispatch({ answer });
      const { signature, ...signed } = await resultOf(made);
      expect(signed).toMatchObject({ status: 'succeeded', output: JSON.parse(JSON.stringify(answer)), attempt: 1 });
      const bytes = Buffer.from(canonicalize(signed));
      expect(verify(null, bytes, stage.worker_key.publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
      expect([runsOf(made), claimsOf(made).length]).toEqual([1, 1]);
    });

    test.skipIf(!name.startsWith('packages/worker'))('runs a job in the trace that its message names', async () => {
      const trace_id = '0af7651916cd43dd8448eb211c80319c';
      const traceparent = `00-${trace_id}-b7ad6b7169203331-01`;
      const { output } = await resultOf(await dispatch({ trace: true }, (body) => ({ ...body, traceparent })));
      expect((output as { traceparent: string }).traceparent).toMatch(new RegExp(`^00-${trace_id}-[0-9a-f]{16}-01$`));
    });

    test('says of a handler that fails that it failed, and why', async () => {
      const made = await dispatch({ fail: true });
      expect(await resultOf(made)).toMatchObject({
        status: 'failed',
        retryable: false,
        output: { error: { code: 'handler_failed', detail: 'no such row' } },
      });
    });

    const other = createSigningKey();
    const signed = (claims: object, { key = stage.signing, header = HEADER as object } = {}): string => {
      const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
      return `${input}.${sign(null, Buffer.from(input), key.privateKey).toString('base64url')}`;
    };
    const claimsIn = ({ warrant }: Body): object =>
      JSON.parse(Buffer.from((warrant as string).split('.')[1]!, 'base64url').toString());
    const withClaims = (change: object) => (body: Body) => ({
      ...body,
      warrant: signed({ ...claimsIn(body), ...change }),
    });
    const withHeader = (change: object, key?: SigningKey) => (body: Body) => ({
      ...body,
      warrant: signed(claimsIn(body), { ...(key ? { key } : {}), header: { ...HEADER, ...change } }),
    });
    const together = (body: Body, at = 0, change: (proof: Buffer) => Uint8Array = (proof) => proof): Body => {
      const header = { ...HEADER, alg: TOGETHER_ALG };
      const texts = [claimsIn(body), { jti: 'another' }, { jti: 'a third' }].map((claims) =>
        [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.'),
      );
      const proofs = signTogether(
        WARRANTS_DOMAIN,
        texts.map((text) => Buffer.from(text)),
        (root) => sign(null, root, stage.signing.privateKey),
      );
      const proof = change(Buffer.from(proofs[at]!));
      return { ...body, warrant: `${texts[0]}.${Buffer.from(proof).toString('base64url')}` };
    };

    test('runs a job whose warrant was signed together with others', async () => {
      expect(await resultOf(await dispatch({ answer: 1 }, (body) => together(body)))).toMatchObject({ output: 1 });
    });

    const now = Math.floor(Date.now() / 1000);
    const FORGED: [string, string, (body: Body) => Body][] = [
      ['by another key', 'warrant_signature', withHeader({}, other)],
      ['for another pool', 'warrant_audience', withClaims({ aud: 'infra' })],
      ['that has expired', 'warrant_time', withClaims({ exp: now - 1 })],
      ['that is not valid yet', 'warrant_time', withClaims({ nbf: now + 600 })],
      ['for another job', 'warrant_subject', withClaims({ sub: 'acme/another' })],
      ['from another issuer', 'warrant_claims', withClaims({ iss: 'somebody' })],
      ['that brings a key', 'warrant_header', withHeader({ jwk: other.publicKey.export({ format: 'jwk' }) }, other)],
      ['of another type', 'warrant_header', withHeader({ typ: 'JWT' })],
      ['of no algorithm', 'warrant_header', withHeader({ alg: 'none' })],
      [
        'whose payload was altered',
        'warrant_effective',
        (body) => ({ ...body, effective: { ...(body.effective as object), payload: { answer: 'altered' } } }),
      ],
      [
        'whose digest of the payload is another',
        'warrant_payload',
        withClaims({ payload_digest: `sha256:${'0'.repeat(64)}` }),
      ],
      ['whose proof is another’s of its moment', 'warrant_signature', (body) => together(body, 1)],
      ['whose path is cut', 'warrant_signature', (body) => together(body, 0, (proof) => proof.subarray(0, -32))],
      ['whose salt is too short', 'warrant_effective', (body) => ({ ...body, salt: 'AAAA' })],
      ['under constraints that it does not enforce', 'constraint_unenforced', (body) => body],
    ];
    test.each(FORGED)('refuses a warrant %s, says why, and runs nothing', async (_, code, bend) => {
      stage.answerClaim = (request, made) =>
        request.refused ? { outcome: 'lost', code: 'warrant_invalid' } : granted(made!);
      const more = code === 'constraint_unenforced' ? { constraints: { worker: ['no_network'] } } : {};
      const made = await dispatch({ answer: 1 }, bend, more);
      const [claim] = await stage.until('the refusal', () => claimsOf(made).length > 0 && claimsOf(made));
      expect(claim!.refused).toEqual({ code });
      await played.fresh?.();
      await afterAnother();
      expect([runsOf(made), resultsOf(made)]).toEqual([0, []]);
    });

    test('runs nothing that it was not granted, or that was granted for something else', async () => {
      stage.answerClaim = () => ({ outcome: 'lost', code: 'claim_lost' });
      const lost = await dispatch();
      await stage.until('the claim', () => claimsOf(lost).length > 0);
      stage.answerClaim = (_, made) => granted(made!, { job_id: 'another' } as never);
      const crossed = await dispatch();
      await stage.until('the claim', () => claimsOf(crossed).length > 0);
      stage.answerClaim = (_, made) => granted(made!);
      await afterAnother();
      expect([runsOf(lost), runsOf(crossed), resultsOf(lost), resultsOf(crossed)]).toEqual([0, 0, [], []]);
    });

    test('claims a replayed warrant anew, and runs it no second time when that is lost', async () => {
      const made = await dispatch({ answer: 1 });
      await resultOf(made);
      stage.answerClaim = () => ({ outcome: 'lost', code: 'attempt_stale' });
      await stage.again(made);
      const [first, second] = await stage.until('both claims', () => claimsOf(made).length > 1 && claimsOf(made));
      expect(first!.claim_id).not.toBe(second!.claim_id);
      stage.answerClaim = (_, each) => granted(each!);
      await afterAnother();
      expect(runsOf(made)).toBe(1);
    });

    test('comes back to what has to wait', async () => {
      let first: string | undefined;
      stage.answerClaim = ({ claim_id }, made) => {
        first ??= claim_id;
        return claim_id === first ? { outcome: 'wait', retry_ms: 100 } : granted(made!);
      };
      const made = await dispatch({ answer: 1 });
      expect(await resultOf(made)).toMatchObject({ status: 'succeeded' });
      expect([runsOf(made), claimsOf(made).length]).toEqual([1, 2]);
    });

    test('stops when it is told to, and says so', async () => {
      const made = await dispatch({ wait: true });
      await stage.until('it runs', () => runsOf(made) === 1);
      stage.answerBeat = (id, reported) => (reported || id !== made.dispatch_id ? 'continue' : 'stop');
      expect(await resultOf(made)).toMatchObject({ status: 'stopped' });
    });

    test('ends a job at its timeout, and one whose lease ran out without a result', async () => {
      stage.answerClaim = (_, made) => granted(made!, { timeout_ms: 50 } as never);
      expect(await resultOf(await dispatch({ wait: true }))).toMatchObject({ status: 'timed_out' });
      stage.answerClaim = (_, made) => granted(made!, { lease_ms: 300 } as never);
      stage.answerBeat = () => {
        throw new Error('nobody there');
      };
      const lapsed = await dispatch({ wait: true });
      await stage.until('it runs', () => runsOf(lapsed) === 1);
      stage.answerClaim = (_, made) => granted(made!);
      await afterAnother();
      expect(resultsOf(lapsed)).toEqual([]);
    });

    test('keeps a result until it is settled, and beats for it meanwhile', async () => {
      let held = '';
      const isNamed = () =>
        stage.beats.some(({ attempts }) => attempts.some((each) => each.dispatch_id === held && each.reported));
      let tries = 0;
      let settled = 0;
      stage.answerResult = () => {
        tries += 1;
        // A beat may have named it before the first try.
        if (tries === 1 || !isNamed()) throw new Error('out of order');
        settled += 1;
        return {};
      };
      const made = await dispatch({ answer: 1 });
      held = made.dispatch_id;
      await stage.until('it is settled', () => settled > 0);
      const told = tries;
      expect(told).toBeGreaterThan(1);
      expect(new Set(resultsOf(made).map((each) => JSON.stringify(each))).size).toBe(1);
      await afterAnother();
      expect([tries - told, runsOf(made)]).toEqual([1, 1]);
    });

    test('forgets a result that is refused as late, or that a beat calls settled', async () => {
      stage.answerResult = () => ({ outcome: 'refused', code: 'attempt_stale' });
      const late = await dispatch({ answer: 1 });
      await resultOf(late);
      stage.answerResult = ({ dispatch_id }) => (dispatch_id === held.dispatch_id ? { claim_id: 'none' as never } : {});
      const held = await dispatch({ answer: 1 });
      await stage.until('it asks again', () => resultsOf(held).length >= 2);
      stage.answerBeat = (_, reported) => (reported ? 'settled' : 'continue');
      await stage.until('a beat says so', () =>
        stage.beats.at(-1)!.attempts.some((each) => each.dispatch_id === held.dispatch_id),
      );
      await afterAnother();
      const asked = resultsOf(held).length;
      await afterAnother();
      expect([resultsOf(late).length, resultsOf(held).length - asked]).toEqual([1, 0]);
    });

    test.each([
      ['it claims', 'signature_invalid'],
      ['it asks for work', 'revoked'],
    ])(
      'hears while %s that no result of its counts (%s): it runs nothing more, and takes nothing',
      async (what, code) => {
        await using last = await play();
        const { stage } = last;
        const [refusing, granting] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        stage.answerClaim = async (_, made) => {
          if (made!.effective.job_id === 'second') await granting.promise;
          return granted(made!);
        };
        const claimed = ({ dispatch_id }: Made) => stage.claims.some((each) => each.dispatch_id === dispatch_id);
        const namedLast = () => stage.beats.at(-1)?.attempts.flatMap((each) => (each.reported ? each.dispatch_id : []));
        const dispatch = (job_id: string) => stage.dispatch({ job_id, payload: {} } as never);
        stage.answerResult = async ({ job_id }) => {
          if (job_id === 'kept') throw new Error('not now');
          await refusing.promise;
          return { outcome: 'refused', code };
        };
        const [kept, first] = [await dispatch('kept'), await dispatch('first')];
        // What it keeps it names in each beat: where one goes on being kept, a beat says that it has read what was said of the other.
        const beats = (what: string, ...named: Made[]) =>
          stage.until(what, () => `${namedLast()}` === `${named.map(({ dispatch_id }) => dispatch_id)}`);
        await beats('it keeps both', kept, first);
        const second = what === 'it claims' ? await dispatch('second') : undefined;
        if (second) await stage.until('the claim', () => claimed(second));
        refusing.resolve();
        await beats('it has read the refusal', kept);
        granting.resolve();
        const third = await dispatch('third');
        const heard = stage.beats.length;
        await stage.until('it had the time to run more', () => stage.beats.length > heard + 2);
        // Lets it end.
        stage.answerBeat = () => 'settled';
        expect([last.effects, claimed(third)]).toEqual([['kept', 'first'], false]);
      },
    );

    test('says of an output that is too large that it is, and sends none of it', async () => {
      const made = await dispatch({ answer: 'x'.repeat(10_001) });
      expect(await resultOf(made)).toMatchObject({ status: 'failed', output: { error: { code: 'output_too_large' } } });
      expect(LIMITS.output_bytes).toBeGreaterThan(10_001);
    });
  });
});
