/** The whole tree type-checks and lints, so that a green run of the tests says so too. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { expect, it } from 'vitest';

const run = promisify(execFile);

/** What the tool printed, when it found something. */
function complaints(tool: string, args: string[]): Promise<string> {
  return run(join(PROJECT_DIR, 'node_modules/.bin', tool), args, { cwd: PROJECT_DIR }).then(
    () => '',
    (failed: { stdout?: string; stderr?: string }) => `${failed.stdout ?? ''}${failed.stderr ?? ''}`,
  );
}

it('tsc finds nothing', async () => {
  // By one checker: several check much of the same anew, at twice the work of both processors.
  const check = ['--noEmit', '--checkers', '1'];
  expect(await complaints('tsc', check)).toBe('');
  // Apart, because its modules know a browser and the others must not.
  expect(await complaints('tsc', [...check, '-p', 'packages/console'])).toBe('');
});

it('biome finds nothing', async () => {
  expect(
    await complaints('biome', ['check', '--diagnostic-level=warn', '--error-on-warnings', '--reporter=github', '.']),
  ).toBe('');
});
