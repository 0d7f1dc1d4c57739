/** Asks the policy kernel, sharing one message between the questions that wait. Nothing is ever decided here. */

import type { DecideAnswer, DecideItem } from '@countersign/contracts/decision';
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { RpcAnswer } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { groupCommit } from '@countersign/platform/group-commit';
import { splitBySize } from './split-by-size.ts';

export type Question = { item: DecideItem; bytes: number; traceparent: string };
type Answers = RpcAnswer<'policy.decide'>['answers'];
type Outcome = DecideAnswer | CountersignError;

export function openDecisions(bus: Bus): (question: Question) => Promise<DecideAnswer> {
  return groupCommit<Question, DecideAnswer>({
    whose: ({ item }) => item.request.tenant,
    run: async (questions) => (await Promise.all(splitBySize(questions).map((batch) => askKernel(bus, batch)))).flat(),
  });
}

async function askKernel(bus: Bus, batch: readonly Question[]): Promise<Outcome[]> {
  const traceparent = batch[0]!.traceparent;
  try {
    const { answers } = await bus.call(
      'policy.decide',
      { items: batch.map(({ item }) => item) },
      { timeout_ms: LIMITS.decide_ms, traceparent },
    );
    return answers.map(readAnswer);
  } catch (thrown) {
    if (thrown instanceof CountersignError) return batch.map(() => thrown);
    throw thrown;
  }
}

function readAnswer(answer: Answers[number]): Outcome {
  return answer.ok
    ? answer.value
    : new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at });
}
