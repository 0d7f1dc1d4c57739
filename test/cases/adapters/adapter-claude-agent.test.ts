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

type Said = { hookSpecificOutput?: Record<string, unknown>; continue?: boolean; stopReason?: string };
type Output = { stdout: string; stderr: string; interrupted: boolean };
type Hooked = ReturnType<typeof hooks>;

/** As its command line was seen to do (0.3.332): another output counts in the tool's own shape alone, and the batch hook has the last word. */
async function ask(gate: Gate, effects: unknown[], call: Call, { wait_ms }: Drive): Promise<Shown> {
  const hooked = hooks({ gate, ...(wait_ms === undefined ? {} : { wait_ms }) });
  const input = { session_id: call.run, tool_name: call.tool, tool_input: call.input, tool_use_id: call.call_id };
  const context = call.signal ? { signal: call.signal } : {};
  const said = ((await hooked.PreToolUse[0]!.hooks[0]!(input, call.call_id, context)) as Said).hookSpecificOutput!;
  if (said.permissionDecision !== 'allow') {
    const text = String(said.permissionDecisionReason);
    // The output of a pool's worker has no other way to the model than the reason of a no.
    return { text, error: SAYS_NO.test(text) };
  }
  effects.push(said.updatedInput);
  return shows(hooked, input, { stdout: 'raw', stderr: '', interrupted: false });
}
const SAYS_NO = /^(Not run|No result|Nothing was|Nobody knows|The tool ran; |The gate failed|\{"error":)/;

/** `raw` as text: the call failed with it. */
async function shows(hooked: Hooked, input: Parameters<Hooked['PreToolUse'][0]['hooks'][0]>[0], raw: Output | string) {
  const { tool_use_id } = input;
  const told =
    typeof raw === 'string'
      ? await hooked.PostToolUseFailure[0]!.hooks[0]!({ ...input, error: raw }, tool_use_id, {})
      : await hooked.PostToolUse[0]!.hooks[0]!({ ...input, tool_response: raw }, tool_use_id, {});
  const other = (told as Said).hookSpecificOutput?.updatedToolOutput as Output | undefined;
  const text = typeof raw === 'string' ? raw : typeof other?.stdout === 'string' ? other.stdout : raw.stdout;
  const batch = { tool_calls: [{ tool_use_id, tool_response: text }] };
  const last = (await hooked.PostToolBatch[0]!.hooks[0]!(batch, undefined, {})) as Said;
  return last.continue === false ? { text: String(last.stopReason), error: true } : { text, error: false };
}

attackSuite('adapter-claude-agent', makeWith(ask));
attacksHere('adapter-claude-agent', ask);

const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'Bash', input: { command: 'ls' } };
const INPUT = { session_id: 's', tool_name: 'Bash', tool_input: {}, tool_use_id: 'c1' };

/** A gate that has the tool run here, and releases this of it. */
function releases(output: unknown, finished: unknown[] = []): Gate {
  const finish = async (result: unknown) => {
    finished.push(result);
    return { kind: 'released', output, failed: false, job_id: 'job-1' } as const;
  };
  const signal = new AbortController().signal;
  return async () => ({ kind: 'run_here', input: {}, constraints: {}, signal, job_id: 'job-1', finish });
}

test('allows only what the plane has claimed, with its input, and shows what was released of it', async () => {
  const effects: unknown[] = [];
  const finished: unknown[] = [];
  expect(await ask(runHere(finished), effects, CALL, {})).toEqual({ text: 'screened', error: false });
  const raw = { stdout: 'raw', stderr: '', interrupted: false };
  expect([effects, finished]).toEqual([[{ command: 'ls -l' }], [{ output: raw }]]);
  expect(required.at(-1)!.package).toBe('@anthropic-ai/claude-agent-sdk');
});

test('blocks when it fails or hangs, and shows no output that nobody asked the plane for', async () => {
  const hooked = hooks({ gate: runHere([]), wait_ms: 5_000 });
  for (const [matcher] of Object.values(hooked)) expect(matcher).toMatchObject({ onFailure: 'block', timeout: 15 });
  const { text } = await shows(hooked, INPUT, { stdout: 'raw', stderr: '', interrupted: false });
  expect(text).toMatch(/is not shown/);
});

test('a redacted output is shown in the shape of the tool, and one that the SDK would not take ends the run', async () => {
  const raw = { stdout: 'name: ada\nkey: hunter2', stderr: '', interrupted: false };
  const shown = async (released: unknown, output: Output | string = raw) => {
    const hooked = hooks({ gate: releases(released) });
    await hooked.PreToolUse[0]!.hooks[0]!(INPUT, 'c1', {});
    return shows(hooked, INPUT, output);
  };
  const stops = { text: expect.stringContaining('not released'), error: true };
  expect(await shown({ ...raw, stdout: 'name: ada\nkey: [REDACTED]' })).toMatchObject({
    text: 'name: ada\nkey: [REDACTED]',
  });
  expect(await shown(raw)).toEqual({ text: raw.stdout, error: false });
  // The model is shown an error as it is, whatever a hook says.
  expect(await shown({ error: { code: 'tool_failed', detail: 'exit 1' } }, 'exit 1')).toMatchObject({ text: 'exit 1' });
  expect(await shown({ error: { code: 'tool_failed', detail: '[REDACTED]' } }, 'exit 1: hunter2')).toEqual(stops);
  // The shape of a tool that nobody knows here.
  const hooked = hooks({ gate: releases('[REDACTED]') });
  await hooked.PreToolUse[0]!.hooks[0]!(INPUT, 'c1', {});
  await hooked.PostToolUse[0]!.hooks[0]!({ ...INPUT, tool_response: { pages: ['hunter2'] } }, 'c1', {});
  const batch = { tool_calls: [{ tool_use_id: 'c1', tool_response: [{ type: 'text', text: '1\thunter2' }] }] };
  expect(await hooked.PostToolBatch[0]!.hooks[0]!(batch, undefined, {})).toMatchObject({ continue: false });
});

test('a call that was allowed and never reported ends the run', async () => {
  const hooked = hooks({ gate: releases('x') });
  await hooked.PreToolUse[0]!.hooks[0]!(INPUT, 'c1', {});
  const batch = { tool_calls: [{ tool_use_id: 'c1', tool_response: 'x' }] };
  expect(await hooked.PostToolBatch[0]!.hooks[0]!(batch, undefined, {})).toMatchObject({ continue: false });
});

test('reports a tool that failed', async () => {
  const finished: unknown[] = [];
  const { PreToolUse, PostToolUseFailure } = hooks({ gate: runHere(finished) });
  await PreToolUse[0]!.hooks[0]!(INPUT, 'c1', {});
  await PostToolUseFailure[0]!.hooks[0]!({ ...INPUT, error: 'exit 1' }, 'c1', {});
  expect(finished).toEqual([{ error: { code: 'tool_failed', detail: 'exit 1' } }]);
});
