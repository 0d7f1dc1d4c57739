/**
 * What workers over HTTP ask, as ingress hands it on. Each question is verified here by the worker's own registered key, so
 * that whoever speaks as ingress can neither claim, beat nor take work in a worker's name; then it is answered as on the bus.
 */
import type { KeyObject } from 'node:crypto';
import { workerSubject } from '@countersign/contracts/control';
import { CountersignError } from '@countersign/contracts/errors';
import { API_PREFIX } from '@countersign/contracts/http';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer, RpcParsed } from '@countersign/contracts/rpc';
import { ackSubjects, poolConsumer } from '@countersign/contracts/streams';
import type { ClaimAnswer } from '@countersign/contracts/worker';
import {
  ASKED_BY_WORKERS,
  nextRequest,
  readWorkerKeyid,
  type SignedByWorker,
  workerPath,
} from '@countersign/contracts/worker-door';
import { parseStrict } from '@countersign/ledger/canonical-json';
import { readControl } from '@countersign/platform/control-gate';
import { publicKeyOf } from '@countersign/platform/ed25519-keys';
import { readShape } from '@countersign/platform/read-shape';
import { WORKERS } from '@countersign/platform/read-signature';
import { rememberBriefly } from '@countersign/platform/remember-briefly';
import { checkBody, checkSigned, openSigned } from '@countersign/platform/signed-http';
import type { z } from 'zod';
import type { SchedulerContext } from '../scheduler-context.ts';
import { readWorkerKeys } from '../store-pools.ts';
import { answerBeat } from './answer-beat.ts';
import { answerHello } from './answer-hello.ts';
import { openHandOut } from './hand-out.ts';
import type { Claim } from './plan-claims.ts';

type Worker = { pool: string; worker: string };
type Opened = { who: Worker; nonce: string };
type Keys = (who: Worker) => Promise<readonly { key: KeyObject }[]>;
type Question = RpcParsed<'scheduler.worker'>;
/** As of a request to answer a claim: many share a commit. */
type AskForClaim = (claim: Claim) => Promise<ClaimAnswer>;

type WorkerDoor = {
  answer(question: Question): Promise<RpcAnswer<'scheduler.worker'>>;
  next(question: RpcParsed<'scheduler.next'>): Promise<RpcAnswer<'scheduler.next'>>;
  /** Needs no signature: a message that comes again is claimed or lost like before. */
  giveBack(question: RpcParsed<'scheduler.give_back'>): Promise<RpcAnswer<'scheduler.give_back'>>;
};

/** Throws `signature_invalid`, `signature_stale`, `unauthenticated`, `revoked`, and what reading a body throws. */
export function openWorkerDoor(context: SchedulerContext, claim: AskForClaim): WorkerDoor {
  const keyOf = openKeys(context);
  const handOut = openHandOut(context.bus);
  const refuseRevoked = async (who: Worker): Promise<void> => {
    const { revoked } = await readControl(context.database, [], [workerSubject(who)]);
    if (revoked.length > 0) throw new CountersignError('revoked');
  };
  return {
    async answer({ verb, ...asked }) {
      const { who, nonce } = await open(asked, verb, keyOf);
      if (verb !== 'hello') context.workers.see(who);
      if (verb === 'hello') {
        const value = await answerHello(context, who, readBody(ASKED_BY_WORKERS.hello, asked.body));
        return { verb, nonce, value };
      }
      if (verb === 'beat') {
        const value = await answerBeat(context, who, readBody(ASKED_BY_WORKERS.beat, asked.body));
        return { verb, nonce, value };
      }
      const { receipt, ...request } = readBody(ASKED_BY_WORKERS.claim, asked.body);
      if (receipt !== undefined) refuseOtherPools(receipt, who);
      const value = await claim({ ...request, ...who });
      if (receipt !== undefined) handOut.settle(receipt, value);
      return { verb, nonce, value };
    },
    async giveBack({ receipt }) {
      handOut.giveBack(receipt);
      return { receipt };
    },
    async next({ slice_ms, ...asked }) {
      const { who, nonce } = await open(asked, 'next', keyOf);
      const { wait_ms } = readBody(nextRequest, asked.body);
      await refuseRevoked(who);
      context.workers.see(who);
      const delivery = await handOut.take(who.pool, slice_ms, () => refuseRevoked(who));
      return { nonce, wait_ms, delivery };
    },
  };
}

async function open(asked: SignedByWorker, verb: Parameters<typeof workerPath>[0], keyOf: Keys): Promise<Opened> {
  const headers: Readonly<Record<string, string>> = asked.headers;
  const target = `${API_PREFIX}${workerPath(verb)}`;
  const request = { method: 'POST', target, host: asked.authority, header: (name: string) => headers[name] };
  const opened = openSigned(request, WORKERS);
  const { keyid, nonce } = opened.terms;
  const who = readWorkerKeyid(keyid);
  if (who === null) throw new CountersignError('unauthenticated');
  await checkSigned(request, opened, await keyOf(who));
  checkBody(opened, asked.body);
  return { who, nonce };
}

/** A key that was replaced is believed for `auth_cache_ms` at most; whether its worker was revoked each question looks. */
function openKeys({ database }: Pick<SchedulerContext, 'database'>): Keys {
  const known = rememberBriefly<readonly { key: KeyObject }[]>({
    ttl_ms: LIMITS.auth_cache_ms,
    max_entries: LIMITS.known_names,
  });
  return async (who) => {
    const found = await known(workerSubject(who), async () => {
      const raws = await readWorkerKeys(database, who.pool, who.worker);
      return raws.length === 0 ? undefined : raws.map((raw) => ({ key: publicKeyOf(raw) }));
    });
    if (found === undefined) throw new CountersignError('unauthenticated');
    return found;
  };
}

function readBody<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  const json = parseStrict(Buffer.from(body));
  if (!json.ok) throw new CountersignError(json.code, json.detail, { at: json.at });
  return readShape(schema, json.value);
}

/** A worker settles deliveries of its own pool alone, as the bus has it. */
function refuseOtherPools(receipt: string, { pool }: Worker): void {
  const own = ackSubjects(poolConsumer(pool)).slice(0, -1);
  if (!receipt.startsWith(own))
    throw new CountersignError('field_invalid', 'no receipt of this pool', { at: '/receipt' });
}
