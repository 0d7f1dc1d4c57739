/**
 * What the documents show as TypeScript compiles as it stands, under the strictest options that a reader may have on.
 */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { afterAll, beforeAll, expect, test } from 'vitest';

const DOCUMENTS = ['README.md', 'packages/*/README.md', 'docs/*.md', 'examples/**/*.md'];
const OPTIONS = [
  ...[
    '--ignoreConfig',
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--skipLibCheck',
  ],
  ...['--target', 'es2024', '--module', 'nodenext', '--types', 'node', '--allowImportingTsExtensions'],
  // As in toolchain.test.ts.
  ...['--checkers', '1'],
];
const run = promisify(execFile);

/** Here the packages are found as whoever installs them finds them; the dot keeps it out of every other check. */
const dir = mkdtempSync(join(PROJECT_DIR, 'test/.readme-'));
beforeAll(() => writeFileSync(join(dir, 'package.json'), '{ "type": "module" }'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const blocks = globSync(DOCUMENTS, { cwd: PROJECT_DIR, exclude: ['**/node_modules/**'] }).flatMap((path) =>
  [...readFileSync(join(PROJECT_DIR, path), 'utf8').matchAll(/^```ts\n(.*?)^```/gms)].map(
    ([, code], i) => [`${path} ${i + 1}`, code!] as const,
  ),
);

/** What the compiler says of each, by its folder; one program for all, which starting it for each would take longer. */
async function complaints(all: readonly (readonly [string, string])[]): Promise<string> {
  const files = all.map(([name, code]) => {
    const folder = join(dir, name.replaceAll(/[^a-z0-9]/gi, '-'));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'main.ts'), code);
    return join(folder, 'main.ts');
  });
  const compiler = join(PROJECT_DIR, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [compiler, ...OPTIONS, ...files], { cwd: join(PROJECT_DIR, 'test') }).then(
    ({ stdout }) => stdout,
    (failed: { stdout: string }) => failed.stdout,
  );
}

test('each compiles, and every package that is published shows one', async () => {
  const published = globSync('packages/*/package.json', { cwd: PROJECT_DIR }).filter(
    (path) => JSON.parse(readFileSync(join(PROJECT_DIR, path), 'utf8')).private !== true,
  );
  const shown = new Set(blocks.map(([name]) => name.replace(/\/README\.md \d+$/, '')));
  expect(published.map((path) => dirname(path)).filter((name) => !shown.has(name))).toEqual([]);
  expect(await complaints(blocks)).toBe('');
});

test('the worker package shows one, and a mistake in it would be found', async () => {
  const shown = blocks.find(([name]) => name.startsWith('packages/worker/README.md'));
  const wrong = shown![1].replace('concurrency: 4', "concurrency: 'four'");
  expect(await complaints([['a mistake', wrong]])).toMatch(/TS2322/);
});
