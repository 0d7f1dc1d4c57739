/**
 * `npm run conformance:frameworks`: the attack suite under frameworks that are too large to be dependencies of the tests, with models that
 * are played on this machine. What they try to send elsewhere is cut off: they run without a network where this may make such a place.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { installPackages } from '../install-packages.ts';

const PACKAGES: Readonly<Record<string, string>> = {
  '@mastra/core': '1.71.0',
  '@anthropic-ai/claude-agent-sdk': '0.3.332',
  zod: '4.6.7',
};

const ALONE = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

const folder = await installPackages('frameworks', PACKAGES);
const isolated = spawnSync(ALONE[0]!, [...ALONE.slice(1), 'true']).status === 0;
const vitest = join(PROJECT_DIR, 'test/node_modules/vitest/vitest.mjs');
const run = [process.execPath, vitest, 'run', '--config', join(import.meta.dirname, 'vitest.config.ts')];
const [command, ...args] = [...(isolated ? ALONE : []), ...run, ...process.argv.slice(2)];
process.stdout.write(
  isolated ? 'without a network\n' : 'no network could be taken away here; only proxies that are not there\n',
);
const child = spawn(command!, args, {
  cwd: join(PROJECT_DIR, 'test'),
  // What an adapter finds beside itself, as it would in an application.
  env: { ...process.env, FRAMEWORKS: folder, NODE_PATH: join(folder, 'node_modules') },
  stdio: 'inherit',
});
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
