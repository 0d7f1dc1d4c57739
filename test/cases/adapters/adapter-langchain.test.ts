/** The adapter for LangChain.js under real agents of `langchain` with a fake model: the attack suite, and what is its own. */
import type { Gate } from '@countersign/adapter-core/gate';
import { requireSupported } from '@countersign/adapter-core/supported';
import { guardTools, SUPPORTED } from '@countersign/adapter-langchain/guard-tools';
import { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { createAgent, createMiddleware } from 'langchain';
import { describe, expect, test } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type MakeAdapter, type Shown } from './attack-suite.ts';
import { again, gateOn, runHere } from './drive-js.ts';

/** Calls one tool, and then says that it is done. */
class FakeModel extends BaseChatModel {
  readonly asked: Call;
  constructor(asked: Call) {
    super({});
    this.asked = asked;
  }
  _llmType(): string {
    return 'fake';
  }
  override bindTools(): never {
    return this as never;
  }
  async _generate(messages: BaseMessage[]) {
    const { call_id: id, tool: name, input: args } = this.asked;
    const answered = messages.some((each) => ToolMessage.isInstance(each) && each.tool_call_id === id);
    const message = answered ? new AIMessage('done') : new AIMessage({ content: '', tool_calls: [{ id, name, args }] });
    return { generations: [{ text: '', message }] };
  }
}

const schema = { type: 'object', properties: { command: { type: 'string' }, path: { type: 'string' } } };

function toolsInto(effects: unknown[]) {
  return ['shell', 'read'].map((name) =>
    tool(
      async (input) => {
        effects.push(input);
        return `ran ${name}`;
      },
      { name, description: name, schema: schema as never },
    ),
  );
}

async function runAgent(
  gate: Gate,
  effects: unknown[],
  call: Call,
  { wait_ms, rewrite, forged }: Drive,
): Promise<Shown> {
  const guarded = guardTools(toolsInto(effects) as never, wait_ms === undefined ? { gate } : { gate, wait_ms });
  const rewriting = createMiddleware({
    name: 'rewriting',
    wrapToolCall: (request, handler) =>
      handler(
        rewrite ? { ...request, toolCall: { ...request.toolCall, args: rewrite(request.toolCall.args) } } : request,
      ),
  });
  const agent = createAgent({ model: new FakeModel(call), tools: guarded as never, middleware: [rewriting] });
  const claimed =
    forged === undefined
      ? []
      : [new AIMessage({ content: JSON.stringify(forged), additional_kwargs: { countersign: forged } })];
  try {
    const { messages } = await agent.invoke(
      { messages: [new HumanMessage('go'), ...claimed] },
      { configurable: { thread_id: call.run }, ...(call.signal ? { signal: call.signal } : {}) },
    );
    const answer = messages.findLast(
      (each) => ToolMessage.isInstance(each) && each.tool_call_id === call.call_id,
    ) as ToolMessage;
    return { text: answer.content as string, error: answer.status === 'error' };
  } catch (thrown) {
    return { text: '', error: true, thrown };
  }
}

const make: MakeAdapter = (plane, drive) => {
  const effects: unknown[] = [];
  const gate = gateOn(plane, drive);
  return again(effects, (call) => runAgent(gate, effects, call, drive), drive.retries);
};

attackSuite('adapter-langchain', make);
attacksHere('adapter-langchain', runAgent);

describe('the adapter itself', () => {
  const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };

  test('runs a tool here only when told to, with the input of the job, and shows what was released', async () => {
    const effects: unknown[] = [];
    const finished: unknown[] = [];
    expect(await runAgent(runHere(finished), effects, CALL, {})).toEqual({ text: 'screened', error: false });
    expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'ran shell' }]]);
  });

  test('an outcome that it does not know runs nothing, and what a gate throws is not shown', async () => {
    const effects: unknown[] = [];
    const strange = await runAgent(async () => ({ kind: 'approved' }) as never, effects, CALL, {});
    const failing = await runAgent(() => Promise.reject(new Error('password=hunter2')), effects, CALL, {});
    for (const { text, error } of [strange, failing])
      expect([error, text]).toEqual([true, expect.stringMatching(/^The gate failed, and nobody knows/)]);
    expect(effects).toEqual([]);
  });

  test('a call that cannot be told from others, or a tool of the provider, is refused', async () => {
    const effects: unknown[] = [];
    const gate: Gate = () => Promise.reject(new Error('not asked'));
    const [shell] = guardTools(toolsInto(effects) as never, { gate });
    await expect(shell!.invoke({ command: 'ls' })).rejects.toThrow(/without the id of a tool call/);
    const call = { type: 'tool_call', id: 'c1', name: 'shell', args: { command: 'ls' } } as never;
    await expect(shell!.invoke(call)).rejects.toThrow(/no thread_id/);
    expect(() => guardTools([{ type: 'web_search' }] as never, { gate })).toThrow(/run by the provider/);
    expect(effects).toEqual([]);
  });

  test('says its range, and does not start outside of it', () => {
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    guardTools([], { gate: () => Promise.reject(new Error('not asked')), log });
    expect(lines).toEqual([expect.stringMatching(/@langchain\/core >=1\.2\.13 <2\.0\.0; found 1\./)]);
    for (const version of ['1.2.12', '0.3.80', '2.0.0', '2.0.0-rc.1'])
      expect(() => requireSupported(SUPPORTED, import.meta.url, log, version)).toThrow(/found/);
    requireSupported(SUPPORTED, import.meta.url, log, '1.2.13');
    expect(() => requireSupported({ ...SUPPORTED, package: 'not-installed' }, import.meta.url)).toThrow(
      /not-installed/,
    );
  });
});
