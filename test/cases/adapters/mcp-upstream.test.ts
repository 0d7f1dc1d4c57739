/** Servers behind the proxy that do not behave: each ends in an answer with a code, and none is waited for without end. */
import { UsageError } from '@countersign/cli/exit-codes';
import { tellOwner } from '@countersign/cli/mcp/proxy-path';
import { listTools, openUpstream, UpstreamError } from '@countersign/mcp/upstream';
import { describe, expect, test } from 'vitest';

const logged: object[] = [];
const log = {
  warn: (fields: object, msg: string) => void logged.push({ ...fields, msg }),
  error: (fields: object, msg: string) => void logged.push({ ...fields, msg }),
} as never;

/** A server of MCP whose answer to `tools/list` is this expression, in which `id` and `params` are the request's. */
function lists(answer: string): string {
  return `
    const say = (id, result) => console.log(JSON.stringify({ jsonrpc: '2.0', id, result }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      if (method === 'initialize')
        say(id, { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: { name: 'x', version: '1' } });
      if (method === 'tools/list') ${answer};
    });`;
}
const ENDS = "process.stdin.on('end', () => process.exit()).resume();";
const SCHEMA = "inputSchema: { type: 'object' }";

const ask = (program: string) => listTools({ command: process.execPath, args: ['-e', program] }, log);

describe('what cannot be used is an error with a code, which the owner is told in one line', () => {
  test.each([
    ['it ends at once', 'process.exit(3)', 'upstream_gone', /Connection closed/],
    [
      'it logs JSON on standard output',
      `${ENDS} setInterval(() => console.log('{"level":30}'), 1)`,
      'upstream_gone',
      /is no message of MCP/,
    ],
    ['its list has no end', lists(`say(id, { tools: [], nextCursor: 'x' })`), 'upstream_failed', /has no end/],
    ['its list is none', lists(`say(id, { tools: 'none' })`), 'upstream_failed', /does not list its tools/],
    ['it ends while it is asked', lists('process.exit(0)'), 'upstream_failed', /does not list its tools/],
  ])('%s', async (_, program, code, says) => {
    const thrown = await ask(program).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(UpstreamError);
    expect(thrown).toMatchObject({ code, message: expect.stringMatching(says) });
    expect(() => tellOwner(thrown)).toThrow(UsageError);
  });

  test('there is no such program', async () => {
    const thrown = await listTools({ command: '/nowhere/server', args: [] }, log).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'upstream_gone', message: expect.stringMatching(/ENOENT/) });
    expect(logged.at(-1)).toMatchObject({ reason: expect.stringMatching(/ENOENT/) });
  });
});

test('a banner before the first message is passed over, and told once', async () => {
  logged.length = 0;
  const banner = `for (let i = 0; i < 5; i += 1) console.log('{"level":30}');`;
  const tools = await ask(`${banner}${lists(`say(id, { tools: [{ name: 'a', ${SCHEMA} }] })`)}`);
  expect([tools.map(({ name }) => name), logged.length]).toEqual([['a'], 1]);
});

test('definitions that have no exact text are off, whatever their names; the others are listed', async () => {
  logged.length = 0;
  const names = ['Read File', '__proto__', 'a\\u202eb', '\\ud800', '', 'x'.repeat(10_000)];
  const tools = names.map((name) => `{"name":"${name}","inputSchema":{"type":"object"}}`);
  const endless = `{"name":"endless","inputSchema":{"type":"object","maximum":1e400}}`;
  const text = JSON.stringify(`{"tools":[${[...tools, endless].join()}]}`);
  const program = lists(`console.log('{"jsonrpc":"2.0","id":' + id + ',"result":' + ${text} + '}')`);
  expect((await ask(program)).map(({ name }) => name.slice(0, 9))).toEqual([
    'Read File',
    '__proto__',
    'a\u202eb',
    '',
    'x'.repeat(9),
  ]);
  expect(logged).toHaveLength(2);
});

test('more tools than can be offered: the first ones, and a word about the rest', async () => {
  logged.length = 0;
  const page = `{ tools: Array.from({ length: 600 }, (_, i) => ({ name: (params.cursor ?? 'a') + i, ${SCHEMA} })), nextCursor: 'b' }`;
  expect(await ask(lists(`say(id, ${page})`))).toHaveLength(1_000);
  expect(logged).toEqual([{ most: 1_000, msg: expect.stringMatching(/the others are off/) }]);
});

test('one that says nothing is not waited for by whoever ends', async () => {
  const upstream = openUpstream(
    { command: process.execPath, args: ['-e', `${ENDS} setInterval(() => {}, 1000)`] },
    { log },
  );
  const asked = upstream.capabilities().catch(({ code }: UpstreamError) => code);
  await new Promise(setImmediate);
  await upstream.close();
  expect(await asked).toBe('upstream_gone');
});
