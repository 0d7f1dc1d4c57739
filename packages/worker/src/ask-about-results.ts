/**
 * Asks output-safety about results. Those of one turn of the event loop, one tenant and topic share a message and a signature,
 * and so one instance of output-safety and one commit. What is wrong with such a request as a whole says nothing of any result
 * in it: each is then asked about by itself.
 */
import type { KeyObject } from 'node:crypto';
import { CountersignError, isOutage } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import {
  RESULT_CLAIM_HEADER,
  RESULTS_TOGETHER,
  type ResultAnswer,
  resultAnswer,
  resultAnswers,
  type UnsignedResult,
  writeResultClaim,
} from '@countersign/contracts/worker';
import type { WorkerBus } from './http-door.ts';
import { signResult, signResults } from './sign-result.ts';

/** `text`: the result as JSON, without a signature. */
export type Reported = { result: UnsignedResult; subject: string; text: string; bytes: number; traceparent: string };

/** Throws what was answered instead, or an outage. */
export type AskAboutResults = {
  alone(one: Reported, timeout_ms: number): Promise<ResultAnswer>;
  together(one: Reported, timeout_ms: number): Promise<ResultAnswer>;
};

type Waiting = { one: Reported; timeout_ms: number } & Pick<PromiseWithResolvers<ResultAnswer>, 'resolve' | 'reject'>;

/** `knows_together`: whether the way to output-safety takes several results in one request. */
export function askAboutResults(
  bus: Pick<WorkerBus, 'askRaw'>,
  signingKey: KeyObject,
  { knows_together }: { knows_together: boolean },
): AskAboutResults {
  let waiting: Waiting[] = [];
  let isKnown = knows_together;

  async function alone(one: Reported, timeout_ms: number): Promise<ResultAnswer> {
    const headers = { [RESULT_CLAIM_HEADER]: writeResultClaim(one.result), traceparent: one.traceparent };
    const body = JSON.stringify(signResult(one.result, signingKey));
    return answerOf(one, await bus.askRaw(one.subject, body, { timeout_ms, headers }));
  }

  async function sendTogether(bunch: readonly Waiting[]): Promise<void> {
    const { one: first, timeout_ms } = bunch[0]!;
    const headers = { [RESULT_CLAIM_HEADER]: RESULTS_TOGETHER, traceparent: first.traceparent };
    const signature = signResults(
      bunch.map(({ one }) => one.result),
      signingKey,
    );
    const body = `{"results":[${bunch.map(({ one }) => one.text).join(',')}],"signature":"${signature}"}`;
    const said = resultAnswers.safeParse(await bus.askRaw(first.subject, body, { timeout_ms, headers })).data;
    if (said?.answers.length !== bunch.length)
      throw new CountersignError('output_unavailable', 'not an answer for each');
    for (const [i, { one, resolve, reject }] of bunch.entries()) {
      const answer = said.answers[i]!;
      if (answer.ok) settle(() => answerOf(one, answer.value), resolve, reject);
      else reject(new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at }));
    }
  }

  function sendEach(bunch: readonly Waiting[]): void {
    for (const { one, timeout_ms, resolve, reject } of bunch) alone(one, timeout_ms).then(resolve, reject);
  }

  function send(bunch: readonly Waiting[]): void {
    if (bunch.length === 1 || !isKnown) {
      sendEach(bunch);
      return;
    }
    sendTogether(bunch).catch((thrown: unknown) => {
      const code = thrown instanceof CountersignError ? thrown.code : null;
      if (code === null || isOutage(code)) {
        for (const { reject } of bunch) reject(thrown);
        return;
      }
      // An output-safety of before does not know such a request.
      if (code === 'field_invalid') isKnown = false;
      sendEach(bunch);
    });
  }

  function sendAll(): void {
    const all = waiting;
    waiting = [];
    for (const sameSubject of Map.groupBy(all, ({ one }) => one.subject).values())
      for (const bunch of bunchesOf(sameSubject)) send(bunch);
  }

  return {
    alone,
    together(one, timeout_ms) {
      const { promise, resolve, reject } = Promise.withResolvers<ResultAnswer>();
      if (waiting.length === 0) setImmediate(sendAll);
      waiting.push({ one, timeout_ms, resolve, reject });
      return promise;
    },
  };
}

/** An answer that belongs to another result is none. */
function answerOf({ result }: Reported, said: unknown): ResultAnswer {
  const answer = resultAnswer.safeParse(said).data;
  if (answer?.dispatch_id === result.dispatch_id && answer.claim_id === result.claim_id) return answer;
  throw new CountersignError('output_unavailable', 'the answer was for another result');
}

function settle<T>(read: () => T, resolve: (value: T) => void, reject: (thrown: unknown) => void): void {
  try {
    resolve(read());
  } catch (thrown) {
    reject(thrown);
  }
}

/** At most `batch_rows` and `together_bytes` each; what is larger than that is alone. */
function bunchesOf(all: readonly Waiting[]): Waiting[][] {
  const bunches: Waiting[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of all) {
    bytes += each.one.bytes;
    const last = bunches.at(-1);
    if (last !== undefined && bytes <= LIMITS.together_bytes && last.length < LIMITS.batch_rows) last.push(each);
    else {
      bunches.push([each]);
      bytes = each.one.bytes;
    }
  }
  return bunches;
}
