/** A submission that waits is woken by what passes through its process, before the evidence is published. */
import { awaitEnd } from '@countersign/ingress/await-end';
import { waitingCallers } from '@countersign/ingress/waiting-callers';
import { workerDoorRoutes } from '@countersign/ingress/worker-door-routes';
import { expect, test } from 'vitest';

const JOB = { tenant: 'acme', job_id: 'one' };
const CLAIM = { dispatch_id: '0196a000-0000-7000-8000-000000000001', claim_id: '0196a000-0000-7000-8000-000000000002' };

/** A plane whose evidence never comes. `states`: what the scheduler says, one after the other, the last for ever. */
function play(states: string[]) {
  const asked: string[] = [];
  const closed = Promise.withResolvers<void>();
  const waiting = waitingCallers();
  let outcome = 'settled';
  const bus = {
    call: async (verb: string) => {
      asked.push(verb);
      if (verb === 'output.read') return { output: 'released' };
      return { state: states.length > 1 ? states.shift() : states[0] };
    },
    askRaw: async () => ({ ...CLAIM, outcome, code: null }),
  };
  const opened = Promise.withResolvers<void>();
  const streams = {
    async open() {
      opened.resolve();
      return new ReadableStream<Uint8Array>({ cancel: () => closed.resolve() });
    },
  };
  const abort = new AbortController();
  const awaiting = { caller: {}, wait_ms: 600_000, signal: abort.signal, traceparent: '' };
  const route = workerDoorRoutes(bus as never, waiting).find(({ path }) => path.endsWith('/result'))!;
  const report = (job: object, said = 'settled') => {
    outcome = said;
    const caller = { worker: { pool: 'p', worker: 'w' } };
    const body = { ...CLAIM, ...JOB, ...job };
    return route.handle({ caller, body, raw: body, query: { topic: 'job.demo.read' } } as never);
  };
  const end = awaitEnd({ bus, streams, waiting } as never, JOB as never, awaiting as never);
  return { end, asked, closed: closed.promise, opened: opened.promise, report, abort };
}

test('a result that is settled at the door of workers wakes who waits for it here, who reads what was released', async () => {
  const { end, asked, closed, report } = play(['succeeded']);
  await report({});
  expect(await end).toMatchObject({ state: 'succeeded', result: { output: 'released' } });
  expect(asked).toEqual(['scheduler.get', 'output.read']);
  await closed;
});

test('an attempt that is made again ends no wait, and the next one does', async () => {
  const { end, asked, report } = play(['cleared', 'succeeded']);
  await report({});
  while (asked.length === 0) await new Promise(setImmediate);
  await report({});
  expect(await end).toMatchObject({ state: 'succeeded' });
  expect(asked).toEqual(['scheduler.get', 'scheduler.get', 'output.read']);
});

test("what is refused, another job's or another tenant's wakes nobody; who is gone leaves no stream behind", async () => {
  const { end, asked, opened, closed, report, abort } = play(['running']);
  await report({}, 'refused');
  await report({ job_id: 'two' });
  await report({ tenant: 'other' });
  await opened;
  await new Promise(setImmediate);
  expect(asked).toEqual([]);
  abort.abort();
  await closed;
  expect(await end).toBeNull();
});
