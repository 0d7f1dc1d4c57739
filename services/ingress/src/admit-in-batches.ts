/** Hands decided jobs to the scheduler, sharing one message between those that wait. Only its commit makes an answer. */

import type { AdmitAnswer, AdmitItem, Admitted } from '@countersign/contracts/admission';
import { CountersignError } from '@countersign/contracts/errors';
import type { Bus } from '@countersign/platform/bus';
import { groupCommit } from '@countersign/platform/group-commit';
import { splitBySize } from './split-by-size.ts';

type Admission = { item: AdmitItem; bytes: number };
type Outcome = Admitted | CountersignError;

export function openAdmissions(bus: Bus): (admission: Admission) => Promise<Admitted> {
  return groupCommit<Admission, Admitted>({
    whose: ({ item }) => item.request.tenant,
    run: async (waiting) => (await Promise.all(splitBySize(waiting).map((batch) => handOver(bus, batch)))).flat(),
  });
}

async function handOver(bus: Bus, batch: readonly Admission[]): Promise<Outcome[]> {
  try {
    const { traceparent } = batch[0]!.item;
    const { answers } = await bus.call('scheduler.admit', { items: batch.map(({ item }) => item) }, { traceparent });
    return answers.map((answer, i) => readAnswer(batch[i]!, answer));
  } catch (thrown) {
    if (thrown instanceof CountersignError) return batch.map(() => thrown);
    throw thrown;
  }
}

function readAnswer(admission: Admission, answer: AdmitAnswer): Outcome {
  if (!answer.ok) return new CountersignError(answer.error.code, answer.error.detail, { at: answer.error.at });
  return { ...answer.value, replayed: answer.value.replayed && !isOwn(admission, answer.value) };
}

/**
 * A question that was asked again meets what its first time has stored. That is no replay to whoever submitted once: the
 * hash is salted for this submission alone.
 */
function isOwn({ item }: Admission, { decisions }: Admitted): boolean {
  return decisions.every(({ job_hash }) => job_hash === item.job_hash);
}
