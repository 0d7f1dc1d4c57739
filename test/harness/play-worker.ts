/**
 * A worker that a test leads by the hand: let in by its pool's own key, it claims, beats and reports exactly what it is
 * told to, right or wrong. What runs jobs for a test is start-worker.ts.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import { LIMITS } from '@countersign/contracts/limits';
import { poolConsumer } from '@countersign/contracts/streams';
import { subjects, workerUser } from '@countersign/contracts/subjects';
import {
  type BeatAnswer,
  type ClaimAnswer,
  type DispatchMessage,
  RESULT_CLAIM_HEADER,
  type RefusalCode,
  type ResultAnswer,
  resultAnswer,
  type UnsignedResult,
  type WarrantClaims,
  writeResultClaim,
} from '@countersign/contracts/worker';
import { DEVELOPMENT_WORKER } from '@countersign/infra/development-roster';
import { waitUntil } from '@countersign/infra/wait-until';
import { connectBus, type StreamMessage } from '@countersign/platform/bus';
import { claimTogether } from '@countersign/worker/claim-together';
import { signResult } from '@countersign/worker/sign-result';
import type { TestSystem } from './start-system.ts';

type Delivery = { claims: WarrantClaims; dispatched: DispatchMessage; message: StreamMessage; topic: string };
/** An attempt that this worker holds. */
export type Held = {
  dispatch_id: string;
  claim_id: string;
  tenant: string;
  job_id: string;
  attempt: number;
  topic: string;
};
type Report = {
  result?: Partial<UnsignedResult>;
  tamper?: object;
  signing_pem?: string;
  subject?: string;
  /** Sent instead of a signed result. */
  raw?: string;
};

export type PlayedWorker = AsyncDisposable & {
  /** Takes the next message of this job; acknowledges nothing. */
  handleDelivery(job_id: string): Promise<Delivery>;
  claim(dispatch_id: string, claim_id?: string): Promise<ClaimAnswer>;
  /** Says that the warrant does not verify here. */
  refuse(dispatch_id: string, code: string, claim_id?: string): Promise<ClaimAnswer>;
  /** Takes the delivery, claims it and acknowledges it. Throws when the claim is not granted. */
  hold(job_id: string): Promise<Held>;
  beat(held: Held, reported?: boolean): Promise<BeatAnswer['attempts'][number]>;
  /** What output-safety said of it. Rejects when the server does not permit it, or when nobody answers. */
  report(held: Held, output: unknown, changes?: Report): Promise<ResultAnswer>;
};

export async function playWorker(system: TestSystem, pool: string): Promise<PlayedWorker> {
  const worker = DEVELOPMENT_WORKER;
  const user = workerUser(pool, worker);
  const bus = await connectBus({ servers: system.nats.url, nkey_seed: system.keys.nats[user]!.seed, user });
  const askForClaim = claimTogether(bus, pool, worker);
  const own_pem = system.keys.worker_signing[`${pool}/${worker}`]!.private_pem;
  const came: Delivery[] = [];
  const { stream, durable } = poolConsumer(pool);
  bus
    .pull({ stream, durable }, (message) => {
      const dispatched = message.json() as DispatchMessage;
      came.push({ claims: claimsOf(dispatched.warrant), dispatched, message, topic: dispatched.effective.topic });
    })
    .want(LIMITS.batch_rows);

  const played: PlayedWorker = {
    handleDelivery: (job_id) =>
      waitUntil(`a warrant of job ${job_id} arrives`, () => {
        const at = came.findIndex(({ claims }) => claims.sub.endsWith(`/${job_id}`));
        return at !== -1 && came.splice(at, 1)[0];
      }),
    claim: (dispatch_id, claim_id = randomUUID()) => askForClaim({ dispatch_id, claim_id }, ''),
    refuse: (dispatch_id, code, claim_id = randomUUID()) =>
      askForClaim({ dispatch_id, claim_id, refused: { code: code as RefusalCode } }, ''),
    async hold(job_id) {
      const { claims, message, topic } = await played.handleDelivery(job_id);
      const claim_id = randomUUID();
      const answer = await played.claim(claims.jti, claim_id);
      message.ack();
      if (answer.outcome !== 'granted') throw new Error(`the claim was not granted: ${JSON.stringify(answer)}`);
      const { tenant, attempt } = answer;
      return { dispatch_id: claims.jti, claim_id, tenant, job_id, attempt, topic };
    },
    async beat({ dispatch_id, claim_id }, reported = false) {
      const attempts = [{ dispatch_id, claim_id, reported }];
      const answer = await bus.callAt(subjects.beat(pool, worker), 'scheduler.beat', { attempts });
      return answer.attempts[0]!;
    },
    async report({ topic, ...held }, output, { result = {}, tamper = {}, signing_pem = own_pem, subject, raw } = {}) {
      const status = 'succeeded' as const;
      const unsigned = { ...held, worker, status, retryable: false, output, duration_ms: 1, ...result };
      const signed = { ...signResult(unsigned, createPrivateKey(signing_pem)), ...tamper };
      const to = subject ?? subjects.result(pool, worker, held.tenant, topic);
      const headers = { [RESULT_CLAIM_HEADER]: writeResultClaim(held) };
      return resultAnswer.parse(
        await bus.askRaw(to, raw ?? JSON.stringify(signed), { timeout_ms: LIMITS.rpc_ms, headers }),
      );
    },
    [Symbol.asyncDispose]: () => bus.close(),
  };
  return played;
}

function claimsOf(warrant: string): WarrantClaims {
  return JSON.parse(Buffer.from(warrant.split('.')[1]!, 'base64url').toString()) as WarrantClaims;
}
