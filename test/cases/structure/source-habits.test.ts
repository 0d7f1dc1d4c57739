/** Habits that keep the code readable, checked so that they stay habits: size, first lines, SQL in its place. */
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles, readText } from './project-files.ts';
import { readSources } from './read-source.ts';

const FILE_LINES = 300;
/** Written by `npm run tables`, a line for each column that a role may read: nobody reads it from top to bottom. */
const GENERATED = /^services\/[^/]+\/src\/tables\.ts$/;
const FUNCTION_LINES = 70;

const OURS = ['packages', 'services', 'infra', 'test', 'examples'];
const HOUSE = ['packages', 'services'];
const ANY_SOURCE = /\.(ts|mjs|js|sql|sh)$/;

/** From these on no migration replaces a function. */
const FUNCTIONS_IN_FILES: Readonly<Record<string, string>> = { approval: '012', audit: '027', scheduler: '033' };

function filesOf(folders: readonly string[], wanted: RegExp): string[] {
  return folders.flatMap((folder) => listFiles(folder, wanted));
}

function lineCount(text: string): number {
  return text.trimEnd().split('\n').length;
}

/** A statement, or the start of one. Written so that a sentence which begins with "Select" is none. */
const SQL =
  /^\s*(select\s+[^\s]|insert\s+into\s|update\s+[\w.]+\s+(as\s+\w+\s+)?set\s|delete\s+from\s|with\s+(recursive\s+)?\w+\s+as\s|truncate\s|lock\s+table\s)/i;

/** Besides stores: what every gate and every transaction of every service shares, and the probe of the connection. */
const SQL_OF_PLATFORM = /^packages\/platform\/src\/(control-gate|ledger-append|routines|service)\.ts$/;

function isStore(path: string): boolean {
  return /^store(-[a-z-]+)?\.ts$/.test(basename(path));
}

test.each(HOUSE)(`no file of %s has more than ${FILE_LINES} lines`, (folder) => {
  const long = filesOf([folder], ANY_SOURCE).filter(
    (path) => !GENERATED.test(path) && lineCount(readText(path)) > FILE_LINES,
  );
  expect(long).toEqual([]);
});

test(`no function has more than ${FUNCTION_LINES} lines`, () => {
  const long = readSources(...HOUSE, 'infra', 'examples').flatMap(({ path, functions }) =>
    functions.filter(({ lines }) => lines > FUNCTION_LINES).map(({ line, lines }) => `${path}:${line} has ${lines}`),
  );
  expect(long).toEqual([]);
});

/** A file of tests says it with the names of its tests. */
test('every source file begins by saying what it does', () => {
  const start = /^(#!.*\n)?(\/\*\*?\s+(\* )?\S|\/\/ \S|-- \S|# \S)/;
  const all = filesOf(OURS, ANY_SOURCE).filter((path) => !path.endsWith('.test.ts'));
  expect(all.filter((path) => !start.test(readText(path)))).toEqual([]);
});

test('SQL stands in stores and migrations alone', () => {
  const strays = readSources('packages/platform', 'packages/worker', 'services')
    .filter(({ path }) => !isStore(path) && !SQL_OF_PLATFORM.test(path))
    .flatMap(({ path, quotes }) => quotes.filter(({ text }) => SQL.test(text)).map(({ line }) => `${path}:${line}`));
  expect(strays).toEqual([]);
});

/** So that whoever looks a step up finds the text that runs, and not the one of before (docs/decisions/0096). */
test('an SQL function that changed stands in a file of its own, and in no migration since', () => {
  const defined = /^CREATE (?:OR REPLACE )?FUNCTION ([a-z_.]+)/gm;
  const namesIn = (path: string) => [...readText(path).matchAll(defined)].map((match) => match[1]!);
  const [files, migrations] = ['/src/', '/migrations/'].map((part) =>
    listFiles('services', /\.sql$/).filter((path) => path.includes(part)),
  );
  const own = new Set(files!.flatMap(namesIn));
  const replacing = migrations!.flatMap((path, i) => {
    const before = new Set(migrations!.slice(0, i).flatMap(namesIn));
    return namesIn(path)
      .filter((name) => before.has(name))
      .map((name) => ({ path, name }));
  });
  expect(replacing.filter(({ name }) => !own.has(name))).toEqual([]);
  const late = replacing.filter(
    ({ path }) => path.split('/').at(-1)! > (FUNCTIONS_IN_FILES[path.split('/')[1]!] ?? ''),
  );
  expect(late).toEqual([]);
});

/** Between two edits nobody waits for six services: what needs them is long. Nor for a database: that is in `test/servers`. */
test.each([
  ['test/cases', ['startSystem', 'superviseSystem', 'startOwnPostgres', 'createDatabase', 'startNats']],
  ['test/servers', ['startSystem', 'superviseSystem']],
])('nothing in %s starts more than it may', (folder, starting) => {
  const starters = readSources(folder).filter(({ imports }) =>
    imports.some(({ names }) => names.some((name) => starting.includes(name))),
  );
  expect(starters.map(({ path }) => path)).toEqual([]);
});

/** A leak is sought among ids, hashes and times. Of hex, ten characters stand in 10,000 by chance once in 100 million runs. */
test('nothing is sought as a leak that random digits may hold', () => {
  const sought =
    /\bnot\s*\.(?:toContain|toMatch|stringContaining|stringMatching)\(\s*(?:'([^'\n]*)'|\/(.*?)\/[a-z]*\)|([A-Z_]+)\))/g;
  const found = listFiles('test', /\.ts$/).flatMap((path) => {
    const text = readText(path);
    const constantOf = (name: string) => new RegExp(`const ${name} = '([^']*)'`).exec(text)?.[1] ?? '';
    return [...text.matchAll(sought)]
      .flatMap(([, literal, pattern, name]) => literal ?? pattern?.split('|') ?? constantOf(name!))
      .filter((needle) => /^[0-9a-f]{1,9}$/.test(needle))
      .map((needle) => `${path}: ${needle}`);
  });
  expect(found).toEqual([]);
});

describe('no file', () => {
  test('is a barrel', () => {
    const index = filesOf(OURS, /^index\.(ts|mjs|js)$/);
    const barrels = readSources(...HOUSE)
      .filter(({ text }) => /^export \*/m.test(text))
      .map(({ path }) => path);
    expect([...index, ...barrels]).toEqual([]);
  });

  test('is called after nothing in particular', () => {
    expect(filesOf(HOUSE, /^(utils?|helpers?|common|misc|.*-?manager)\.ts$/)).toEqual([]);
  });

  test('leaves work for later in a comment', () => {
    // Written apart, so that this file does not find itself.
    const marks = new RegExp(`\\b(${['TO', 'FIX'].map((start, i) => start + ['DO', 'ME'][i]).join('|')})\\b`);
    const all = filesOf([...OURS, 'docs'], /\.(ts|mjs|js|sql|sh|md|yaml|yml|json)$/);
    expect(all.filter((path) => marks.test(readText(path)))).toEqual([]);
  });

  test('lies beside the code as a test', () => {
    expect(filesOf(HOUSE, /\.(test|spec)\.ts$/)).toEqual([]);
  });
});
