/** Pinned packages of npm in a folder of the cache: what is too large to be a dependency of the tests, and is tried by hand. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE_DIR } from '@countersign/infra/project-folders';

/** The folder, with `node_modules` in it. `packages`: exact versions by name. No script of a package is run. */
export async function installPackages(name: string, packages: Readonly<Record<string, string>>): Promise<string> {
  const wanted = JSON.stringify({ private: true, dependencies: packages }, null, 2);
  const folder = join(
    CACHE_DIR,
    'conformance',
    `${name}-${createHash('sha256').update(wanted).digest('hex').slice(0, 12)}`,
  );
  const done = join(folder, 'installed');
  if (existsSync(done)) return folder;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), wanted);
  const args = ['install', '--ignore-workspace', '--ignore-scripts', '--config.node-linker=hoisted'];
  await promisify(execFile)('pnpm', args, { cwd: folder, maxBuffer: 64 * 1024 * 1024, timeout: 600_000 });
  writeFileSync(done, '');
  return folder;
}
