/**
 * What the documents show as TypeScript compiles as it stands, under the strictest options that a reader may have on.
 */
import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** What the compiler says of it; empty when nothing. */
async function complaints(name: string, code: string): Promise<string> {
  const folder = join(dir, name.replaceAll(/[^a-z0-9]/gi, '-'));
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.ts'), code);
  const compiler = join(PROJECT_DIR, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [compiler, ...OPTIONS, join(folder, 'main.ts')], {
    cwd: join(PROJECT_DIR, 'test'),
  }).then(
    ({ stdout }) => stdout,
    (failed: { stdout: string }) => failed.stdout,
  );
}

test.each(blocks)('%s', { timeout: 60_000 }, async (name, code) => {
  expect(await complaints(name, code)).toBe('');
});

test('the worker package shows one, and a mistake in it would be found', { timeout: 60_000 }, async () => {
  const shown = blocks.find(([name]) => name.startsWith('packages/worker/README.md'));
  const wrong = shown![1].replace('concurrency: 4', "concurrency: 'four'");
  expect(await complaints('a mistake', wrong)).toMatch(/TS2322/);
});
