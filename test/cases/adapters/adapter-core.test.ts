/** The contract itself: a loop that calls the gate and shows what it is told, as the smallest of adapters. */
import { callKey } from '@countersign/adapter-core/call-key';
import { remoteGate } from '@countersign/adapter-core/remote-gate';
import { tell } from '@countersign/adapter-core/words';
import { expect, test } from 'vitest';
import { attackSuite, type MakeAdapter } from './attack-suite.ts';

const bare: MakeAdapter = (
  plane,
  { wait_ms = 0, cancel_on_abort = false, rewrite = (input) => input, retries = 0 },
) => {
  const gate = remoteGate({
    client: plane.client,
    url: 'http://127.0.0.1:8081',
    agent: 'desk-agent',
    cancel_on_abort,
    requestOf: ({ tool, input }) => ({ topic: `job.${tool}`, payload: { input } }),
  });
  const once: Awaited<ReturnType<MakeAdapter>>['call'] = async ({ signal = new AbortController().signal, ...call }) => {
    try {
      const outcome = await gate({ ...call, input: rewrite(call.input), framework: 'bare', wait_ms, signal });
      if (outcome.kind === 'run_here') throw new Error('a remote gate runs nothing here');
      return tell(outcome);
    } catch (thrown) {
      return { text: '', error: true, thrown };
    }
  };
  return {
    effects: [],
    async call(call) {
      let shown = await once(call);
      for (let i = 0; i < retries && shown.error; i += 1) shown = await once(call);
      return shown;
    },
  };
};

attackSuite('the contract', bare);

test('a call is named by adapter, agent, run and call id, and by nothing that two of them could share', () => {
  const call = { framework: 'bare', run: 'r1', call_id: 'c1' };
  const keys = [
    callKey('a', call),
    callKey('b', call),
    callKey('a', { ...call, framework: 'other' }),
    callKey('a', { ...call, run: 'r' }),
    callKey('a', { ...call, run: 'r1","c1', call_id: '' }),
  ];
  expect(new Set(keys).size).toBe(keys.length);
  expect(callKey('a', call)).toBe(keys[0]);
});

test('an outcome that is not known is no text and no run', () => {
  expect(() => tell({ kind: 'approved' } as never)).toThrow(/does not know/);
});
