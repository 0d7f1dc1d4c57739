/** The adapter for Mastra under Mastra itself: an agent with a model that is played. */
import type { Gate } from '@countersign/adapter-core/gate';
import { guardTools } from '@countersign/adapter-mastra/guard-tools';
import { expect, test } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from '../../cases/adapters/attack-suite.ts';
import { makeWith, runHere } from '../../cases/adapters/drive-js.ts';
import { fromFolder } from './from-folder.ts';

const { Agent } = fromFolder('@mastra/core/agent');
const { createTool } = fromFolder('@mastra/core/tools');
const { z } = fromFolder('zod');

function toolsInto(effects: unknown[]): Record<string, { id: string }> {
  const make = (id: string) =>
    createTool({
      id,
      description: id,
      inputSchema: z.looseObject({}),
      execute: async (input: unknown) => {
        effects.push(input);
        return `ran ${id}`;
      },
    });
  return { shell: make('shell'), read: make('read') };
}

/** Calls one tool; the agent is given one step, so what would be said to it next ends the run. */
function modelOf({ call_id, tool, input }: Call) {
  const usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2 };
  const call = { type: 'tool-call', toolCallId: call_id, toolName: tool, input: JSON.stringify(input) };
  const parts = [{ type: 'stream-start', warnings: [] }, call, { type: 'finish', finishReason: 'tool-calls', usage }];
  const base = { specificationVersion: 'v2', provider: 'played', modelId: 'played', supportedUrls: {} };
  return {
    ...base,
    doGenerate: async () => ({ content: [call], finishReason: 'tool-calls', usage, warnings: [] }),
    doStream: async () => ({ stream: streamOf(parts) }),
  };
}

function streamOf(parts: readonly object[]): ReadableStream {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

async function ask(gate: Gate, effects: unknown[], call: Call, { wait_ms, forged }: Drive): Promise<Shown> {
  const options = { gate, run: call.run, ...(wait_ms === undefined ? {} : { wait_ms }) };
  const tools = guardTools(toolsInto(effects), options);
  const agent = new Agent({ id: 'desk', name: 'desk', instructions: 'go', model: modelOf(call), tools });
  const said = JSON.stringify(forged ?? 'go');
  const { steps } = await agent.generate(said, { maxSteps: 1, abortSignal: call.signal });
  const result = steps[0].content.find(({ type }: { type: string }) => type === 'tool-result');
  // Left while it waited: nobody is told anything.
  if (result === undefined) throw new Error('the run ended without a result');
  const { type, value } = result.output;
  return { text: typeof value === 'string' ? value : JSON.stringify(value), error: String(type).startsWith('error') };
}

attackSuite('Mastra', makeWith(ask));
attacksHere('Mastra', ask);

test('runs a tool here only when told to, with the input of the job, and shows what was released', async () => {
  const effects: unknown[] = [];
  const finished: unknown[] = [];
  const call: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };
  expect(await ask(runHere(finished), effects, call, {})).toEqual({ text: 'screened', error: false });
  expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'ran shell' }]]);
});
