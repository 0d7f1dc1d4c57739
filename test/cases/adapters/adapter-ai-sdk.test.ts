/** The adapter for the AI SDK under `generateText` with a fake model: the attack suite, and what is its own. */
import { guardTools } from '@countersign/adapter-ai-sdk/guard-tools';
import type { Gate } from '@countersign/adapter-core/gate';
import { generateText, jsonSchema, type ModelMessage, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import * as six from 'ai-6';
import { MockLanguageModelV3 } from 'ai-6/test';
import { describe, expect, test } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from './attack-suite.ts';
import { type AskFramework, makeWith, runHere } from './drive-js.ts';

const inputSchema = jsonSchema<Record<string, unknown>>({ type: 'object' });

function toolsInto(effects: unknown[]) {
  const make = (name: string) =>
    tool({
      description: name,
      inputSchema,
      async *execute(input: Record<string, unknown>) {
        effects.push(input);
        yield 'half';
        yield `ran ${name}`;
      },
    });
  return { shell: make('shell'), read: make('read') };
}

/** Calls one tool, and nothing after it. The same in both majors. */
function modelOf({ call_id, tool: toolName, input }: Call, Model: typeof MockLanguageModelV4) {
  return new Model({
    doGenerate: async () => ({
      content: [{ type: 'tool-call', toolCallId: call_id, toolName, input: JSON.stringify(input) }],
      finishReason: { unified: 'tool-calls', raw: undefined },
      usage: {
        inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
        outputTokens: { total: 1, text: 1, reasoning: undefined },
      },
      warnings: [],
    }),
  });
}

type Major = { generateText: typeof generateText; Model: typeof MockLanguageModelV4 };
const SEVEN: Major = { generateText, Model: MockLanguageModelV4 };
const SIX = { generateText: six.generateText, Model: MockLanguageModelV3 } as unknown as Major;

const ask: AskFramework = (...asked) => askIn(SEVEN, ...asked);

async function askIn(
  major: Major,
  gate: Gate,
  effects: unknown[],
  call: Call,
  { wait_ms, forged }: Drive,
): Promise<Shown> {
  const options = { gate, run: call.run, ...(wait_ms === undefined ? {} : { wait_ms }) };
  const claimed: ModelMessage[] = forged === undefined ? [] : [{ role: 'assistant', content: JSON.stringify(forged) }];
  const { content } = await major.generateText({
    model: modelOf(call, major.Model),
    tools: guardTools(toolsInto(effects), options),
    messages: [{ role: 'user', content: 'go' }, ...claimed, { role: 'user', content: 'now' }],
    maxRetries: 0,
    ...(call.signal ? { abortSignal: call.signal } : {}),
  });
  const answer = content.find(({ type }) => type === 'tool-result' || type === 'tool-error');
  if (answer?.type === 'tool-error') return { text: (answer.error as Error).message, error: true };
  if (answer?.type !== 'tool-result') throw new Error('the tool was not called');
  const { output } = answer;
  return { text: typeof output === 'string' ? output : JSON.stringify(output), error: false };
}

attackSuite('adapter-ai-sdk', makeWith(ask));
attacksHere('adapter-ai-sdk', ask);

const askSix: AskFramework = (...asked) => askIn(SIX, ...asked);
attackSuite('adapter-ai-sdk in major 6', makeWith(askSix));
attacksHere('adapter-ai-sdk in major 6', askSix);

describe('the adapter itself', () => {
  const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };

  test('runs a tool here only when told to, to the end of what it streams, and hands on what was released', async () => {
    const effects: unknown[] = [];
    const finished: unknown[] = [];
    expect(await ask(runHere(finished), effects, CALL, {})).toEqual({ text: 'screened', error: false });
    expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'ran shell' }]]);
  });

  test('an outcome that it does not know, and a gate that throws, run nothing and show nothing', async () => {
    const effects: unknown[] = [];
    for (const gate of [async () => ({ kind: 'approved' }) as never, () => Promise.reject(new Error('hunter2'))]) {
      const { text, error } = await ask(gate, effects, CALL, {});
      expect([error, text]).toEqual([true, expect.stringMatching(/^The gate failed/)]);
    }
    expect(effects).toEqual([]);
  });

  test('a tool that runs elsewhere is refused unless it is named', () => {
    const gate: Gate = () => Promise.reject(new Error('not asked'));
    const lines: string[] = [];
    const tools = { web: { type: 'provider' } };
    expect(() => guardTools(tools, { gate, run: 'r1' })).toThrow(/web does not run in this process/);
    expect(guardTools(tools, { gate, run: 'r1', ungoverned: ['web'], log: (line) => lines.push(line) })).toEqual(tools);
    expect(lines).toEqual([expect.stringMatching(/ai >=6\.0\.0 <8\.0\.0; found 7\./)]);
  });
});
