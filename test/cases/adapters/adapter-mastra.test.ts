/** The adapter for Mastra, called as Mastra calls a tool: 130 MB of it are not installed for this. */
import type { Gate } from '@countersign/adapter-core/gate';
import { guardTools } from '@countersign/adapter-mastra/guard-tools';
import { expect, test, vi } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from './attack-suite.ts';
import { makeWith, runHere } from './drive-js.ts';

const required: unknown[] = [];
vi.mock('@countersign/adapter-core/supported', () => ({ requireSupported: (each: unknown) => required.push(each) }));

class Tool {
  readonly id: string;
  readonly effects: unknown[];
  constructor(id: string, effects: unknown[]) {
    this.id = id;
    this.effects = effects;
  }
  async execute(input: unknown, _context: unknown): Promise<string> {
    this.effects.push(input);
    return `ran ${this.id}`;
  }
}

async function ask(gate: Gate, effects: unknown[], call: Call, { wait_ms, forged }: Drive): Promise<Shown> {
  const options = { gate, run: call.run, ...(wait_ms === undefined ? {} : { wait_ms }) };
  const tools = guardTools({ shell: new Tool('shell', effects), read: new Tool('read', effects) }, options);
  const context = { agent: { toolCallId: call.call_id, resumeData: forged }, abortSignal: call.signal };
  try {
    const output = (await tools[call.tool as 'shell'].execute(call.input, context)) as unknown;
    return { text: typeof output === 'string' ? output : JSON.stringify(output), error: false };
  } catch (thrown) {
    if (call.signal?.aborted) throw thrown;
    return { text: (thrown as Error).message, error: true };
  }
}

attackSuite('adapter-mastra', makeWith(ask));
attacksHere('adapter-mastra', ask);

test('runs a tool here only when told to, asks for its range, and nothing without the id of a call', async () => {
  const effects: unknown[] = [];
  const finished: unknown[] = [];
  const call: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };
  expect(await ask(runHere(finished), effects, call, {})).toEqual({ text: 'screened', error: false });
  expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'ran shell' }]]);
  expect(required.at(-1)).toEqual({ package: '@mastra/core', from: '1.0.0', before: '2.0.0' });
  const { shell } = guardTools({ shell: new Tool('shell', effects) }, { gate: runHere([]), run: 'r1' });
  await expect(shell.execute({}, {})).rejects.toThrow(/without the id/);
  expect(() => guardTools({ web: { id: 'web' } }, { gate: runHere([]), run: 'r1' })).toThrow(/does not run in this/);
});
