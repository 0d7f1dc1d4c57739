/** Hands decided jobs to the scheduler, sharing one message between those that wait. Only its commit makes an answer. */

import type { AdmitAnswer, AdmitItem, Admitted } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import type { Bus } from '@countersign/platform/bus';
import { groupCommit } from '@countersign/platform/group-commit';
import { splitBySize } from './split-by-size.ts';

export type Admission = { item: AdmitItem; bytes: number };
type Outcome = Admitted | CountersignError;

const readAnswer = (answer: AdmitAnswer): Outcome =>
  answer.ok ? answer.value : new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at });

const handOver = async (bus: Bus, batch: readonly Admission[]): Promise<Outcome[]> => {
  try {
    const { traceparent } = batch[0]!.item;
    const { answers } = await bus.call('scheduler.admit', { items: batch.map(({ item }) => item) }, { traceparent });
    return answers.map(readAnswer);
  } catch (thrown) {
    if (thrown instanceof CountersignError) return batch.map(() => thrown);
    throw thrown;
  }
};

export const openAdmissions = (bus: Bus): ((admission: Admission) => Promise<Admitted>) =>
  groupCommit<Admission, Admitted>({
    whose: ({ item }) => item.request.tenant,
    run: async (waiting) => (await Promise.all(splitBySize(waiting).map((batch) => handOver(bus, batch)))).flat(),
  });
