/** The hooks for the Claude Agent SDK, called as it calls them: the tool itself runs in its command line, if the hook allows it. */

import { hooks } from '@countersign/adapter-claude-agent/hooks';
import type { Gate } from '@countersign/adapter-core/gate';
import { expect, test, vi } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from './attack-suite.ts';
import { makeWith, runHere } from './drive-js.ts';

const required: { package: string }[] = [];
vi.mock('@countersign/adapter-core/supported', () => ({
  requireSupported: (each: { package: string }) => required.push(each),
}));

type Said = { hookSpecificOutput: Record<string, unknown> };

/** As its command line does: the hook, the tool if it allows, the other hook. */
async function ask(gate: Gate, effects: unknown[], call: Call, { wait_ms }: Drive): Promise<Shown> {
  const { PreToolUse, PostToolUse } = hooks({ gate, ...(wait_ms === undefined ? {} : { wait_ms }) });
  const input = { session_id: call.run, tool_name: call.tool, tool_input: call.input, tool_use_id: call.call_id };
  const context = call.signal ? { signal: call.signal } : {};
  const { hookSpecificOutput: said } = (await PreToolUse[0]!.hooks[0]!(input, call.call_id, context)) as Said;
  if (said.permissionDecision !== 'allow') {
    const text = String(said.permissionDecisionReason);
    // The output of a pool's worker has no other way to the model than the reason of a no.
    return {
      text,
      error: /^(Not run|No result|Nothing was|Nobody knows|The tool ran; |The gate failed|\{"error":)/.test(text),
    };
  }
  effects.push(said.updatedInput);
  const after = { ...input, tool_response: 'raw' };
  const told = (await PostToolUse[0]!.hooks[0]!(after, call.call_id, {})) as Said;
  return { text: String(told.hookSpecificOutput.updatedToolOutput), error: false };
}

attackSuite('adapter-claude-agent', makeWith(ask));
attacksHere('adapter-claude-agent', ask);

test('allows only what the plane has claimed, with its input, and shows what was released of it', async () => {
  const effects: unknown[] = [];
  const finished: unknown[] = [];
  const call: Call = { run: 'r1', call_id: 'c1', tool: 'Bash', input: { command: 'ls' } };
  expect(await ask(runHere(finished), effects, call, {})).toEqual({ text: 'screened', error: false });
  expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: 'raw' }]]);
  expect(required.at(-1)!.package).toBe('@anthropic-ai/claude-agent-sdk');
});

test('blocks when it fails or hangs, and shows no output that nobody asked the plane for', async () => {
  const { PreToolUse, PostToolUse, PostToolUseFailure } = hooks({ gate: runHere([]), wait_ms: 5_000 });
  for (const [matcher] of [PreToolUse, PostToolUse, PostToolUseFailure])
    expect(matcher).toMatchObject({ onFailure: 'block', timeout: 15 });
  const input = { session_id: 's', tool_name: 'Bash', tool_input: {}, tool_use_id: 'c9', tool_response: 'raw' };
  const { hookSpecificOutput } = (await PostToolUse[0]!.hooks[0]!(input, 'c9', {})) as Said;
  expect(hookSpecificOutput.updatedToolOutput).toMatch(/is not shown/);
});

test('reports a tool that failed', async () => {
  const finished: unknown[] = [];
  const { PreToolUse, PostToolUseFailure } = hooks({ gate: runHere(finished) });
  const input = { session_id: 's', tool_name: 'Bash', tool_input: {}, tool_use_id: 'c1', error: 'exit 1' };
  await PreToolUse[0]!.hooks[0]!(input, 'c1', {});
  await PostToolUseFailure[0]!.hooks[0]!(input, 'c1', {});
  expect(finished).toEqual([{ error: { code: 'tool_failed', detail: 'exit 1' } }]);
});
