/** What is wrong with a file is said in its author's words: what, where, and a code. A field that is not there is missing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { readShape } from '@countersign/cli/read-shape';
import { issueWords } from '@countersign/contracts/issue-words';
import { shapeFaults, tellShapeFault } from '@countersign/contracts/shape-fault';
import { createWorker } from '@countersign/worker/create-worker';
import { readWorkerFile } from '@countersign/worker/start-worker';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { listFiles, readText } from '../structure/project-files.ts';
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
    [{ list: [] }, 'list: must have at least 1 entries (field_invalid)'],
    [{ list: { id: 'x' } }, 'list: must be a list (field_invalid)'],
    [{ text: null }, 'text: must be a string (field_invalid)'],
    [{ one: 'c' }, 'one: must be one of a, b (field_invalid)'],
    [{ either: 3 }, 'either: must be a string, or be an object (field_invalid)'],
    [{ more: 1 }, 'more is not a field (field_unknown)'],
  ])('%j', (part, says) => {
    const value = JSON.parse(JSON.stringify({ ...SOUND_ONE, ...part }));
    const { issues } = shape.safeParse(value).error!;
    const [told, ...rest] = issues
      .flatMap((issue) => shapeFaults(issue, value))
      .map((each) => tellShapeFault(each, 'it'));
    expect(rest).toEqual([]);
    expect(told).toBe(says);
  });

  test.each([
    [z.int(), 0.5, 'must be a whole number'],
    [z.boolean(), 'true', 'must be true or false'],
    [z.record(z.string(), z.int()), [], 'must be an object'],
    [z.undefined(), 1, 'must be left out'],
    [z.int().min(1), 0, 'must be at least 1'],
    [z.number().gt(3), 3, 'must be more than 3'],
    [z.string().max(2), 'abc', 'must have at most 2 characters'],
    [z.string().length(2), 'a', 'must have exactly 2 characters'],
    [z.array(z.string()).max(1), ['a', 'b'], 'must have at most 1 entries'],
    [z.literal('x'), 'y', 'must be x'],
    [z.url({ protocol: /^https?$/ }), 'ftp://x', 'must be a whole URL such as https://host'],
    [z.iso.datetime(), 'x', 'must be a time such as 2026-01-31T12:00:00Z'],
    [z.uuid(), 'x', 'must be a UUID'],
    [z.string().regex(/^a$/), 'b', 'must match pattern /^a$/'],
    [z.string().regex(/^a$/, 'must be an a'), 'b', 'must be an a'],
    [z.number().multipleOf(2), 3, 'must be a multiple of 2'],
    [z.union([z.string(), z.int()]), [], 'must be a string, or be a number'],
  ])('what it must be is said in words, %#', (schema, value, says) => {
    expect(issueWords(schema.safeParse(value).error!.issues[0]!)).toBe(says);
  });

  test('and in those of the library nowhere', () => {
    const raw = /issues(\[0\])?[!?]?\??\.message|\bissue[!?]?\??\.message|prettifyError|flattenError|treeifyError/;
    const sources = ['packages', 'services', 'infra', 'examples'].flatMap((folder) => listFiles(folder, /\.ts$/));
    expect(sources.filter((path) => raw.test(readText(path)))).toEqual(['packages/contracts/src/issue-words.ts']);
  });

  test('the options of a worker are told alike', () => {
    expect(() => createWorker({ pool: 'p', concurrency: 'x' } as never)).toThrow(
      /^options of the worker: worker is missing .*; concurrency: must be a number \(field_invalid\)$/,
    );
    const options = {
      pool: 'p',
      worker: 'w',
      scheduler_public_keys: ['A'.repeat(43)],
      url: 'http://x',
      handle: () => 1,
    };
    const signing_key = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';
    expect(() => createWorker({ ...options, signing_key })).toThrow(/^signing_key must be a PKCS#8 PEM$/);
  });

  test('a value that has no fields is told what it must be', () => {
    expect(() => readShape(z.string().regex(/^x$/, 'must be x'), 'y', '--id')).toThrow('--id: must be x');
    expect(() => readShape(shape, 1, 'it is none')).toThrow(/^it is none: /);
  });
});
