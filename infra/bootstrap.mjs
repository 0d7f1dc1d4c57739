// `npm start`, `npm test` and `exec`: makes sure that the right Node, pnpm and packages are there, then hands over to
// them. Plain JavaScript without dependencies, because it runs before there is anything else, on any Node from 20 on.
import { join } from 'node:path';
import process from 'node:process';
import { countTests } from './bootstrap/count-tests.mjs';
import { findCacheDir } from './bootstrap/find-cache-dir.mjs';
import { installPackages } from './bootstrap/install-packages.mjs';
import { prepareToolchain } from './bootstrap/prepare-toolchain.mjs';
import { PROJECT_DIR, runToEnd } from './bootstrap/run-to-end.mjs';
import { BootstrapError, say } from './bootstrap/say.mjs';

const OLDEST_NODE = 20;
const USAGE = 'Usage: node infra/bootstrap.mjs start|test|exec [arguments]';

const [mode, ...args] = process.argv.slice(2);
try {
  process.exitCode = await main();
} catch (error) {
  say(error instanceof BootstrapError ? error.message : error.stack);
  process.exitCode = 1;
}

async function main() {
  refuseWhatCannotWork();
  const cacheDir = findCacheDir();
  const toolchain = await prepareToolchain(cacheDir);
  const env = {
    ...process.env,
    COUNTERSIGN_CACHE: cacheDir,
    // Much of a short command's time is compiling what the last one compiled.
    NODE_COMPILE_CACHE: join(cacheDir, 'compiled'),
    PATH: [...toolchain.path, process.env.PATH].join(':'),
  };
  await installPackages(toolchain, env);
  if (mode === 'start') return runToEnd(toolchain.node, ['infra/start.ts', ...args], { env });
  if (mode === 'test') return countTests(toolchain.node, args, env);
  return runToEnd(args[0], args.slice(1), { env });
}

function refuseWhatCannotWork() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new BootstrapError(
      `This is Node ${process.versions.node}; ${OLDEST_NODE} or newer is needed. Get it from https://nodejs.org`,
    );
  }
  if (process.platform === 'win32') {
    throw new BootstrapError(
      'Windows itself is not supported. Use WSL: https://learn.microsoft.com/windows/wsl/install',
    );
  }
  if (!['start', 'test', 'exec'].includes(mode) || (mode === 'exec' && args.length === 0)) {
    throw new BootstrapError(`${USAGE}\n(in ${PROJECT_DIR})`);
  }
}
