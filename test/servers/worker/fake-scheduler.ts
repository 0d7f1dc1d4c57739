/**
 * A scheduler and an output-safety that say what the test wants, as their own users of a real nats-server. What they
 * hear is kept in the order in which it came.
 */
import { sign } from 'node:crypto';
import type { EffectiveJob } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { patterns, subjects } from '@countersign/contracts/subjects';
import {
  type BeatAnswer,
  type ClaimAnswer,
  type ClaimRequest,
  type ClaimVerdict,
  type HelloAnswer,
  helloText,
  RESULT_CLAIM_HEADER,
  RESULTS_TOGETHER,
  type ResultAnswer,
  type ResultClaim,
  readResultClaim,
  type UnsignedResult,
  type WorkerResult,
} from '@countersign/contracts/worker';
import { waitUntil } from '@countersign/infra/wait-until';
import { type Bus, connectBus } from '@countersign/platform/bus';
import { createLogger } from '@countersign/platform/logger';
import { settleAll } from '@countersign/platform/settle-all';
import { createWorker, type Worker } from '@countersign/worker/create-worker';
import type { WorkerOptions } from '@countersign/worker/worker-options';
import { jetstreamManager } from '@nats-io/jetstream';
import {
  createSigningKey,
  JOB,
  type Made,
  makeClaims,
  type SigningKey,
  signClaims,
} from '../../cases/worker/make-warrant.ts';
import { makeStreams } from '../../harness/make-streams.ts';
import { type GuardedNats, startGuardedNats } from '../nats/connect-as.ts';

export const POOL = 'desk-read';
export const WORKER = 'one';

type Order = BeatAnswer['attempts'][number]['order'];
export type FakeScheduler = AsyncDisposable & {
  nats: GuardedNats;
  worker_key: SigningKey;
  /** Each once: one whose answer comes late is asked again, under its id. */
  claims: ClaimRequest[];
  beats: { at: number; attempts: { dispatch_id: string; reported: boolean }[] }[];
  /** Every request with a result, the repeated ones too. */
  results: WorkerResult[];
  /** Set by the test; a throw is an outage. */
  answerClaim: (request: ClaimRequest, made: Made | undefined) => ClaimVerdict | Promise<ClaimVerdict>;
  /** `text` is what the scheduler signs. */
  answerHello: (text: Buffer, asked: { together?: true | undefined }) => Partial<HelloAnswer>;
  answerBeat: (dispatch_id: string, reported: boolean) => Order | Promise<Order>;
  answerResult: (result: WorkerResult) => Partial<ResultAnswer> | Promise<Partial<ResultAnswer>>;
  /** Published under its dispatch id, as the scheduler does; `msg_id` null under none. */
  dispatch(
    effective?: Partial<EffectiveJob>,
    bend?: (body: Record<string, unknown>) => Record<string, unknown>,
    msg_id?: null,
  ): Promise<Made>;
  /** Sends the same message once more, under no id: the stream would drop it. */
  again(made: Made): Promise<void>;
  /** The key that signs warrants. */
  signing: SigningKey;
  /** Messages that wait in the pool's stream or have not been acknowledged. */
  pending(): Promise<number>;
  worker(options: Pick<WorkerOptions, 'handle'> & Partial<WorkerOptions>): Worker;
  until<T>(what: string, probe: () => T | undefined | false | Promise<T | undefined | false>): Promise<T>;
};

const silent = createLogger('worker', 'silent');

export function granted(made: Made, change: Partial<ClaimVerdict> = {}): ClaimVerdict {
  return {
    outcome: 'granted',
    tenant: made.effective.tenant,
    job_id: made.effective.job_id,
    attempt: 1,
    lease_ms: LIMITS.lease_ms,
    timeout_ms: 10_000,
    max_output_bytes: 10_000,
    ...change,
  } as ClaimVerdict;
}

export async function startFakeScheduler(): Promise<FakeScheduler> {
  const workers = [WORKER, 'two'].map((worker) => ({ pool: POOL, worker }));
  const nats = await startGuardedNats({ workers, tenants: [], auditors: [] });
  await makeStreams(nats.connectAs, { pools: [POOL] });
  const signing = createSigningKey();
  const busOf = (user: string): Promise<Bus> =>
    connectBus({ servers: nats.server.url, nkey_seed: nats.seedOf(user), user });
  const [scheduler, outputSafety] = await Promise.all([busOf('scheduler'), busOf('output-safety')]);
  const dispatched = new Map<string, Made>();
  const sent = new Map<string, Record<string, unknown>>();
  const open: Worker[] = [];
  let manager: ReturnType<typeof jetstreamManager> | undefined;

  const fake: FakeScheduler = {
    nats,
    signing,
    worker_key: createSigningKey(),
    claims: [],
    beats: [],
    results: [],
    answerClaim: (_, made) => granted(made!),
    answerHello: () => ({}),
    answerBeat: () => 'continue',
    answerResult: () => ({}),
    async dispatch(change = {}, bend = (body) => body, msg_id) {
      const made = makeClaims(POOL, { ...JOB, ...change });
      dispatched.set(made.dispatch_id, made);
      const warrant = await signClaims(made.claims, signing.privateKey);
      const { salt, effective } = made;
      const body = bend({ warrant, salt, effective });
      sent.set(made.dispatch_id, body);
      await scheduler.publish(
        'DISPATCH',
        subjects.dispatch(POOL, effective.tenant, effective.topic),
        body,
        msg_id === null ? {} : { msg_id: made.dispatch_id },
      );
      return made;
    },
    again: ({ dispatch_id, effective: { tenant, topic } }) =>
      scheduler.publish('DISPATCH', subjects.dispatch(POOL, tenant, topic), sent.get(dispatch_id)!),
    async pending() {
      manager ??= jetstreamManager(await nats.connectAs('provisioner'), { checkAPI: false, timeout: 20_000 });
      return (await (await manager).streams.info('DISPATCH')).state.messages;
    },
    worker(options) {
      const made = createWorker({
        servers: nats.server.url,
        nkey_seed: nats.seedOf(`worker-${POOL}-${options.worker ?? WORKER}`),
        pool: POOL,
        worker: WORKER,
        signing_key: fake.worker_key.pem,
        scheduler_public_keys: [signing.public_key],
        log: silent,
        ...options,
      });
      open.push(made);
      return made;
    },
    until: (what, probe) => waitUntil(what, async () => probe(), { timeout_ms: 20_000 }),
    async [Symbol.asyncDispose]() {
      await Promise.all(open.map((worker) => worker.stop()));
      await Promise.all([scheduler.close(), outputSafety.close()]);
      await nats[Symbol.asyncDispose]();
    },
  };

  scheduler.serve('scheduler.hello', async ({ nonce, ...asked }, { subject }) => {
    const [pool = '', worker = ''] = subject.split('.').slice(3);
    const text = Buffer.from(helloText('scheduler', pool, worker, nonce));
    const signature = sign(null, text, signing.privateKey).toString('base64url');
    return { nonce, code: null, pool_active: true, signature, ...fake.answerHello(text, asked) };
  });
  const answerClaim = async (request: ClaimRequest): Promise<ClaimAnswer> => {
    const { dispatch_id, claim_id } = request;
    if (!fake.claims.some((claim) => claim.claim_id === claim_id)) fake.claims.push(request);
    return { dispatch_id, claim_id, ...(await fake.answerClaim(request, dispatched.get(dispatch_id))) };
  };
  scheduler.serve('scheduler.claim', async ({ items }) => ({ answers: await settleAll(items.map(answerClaim)) }));
  scheduler.serve('scheduler.beat', async ({ attempts }) => {
    fake.beats.push({ at: performance.now(), attempts });
    const answers = attempts.map(async ({ dispatch_id, reported }) => ({
      dispatch_id,
      order: await fake.answerBeat(dispatch_id, reported),
      reason: null,
    }));
    return { attempts: await Promise.all(answers) };
  });
  outputSafety.serveRaw(patterns.results(), {
    mayAnswer: () => true,
    handle: async ({ data, headers }) => {
      const said = JSON.parse(Buffer.from(data).toString());
      const answer = async (result: WorkerResult, claim: ResultClaim | null) => {
        fake.results.push(result);
        return { ...claim, outcome: 'settled', code: null, ...(await fake.answerResult(result)) };
      };
      if (headers.get(RESULT_CLAIM_HEADER) !== RESULTS_TOGETHER)
        return answer(said, readResultClaim(headers.get(RESULT_CLAIM_HEADER)));
      const { results, signature } = said as { results: UnsignedResult[]; signature: string };
      return { answers: await settleAll(results.map((one) => answer({ ...one, signature }, one))) };
    },
  });
  return fake;
}
