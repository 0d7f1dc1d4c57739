/**
 * Compiles the packages to JavaScript with types and packs each into a tarball, because Node runs no TypeScript under
 * node_modules. The workspace itself never uses what is built here: everybody in it imports the sources.
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT_DIR } from './project-folders.ts';
import { reportLine } from './report-step.ts';
import { SetUpError } from './set-up-error.ts';

const PACKAGES_DIR = join(PROJECT_DIR, 'packages');
const COMPILER = join(PROJECT_DIR, 'node_modules/typescript/bin/tsc');
const run = promisify(execFile);

/** Of those that others install from npm; the console is a part of ingress, and Python's package no package of npm. */
function packageNames(): string[] {
  return readdirSync(PACKAGES_DIR, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isPublished(entry.name))
    .map((entry) => entry.name);
}

function isPublished(name: string): boolean {
  const manifest = join(PACKAGES_DIR, name, 'package.json');
  return existsSync(manifest) && (JSON.parse(readFileSync(manifest, 'utf8')) as { private?: boolean }).private !== true;
}

/** Fills each package's `dist`. Throws SetUpError with the compiler's own words. */
async function buildPackages(): Promise<void> {
  const out_dir = mkdtempSync(join(tmpdir(), 'countersign-build-'));
  try {
    // One program and one checker: the packages refer to each other's sources, which each more would read again.
    const options = ['-p', join(PACKAGES_DIR, 'tsconfig.build.json'), '--outDir', out_dir, '--checkers', '1'];
    await runTool(process.execPath, [COMPILER, ...options]);
    for (const name of packageNames()) {
      const dist = join(PACKAGES_DIR, name, 'dist');
      rmSync(dist, { recursive: true, force: true });
      cpSync(join(out_dir, name, 'src'), dist, { recursive: true });
    }
    // What `countersign policy init` starts from.
    cpSync(join(PROJECT_DIR, 'examples/policies'), join(PACKAGES_DIR, 'cli/dist/templates'), { recursive: true });
  } finally {
    rmSync(out_dir, { recursive: true, force: true });
  }
}

/**
 * Writes one tarball per package into `target_dir` and returns their paths by package name. pnpm makes exact versions of
 * `workspace:*` and puts `publishConfig` in place. Throws SetUpError.
 */
export async function packPackages(target_dir: string): Promise<Record<string, string>> {
  mkdirSync(target_dir, { recursive: true });
  await buildPackages();
  const tarballs: Record<string, string> = {};
  for (const name of packageNames()) {
    const packed = await runTool(
      'pnpm',
      ['pack', '--json', '--pack-destination', target_dir],
      join(PACKAGES_DIR, name),
    );
    const { filename } = JSON.parse(packed) as { filename: string };
    tarballs[`@countersign/${name}`] = resolve(target_dir, filename);
  }
  return tarballs;
}

async function runTool(command: string, args: string[], cwd = PROJECT_DIR): Promise<string> {
  try {
    return (await run(command, args, { cwd })).stdout;
  } catch (cause) {
    const { stdout, stderr, message } = cause as { stdout?: string; stderr?: string; message: string };
    throw new SetUpError(`${stdout ?? ''}${stderr ?? ''}`.trim() || message, { cause });
  }
}

if (import.meta.main) {
  const target_dir = resolve(process.argv[2] ?? join(PROJECT_DIR, 'dist'));
  for (const path of Object.values(await packPackages(target_dir))) reportLine(`packed ${path}`);
}
