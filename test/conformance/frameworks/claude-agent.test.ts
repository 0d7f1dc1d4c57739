/** The hooks for the Claude Agent SDK under the SDK and its own command line, which starts without account or network. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hooks } from '@countersign/adapter-claude-agent/hooks';
import type { Gate } from '@countersign/adapter-core/gate';
import { expect, test } from 'vitest';
import { attackSuite, attacksHere, type Call, type Drive, type Shown } from '../../cases/adapters/attack-suite.ts';
import { makeWith } from '../../cases/adapters/drive-js.ts';
import { fromFolder } from './from-folder.ts';
import { playMessages } from './play-messages.ts';

const { query } = fromFolder('@anthropic-ai/claude-agent-sdk');

/** `shell`, `read`: one command that notes its input and prints. */
type Played = { print?: string; exit?: number };

async function ask(gate: Gate, effects: unknown[], call: Call, drive: Drive, played: Played = {}): Promise<Shown> {
  const home = mkdtempSync('/tmp/countersign-claude-');
  const commandOf = (input: unknown) => {
    const noted = Buffer.from(JSON.stringify(input)).toString('base64');
    const { print = 'raw', exit = 0 } = played;
    return { command: `echo ${noted} >> "$HOME/effects"; printf '${print}'; exit ${exit}` };
  };
  await using model = await playMessages({ id: call.call_id, name: 'Bash', input: commandOf(call.input) });
  const asked: Gate = async (asking) => {
    const outcome = await gate({ ...asking, tool: call.tool, input: call.input });
    return outcome.kind === 'run_here' ? { ...outcome, input: commandOf(outcome.input) } : outcome;
  };
  const { wait_ms } = drive;
  const hooked = hooks({ gate: asked, runOf: () => call.run, ...(wait_ms === undefined ? {} : { wait_ms }) });
  const abortController = new AbortController();
  call.signal?.addEventListener('abort', () => abortController.abort(), { once: true });
  const options = {
    cwd: home,
    settingSources: [],
    allowedTools: ['Bash'],
    hooks: hooked,
    abortController,
    env: envOf(home, model.url),
  };
  let ended: any;
  for await (const message of query({ prompt: JSON.stringify(drive.forged ?? 'go'), options }))
    if (message.type === 'result') ended = message;
  if (existsSync(join(home, 'effects')))
    for (const line of readFileSync(join(home, 'effects'), 'utf8').trim().split('\n'))
      effects.push(JSON.parse(Buffer.from(line, 'base64').toString('utf8')));
  rmSync(home, { recursive: true, force: true });
  const told = model.told();
  if (told === undefined) return { text: `ended: ${ended?.subtype}`, error: true };
  const text = told.replace(/^PreToolUse:Bash hook error: /, '');
  return { text, error: SAYS_NO.test(text) };
}
const SAYS_NO = /^(Not run|No result|Nothing was|Nobody knows|The tool ran; |The gate failed|\{"error":)/;

/** Nothing of this machine's user, and no way out but to the played model. */
function envOf(home: string, url: string): Record<string, string> {
  return {
    HOME: home,
    PATH: process.env.PATH!,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_API_KEY: 'none',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    HTTPS_PROXY: 'http://127.0.0.1:1',
    NO_PROXY: '127.0.0.1',
  };
}

attackSuite('Claude Agent SDK', makeWith(ask));
attacksHere('Claude Agent SDK', ask);

const CALL: Call = { run: 'r1', call_id: 'c1', tool: 'shell', input: { command: 'ls' } };
const releases = (change: (output: any) => unknown): Gate => {
  const finish = async (result: any) =>
    ({
      kind: 'released',
      output: change('output' in result ? result.output : result),
      failed: 'error' in result,
      job_id: 'j',
    }) as const;
  const signal = new AbortController().signal;
  return async () => ({ kind: 'run_here', input: { command: 'ls -l' }, constraints: {}, signal, job_id: 'j', finish });
};
const redacted = (output: any) => JSON.parse(JSON.stringify(output).replaceAll('hunter2', '[REDACTED]'));

test('runs what the job says, and shows what was released as it was', async () => {
  const effects: unknown[] = [];
  expect(
    await ask(
      releases((output) => output),
      effects,
      CALL,
      {},
    ),
  ).toEqual({ text: 'raw', error: false });
  expect(effects).toEqual([{ command: 'ls -l' }]);
});

test('shows a redacted output redacted', async () => {
  const shown = await ask(releases(redacted), [], CALL, {}, { print: 'user: ada\\nkey: hunter2\\n' });
  expect(shown.text).toBe('user: ada\nkey: [REDACTED]');
});

test('asks the model nothing more where an error of a failed call was not released as it is', async () => {
  const failing = { print: 'key: hunter2\\n', exit: 3 };
  expect(await ask(releases(redacted), [], CALL, {}, failing)).toMatchObject({
    error: true,
    text: expect.stringMatching(/^ended/),
  });
  expect(
    (
      await ask(
        releases((output) => output),
        [],
        CALL,
        {},
        failing,
      )
    ).text,
  ).toContain('hunter2');
});
