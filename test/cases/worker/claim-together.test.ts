/** Claims that come together go together: one message, each its own answer, and none waits for a message before it. */
import { CountersignError } from '@countersign/contracts/errors';
import { LIMITS } from '@countersign/contracts/limits';
import type { ClaimAnswer, ClaimRequest } from '@countersign/contracts/worker';
import type { Bus } from '@countersign/platform/bus';
import { claimTogether } from '@countersign/worker/claim-together';
import { expect, test } from 'vitest';
import { codeOf } from '../../harness/code-of.ts';

type Outcome = { ok: true; value: ClaimAnswer } | { ok: false; error: { code: string } };

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function claimOf(n: number): ClaimRequest {
  return { dispatch_id: `d${n}`, claim_id: `c${n}` };
}

function lost(claim: ClaimRequest): ClaimAnswer {
  return { ...claim, outcome: 'lost', code: 'attempt_stale' };
}

/** `answer` decides over one message. */
function openBus(answer: (items: ClaimRequest[]) => Promise<Outcome[]>) {
  const sent: { subject: string; ids: string[]; traceparent: string }[] = [];
  const callAt = async (
    subject: string,
    _: string,
    { items }: { items: ClaimRequest[] },
    { traceparent }: { traceparent: string },
  ) => {
    sent.push({ subject, ids: items.map(({ dispatch_id }) => dispatch_id), traceparent });
    return { answers: await answer(items) };
  };
  const ask = claimTogether({ callAt } as unknown as Pick<Bus, 'callAt'>, 'desk', 'one');
  return { sent, ask };
}

async function answerAll(items: ClaimRequest[]): Promise<Outcome[]> {
  return items.map((claim) => ({ ok: true, value: lost(claim) }));
}

test('claims of one turn share a message, and each hears its own answer', async () => {
  const { sent, ask } = openBus(answerAll);
  const answers = await Promise.all(range(3).map((n) => ask(claimOf(n), `trace-${n}`)));
  expect(answers).toEqual(range(3).map((n) => lost(claimOf(n))));
  expect(sent).toEqual([{ subject: 'rpc.scheduler.claim.desk.one', ids: ['d0', 'd1', 'd2'], traceparent: 'trace-0' }]);
  await ask(claimOf(9), '');
  expect(sent.map(({ ids }) => ids)).toEqual([['d0', 'd1', 'd2'], ['d9']]);
});

test('no message holds more than a batch', async () => {
  const { sent, ask } = openBus(answerAll);
  await Promise.all(range(LIMITS.batch_rows + 1).map((n) => ask(claimOf(n), '')));
  expect(sent.map(({ ids }) => ids.length)).toEqual([LIMITS.batch_rows, 1]);
});

test('a claim that fails fails alone; an outage is everybody’s', async () => {
  const failed: Outcome = { ok: false, error: { code: 'field_invalid' } };
  const { ask } = openBus(async ([first]) => [{ ok: true, value: lost(first!) }, failed]);
  const answers = [ask(claimOf(0), ''), ask(claimOf(1), '')];
  expect([await answers[0], await codeOf(answers[1]!)]).toEqual([lost(claimOf(0)), 'field_invalid']);

  const down = openBus(() => Promise.reject(new CountersignError('scheduler_unavailable')));
  expect(await Promise.all(range(2).map((n) => codeOf(down.ask(claimOf(n), ''))))).toEqual(
    range(2).map(() => 'scheduler_unavailable'),
  );
});

test('a message that is not answered holds back no later claim', async () => {
  const never = new Promise<Outcome[]>(() => {});
  const { ask } = openBus((items) => (items[0]!.dispatch_id === 'd0' ? never : answerAll(items)));
  void ask(claimOf(0), '');
  await new Promise((resolve) => setImmediate(resolve));
  expect(await ask(claimOf(1), '')).toEqual(lost(claimOf(1)));
});
