// Installs exactly what the lockfile names, and only when that has changed since the last time.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { runStep } from './run-step.mjs';
import { PROJECT_DIR } from './run-to-end.mjs';

// Lies in what it vouches for: whoever deletes node_modules deletes it too.
const MARKER = join(PROJECT_DIR, 'node_modules', '.countersign-installed');
const ADVICE = 'Is the npm registry reachable (npm ping)? Then start again.';

export async function installPackages({ pnpm }, env) {
  const wanted = fingerprint();
  if (readOrNothing(MARKER) === wanted) return;
  await runStep('installing packages', pnpm, ['install', '--frozen-lockfile'], {
    cwd: PROJECT_DIR,
    // Without CI pnpm may ask before it replaces a node_modules that it didn't make, and nobody would see the question.
    env: { ...env, CI: 'true' },
    advice: ADVICE,
  });
  writeFileSync(MARKER, wanted);
}

function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const name of ['pnpm-lock.yaml', 'pnpm-workspace.yaml']) hash.update(readFileSync(join(PROJECT_DIR, name)));
  return hash.digest('hex');
}

function readOrNothing(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
