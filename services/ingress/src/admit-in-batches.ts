/** Hands decided jobs to the scheduler, sharing one message between those that wait. Only its commit makes an answer. */
import { CountersignError } from '@countersign/contracts/errors';
import type { AdmitAnswer, AdmitItem, Admitted } from '@countersign/contracts/rpc';
import type { Bus } from '@countersign/platform/bus';
import { groupCommit } from '@countersign/platform/group-commit';
import { splitBySize } from './split-by-size.ts';

export type Admission = { item: AdmitItem; bytes: number };
type Outcome = Admitted | CountersignError;

const readAnswer = ({ item }: Admission, answer: AdmitAnswer | undefined): Outcome => {
  if (answer?.ok === false)
    return new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at });
  if (answer?.value.tenant !== item.request.tenant) {
    return new CountersignError('scheduler_unavailable', 'the scheduler answered something else');
  }
  return answer.value;
};

const handOver = async (bus: Bus, batch: readonly Admission[]): Promise<Outcome[]> => {
  try {
    const { traceparent } = batch[0]!.item;
    const { answers } = await bus.call('scheduler.admit', { items: batch.map(({ item }) => item) }, { traceparent });
    return batch.map((admission, i) => readAnswer(admission, answers[i]));
  } catch (thrown) {
    if (thrown instanceof CountersignError) return batch.map(() => thrown);
    throw thrown;
  }
};

export const openAdmissions = (bus: Bus): ((admission: Admission) => Promise<Admitted>) =>
  groupCommit<Admission, Admitted>({
    run: async (waiting) => (await Promise.all(splitBySize(waiting).map((batch) => handOver(bus, batch)))).flat(),
  });
