/** The contract itself: a loop that calls the gate and shows what it is told, as the smallest of adapters. */
import { callKey } from '@countersign/adapter-core/call-key';
import { remoteGate } from '@countersign/adapter-core/remote-gate';
import { runLabel } from '@countersign/adapter-core/run-label';
import { tell } from '@countersign/adapter-core/words';
import { labelValue } from '@countersign/contracts/names';
import { expect, test } from 'vitest';
import { attackSuite, type MakeAdapter } from './attack-suite.ts';
import { playPlane } from './fake-plane.ts';

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

test('a run is its label by the name it has, and any other name gets one that a label can have', () => {
  const usable = ['t', 'thread 7/turn-2', '01890000-0000-7000-8000-00000000000a', 'x'.repeat(256)];
  expect(usable.map(runLabel)).toEqual(usable);
  const odd = ['', ' t', 't ', 't\n', 'a\nb', 'Zoë', '\u202et', 'x'.repeat(257), 'x'.repeat(100_000)];
  const labels = odd.map(runLabel);
  for (const label of labels) expect(label).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(new Set(labels).size).toBe(odd.length);
  for (const label of [...usable, ...labels]) expect(labelValue.safeParse(label).success).toBe(true);
  // packages/python must name the same run alike: test_package.py has the same value.
  expect(runLabel('Zoë')).toBe('sha256:c6a12698582fc1104ea24107a2d7268145ff06ef859707729d01fd060897f067');
});

test('a label run that the request names itself stays, and the other labels too', async () => {
  const plane = playPlane();
  const ask = (labels?: Record<string, string>) => {
    const seen: unknown[] = [];
    const submit: typeof plane.client.submit = (request, options) => {
      seen.push(request.labels);
      return plane.client.submit(request, options);
    };
    const requestOf = () => ({ topic: 'job.shell', payload: { input: {} }, ...(labels && { labels }) });
    const gate = remoteGate({
      client: { ...plane.client, submit },
      url: 'http://127.0.0.1:8081',
      agent: 'a',
      requestOf,
    });
    const call = { framework: 'bare', run: 'r1', call_id: JSON.stringify(labels ?? null), tool: 'shell', input: {} };
    return gate({ ...call, wait_ms: 0, signal: new AbortController().signal }).then(() => seen[0]);
  };
  expect(await ask()).toEqual({ run: 'r1' });
  expect(await ask({ env: 'prod' })).toEqual({ run: 'r1', env: 'prod' });
  expect(await ask({ run: 'conversation-9' })).toEqual({ run: 'conversation-9' });
});

test('an outcome that is not known is no text and no run', () => {
  expect(() => tell({ kind: 'approved' } as never)).toThrow(/does not know/);
});

test('suspend and resume: a stored call finds its job in another process, and runs once; an edited one is refused', async () => {
  const plane = playPlane();
  plane.modes.set('shell', { is: 'hold' });
  const stored = JSON.stringify({
    framework: 'bare',
    run: 'r1',
    call_id: 'c1',
    tool: 'shell',
    input: { command: 'ls' },
  });
  // Each time a gate that remembers nothing.
  const resume = (changes: object = {}) => {
    const requestOf = ({ tool, input }: { tool: string; input: unknown }) => ({
      topic: `job.${tool}`,
      payload: { input },
    });
    const gate = remoteGate({ client: plane.client, url: 'http://127.0.0.1:8081', agent: 'desk-agent', requestOf });
    return gate({ ...JSON.parse(stored), ...changes, wait_ms: 0, signal: new AbortController().signal });
  };
  expect([(await resume()).kind, (await resume()).kind]).toEqual(['pending', 'pending']);
  expect(await resume({ input: { command: 'rm' } })).toMatchObject({ kind: 'denied', code: 'call_id_reused' });
  plane.approve();
  expect([(await resume()).kind, (await resume()).kind]).toEqual(['released', 'released']);
  expect(plane.ran).toEqual([{ command: 'ls' }]);
});
