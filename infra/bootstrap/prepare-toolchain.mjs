// Finds or fetches the Node and the pnpm that the project is built with. Versions are exact, so that everybody runs
// the same; npm checks what it downloads against the registry's checksums.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { runStep } from './run-step.mjs';
import { PROJECT_DIR } from './run-to-end.mjs';

const NODE_VERSION = '24.21.0';
const PNPM_VERSION = '12.21.0';
const ADVICE =
  'Is npm installed and the npm registry reachable (npm ping)? Behind a proxy: npm config set proxy <url>. Then start again.';

/** `{ node, pnpm, path }`: two executables, and the folders to put before PATH. */
export async function prepareToolchain(cacheDir) {
  const packages = runsTypeScript() ? { pnpm: PNPM_VERSION } : { node: NODE_VERSION, pnpm: PNPM_VERSION };
  const names = Object.entries(packages).map(([name, version]) => `${name}-${version}`);
  const home = join(cacheDir, 'toolchain', `${names.join('-')}-${process.platform}-${process.arch}`);
  const bin = join(home, 'node_modules', '.bin');
  const toolchain = {
    node: packages.node ? join(bin, 'node') : process.execPath,
    pnpm: join(bin, 'pnpm'),
    path: [bin, dirname(process.execPath), join(PROJECT_DIR, 'node_modules', '.bin')],
  };
  if (!works(toolchain)) await fetchPackages(home, packages, names);
  return toolchain;
}

/** Node strips types without a flag from 24 on. */
function runsTypeScript() {
  return Number(process.versions.node.split('.')[0]) >= 24;
}

function works({ node, pnpm }) {
  try {
    for (const command of [node, pnpm]) execFileSync(command, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function fetchPackages(home, packages, names) {
  const unfinished = `${home}.${process.pid}`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ private: true, dependencies: packages }));
  const [command, ...args] = npmCommand();
  // The packages put their executable in place by an install script, and pnpm's is an optional dependency.
  const flags = ['--ignore-scripts=false', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  try {
    await runStep(
      `fetching ${names.join(' and ')} (first start only, 1 or 2 minutes)`,
      command,
      [...args, 'install', '--prefix', unfinished, '--global=false', ...flags],
      { cwd: unfinished, env: process.env, advice: ADVICE },
    );
    rmSync(home, { recursive: true, force: true });
    renameSync(unfinished, home);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function npmCommand() {
  // Set by npm for its scripts; another package manager sets it to itself.
  const running = process.env.npm_execpath;
  return running?.endsWith('npm-cli.js') && existsSync(running) ? [process.execPath, running] : ['npm'];
}
