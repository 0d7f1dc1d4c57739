/** What is wrong with a file is said in its author's words: what, where, and a code. A field that is not there is missing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { readShape } from '@countersign/cli/read-shape';
import { shapeFaults, tellShapeFault } from '@countersign/contracts/shape-fault';
import { readWorkerFile } from '@countersign/worker/start-worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { newFolder, runCli, SOUND, writeFolder, writeOne } from './run-cli.ts';

const json = (value: unknown) => writeOne('given.json', JSON.stringify(value));

const FILES: [string, string[], string][] = [
  [
    'the file of mcp serve',
    ['mcp', 'serve', writeOne('serve.yaml', 'plane: http://127.0.0.1:1\nstate: s\nservers:\n  a: { command: [x] }\n')],
    'serve.yaml:4:3 field_invalid: servers.a.worker is missing; add it',
  ],
  [
    'a proxy file',
    ['mcp', 'wrap', '--file', json({}), '--', 'x'],
    'server is missing (field_invalid); tenant is missing',
  ],
  ['a guardian file', ['acs', 'serve', '--host', 'h', '--file', json({})], 'host is missing (field_invalid); '],
  [
    'a trust root of reviewers',
    [
      'mcp',
      'add',
      '--owner',
      'a',
      '--server',
      's',
      '--file',
      join(newFolder(), 'p.json'),
      '--reviewers',
      json({ keys: [] }),
    ],
    'is no trust root: threshold is missing (field_invalid)',
  ],
  [
    'a bundle',
    ['policy', 'sign', json({ files: {} }), '--key-file', 'none'],
    'is not a bundle: manifest is missing (field_invalid)',
  ],
  [
    'a policy',
    [
      'policy',
      'lint',
      writeFolder({ ...SOUND, 'policy.yaml': 'default_decision: deny\nrules:\n  - match: {}\n    decision: deny\n' }),
    ],
    'policy.yaml:3:5 field_invalid: rules.0.id is missing; add it',
  ],
  [
    "a policy's tests",
    [
      'policy',
      'test',
      writeFolder({
        ...SOUND,
        'tests/promises.yaml': 'cases:\n  - request: { topic: job.disk.read }\n    expect: { decision: deny }\n',
      }),
    ],
    'tests/promises.yaml:2:5 field_invalid: cases.0.name is missing; add it',
  ],
  [
    'a request',
    ['policy', 'simulate', '--policy', writeFolder(SOUND), json({ prompt: 'x' })],
    'topic is missing (field_invalid)',
  ],
  [
    'the file of a worker',
    ['workers', 'rotate', 'p/w', '--file', json({ pool: 'p' }), '--out', join(newFolder(), 'w.json')],
    'is no file of a worker: worker is missing (field_invalid)',
  ],
];

test.each(FILES)('%s', async (_, args, says) => {
  const ran = await runCli('--key', 'k', ...args);
  expect(ran.out + ran.error).toContain(says);
  expect(ran.out + ran.error).not.toContain('undefined');
  expect(ran.code).not.toBe(EXIT.done);
});

test('the file that a worker starts from', () => {
  const path = join(newFolder(), 'worker.json');
  writeFileSync(path, '{"worker":"w"}');
  expect(() => readWorkerFile(path)).toThrow('is no worker file: pool is missing (field_invalid)');
});

describe('of any kind', () => {
  const shape = z.strictObject({
    text: z.string(),
    one: z.enum(['a', 'b']),
    list: z.array(z.strictObject({ id: z.literal('x') })).min(1),
    either: z.union([z.string(), z.strictObject({ env: z.string() })]),
  });
  const SOUND_ONE = { text: 't', one: 'a', list: [{ id: 'x' }], either: 'e' };
  test.each([
    [{ text: undefined }, 'text is missing (field_invalid)'],
    [{ one: undefined }, 'one is missing (field_invalid)'],
    [{ either: undefined }, 'either is missing (field_invalid)'],
    [{ either: {} }, 'either.env is missing (field_invalid)'],
    [{ either: { env: 'a', more: 1 } }, 'either.more is not a field (field_unknown)'],
    [{ list: [{}] }, 'list.0.id is missing (field_invalid)'],
    [{ list: [] }, /^list: /],
    [{ text: null }, /^text: .*null \(field_invalid\)$/],
    [{ more: 1 }, 'more is not a field (field_unknown)'],
  ])('%j', (part, says) => {
    const value = JSON.parse(JSON.stringify({ ...SOUND_ONE, ...part }));
    const { issues } = shape.safeParse(value).error!;
    const [told, ...rest] = issues
      .flatMap((issue) => shapeFaults(issue, value))
      .map((each) => tellShapeFault(each, 'it'));
    expect(rest).toEqual([]);
    if (typeof says === 'string') expect(told).toBe(says);
    else expect(told).toMatch(says);
  });

  test('a value that has no fields is told what it must be', () => {
    expect(() => readShape(z.string().regex(/^x$/, 'must be x'), 'y', '--id')).toThrow('--id: must be x');
    expect(() => readShape(shape, 1, 'it is none')).toThrow(/^it is none: /);
  });
});
