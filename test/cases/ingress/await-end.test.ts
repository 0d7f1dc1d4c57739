/** A submission that waits is woken by a hint of whoever ended its job, before the evidence is published. */
import { awaitEnd } from '@countersign/ingress/await-end';
import { waitingCallers } from '@countersign/ingress/waiting-callers';
import type { Hint } from '@countersign/platform/bus';
import { expect, test } from 'vitest';

const JOB = { tenant: 'acme', job_id: 'one' };

/** A plane whose evidence never comes. `states`: what the scheduler says, one after the other, the last for ever. */
function play(states: string[]) {
  const asked: string[] = [];
  const closed = Promise.withResolvers<void>();
  const said: [string, object][] = [];
  let hear: (hints: Hint[]) => Promise<void> = async () => undefined;
  const bus = {
    call: async (verb: string) => {
      asked.push(verb);
      if (verb === 'output.read') return { output: 'released' };
      return { state: states.length > 1 ? states.shift() : states[0] };
    },
    hint: (subject: string, body: object) => void said.push([subject, body]),
    onHints(subjects: string[], { every, handle }: { every: boolean; handle: typeof hear }) {
      expect([subjects, every]).toEqual([['job.ended'], true]);
      hear = handle;
    },
  };
  const waiting = waitingCallers(bus as never);
  const opened = Promise.withResolvers<void>();
  const streams = {
    async open() {
      opened.resolve();
      return new ReadableStream<Uint8Array>({ cancel: () => closed.resolve() });
    },
  };
  const abort = new AbortController();
  const awaiting = { caller: {}, wait_ms: 600_000, signal: abort.signal, traceparent: '' };
  const report = (body: unknown) => hear([{ subject: 'job.ended', body }]);
  const end = awaitEnd({ bus, streams, waiting } as never, JOB as never, awaiting as never);
  return { end, asked, said, closed: closed.promise, opened: opened.promise, report, abort };
}

test('output-safety hears of a wait, and a hint of the end wakes who waits for it here, who reads what was released', async () => {
  const { end, asked, said, closed, report } = play(['succeeded']);
  expect(said).toEqual([['job.waited', JOB]]);
  await report(JOB);
  expect(await end).toMatchObject({ state: 'succeeded', result: { output: 'released' } });
  expect(asked).toEqual(['scheduler.get', 'output.read']);
  await closed;
});

test('an attempt that is made again ends no wait, and the next one does', async () => {
  const { end, asked, report } = play(['cleared', 'succeeded']);
  await report(JOB);
  while (asked.length === 0) await new Promise(setImmediate);
  await report(JOB);
  expect(await end).toMatchObject({ state: 'succeeded' });
  expect(asked).toEqual(['scheduler.get', 'scheduler.get', 'output.read']);
});

test("another job's or another tenant's end and nonsense wake nobody; who is gone leaves no stream behind", async () => {
  const { end, asked, opened, closed, report, abort } = play(['running']);
  for (const other of [{ ...JOB, job_id: 'two' }, { ...JOB, tenant: 'other' }, null, 'one', [JOB]]) await report(other);
  await opened;
  await new Promise(setImmediate);
  expect(asked).toEqual([]);
  abort.abort();
  await closed;
  expect(await end).toBeNull();
});
