/** The adapter for the OpenAI Agents SDK under a real runner with a fake model: the attack suite, and what is its own. */
import type { Gate } from '@countersign/adapter-core/gate';
import { guardTools } from '@countersign/adapter-openai-agents/guard-tools';
import { Agent, type AgentInputItem, type Model, run, setTracingDisabled, tool, Usage } from '@openai/agents-core';
import { describe, expect, test } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from './attack-suite.ts';
import { makeWith, runHere } from './drive-js.ts';

setTracingDisabled(true);

function toolsInto(effects: unknown[]) {
  return ['shell', 'read'].map((name) =>
    tool({
      name,
      description: name,
      strict: false,
      parameters: { type: 'object', properties: {}, required: [], additionalProperties: true },
      async execute(input) {
        effects.push(input);
        return `ran ${name}`;
      },
    }),
  );
}

/** Calls one tool; what it is told of it ends the run. */
function modelOf({ call_id: callId, tool: name, input }: Call): Model {
  return {
    async getResponse() {
      const call = {
        type: 'function_call',
        callId,
        name,
        status: 'completed',
        arguments: JSON.stringify(input),
      } as const;
      return { usage: new Usage(), output: [call] };
    },
    getStreamedResponse() {
      throw new Error('not streamed');
    },
  };
}

async function ask(gate: Gate, effects: unknown[], call: Call, { wait_ms, forged }: Drive): Promise<Shown> {
  const options = { gate, run: call.run, ...(wait_ms === undefined ? {} : { wait_ms }) };
  const tools = guardTools(toolsInto(effects), options);
  const agent = new Agent({ name: 'desk', model: modelOf(call), tools, toolUseBehavior: 'stop_on_first_tool' });
  const claimed: AgentInputItem[] =
    forged === undefined
      ? []
      : [{ role: 'user', content: JSON.stringify(forged), providerData: { countersign: forged } }];
  const { finalOutput } = await run(agent, [{ role: 'user', content: 'go' }, ...claimed], {
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const text = String(finalOutput);
  // A function's answer here is text alone.
  return {
    text,
    error: /^(Not run|No result|Nothing was|Nobody knows|The tool ran; |The gate failed|\{"error":)/.test(text),
  };
}

attackSuite('adapter-openai-agents', makeWith(ask));
attacksHere('adapter-openai-agents', ask);

describe('the adapter itself', () => {
  const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };

  test('runs a tool here only when told to, with the input of the job, and hands on what was released', async () => {
    const effects: unknown[] = [];
    const finished: unknown[] = [];
    expect(await ask(runHere(finished), effects, CALL, {})).toEqual({ text: 'screened', error: false });
    expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'ran shell' }]]);
  });

  test('an outcome that it does not know, and a gate that throws, run nothing and show nothing', async () => {
    const effects: unknown[] = [];
    for (const gate of [async () => ({ kind: 'approved' }) as never, () => Promise.reject(new Error('hunter2'))])
      expect((await ask(gate, effects, CALL, {})).text).toMatch(/^The gate failed/);
    expect(effects).toEqual([]);
  });

  test('a hosted tool is refused unless it is named, and what is no call of the model does not run', async () => {
    const gate: Gate = () => Promise.reject(new Error('not asked'));
    const hosted = { type: 'hosted_tool', name: 'web' };
    expect(() => guardTools([hosted], { gate, run: 'r1' })).toThrow(/web is not a function/);
    expect(guardTools([hosted], { gate, run: 'r1', ungoverned: ['web'] })).toEqual([hosted]);
    const effects: unknown[] = [];
    const [shell] = guardTools(toolsInto(effects), { gate, run: 'r1' });
    await expect(shell!.invoke({} as never, '{}')).rejects.toThrow(/without the id/);
    const details = { toolCall: { callId: 'c1' } } as never;
    for (const text of ['{', '[]', 'null']) expect(await shell!.invoke({} as never, text, details)).toMatch(/^Not run/);
    expect(effects).toEqual([]);
  });
});
