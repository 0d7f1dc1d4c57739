/**
 * Starts what all test files share: one Postgres with a migrated template database, and a nats-server at hand.
 * Leaves nothing behind, and clears away what a killed run left.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '@countersign/infra/find-nats-server';
import { isAlive } from '@countersign/infra/process-identity';
import { runPostgres } from '@countersign/infra/run-postgres';
import type { TestProject } from 'vitest/node';
import { buildTemplate } from './build-template.ts';
import type { TestStack } from './test-stack.ts';

const RUN_DIR_PREFIX = 'countersign-test-';
// Postgres runs as another user under root, to whom root's own TMPDIR may be closed.
const PARENT_DIR = process.getuid?.() === 0 ? '/tmp' : tmpdir();

type Servers = Pick<TestStack, 'kind' | 'admin_url' | 'nats_binary'>;

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  removeAbandonedRuns();
  const run_dir = mkdtempSync(join(PARENT_DIR, `${RUN_DIR_PREFIX}${process.pid}-`));
  // Postgres may run as another user, who has to pass through to its data.
  chmodSync(run_dir, 0o711);
  const cleanUp = new AsyncDisposableStack();
  cleanUp.defer(() => rmSync(run_dir, { recursive: true, force: true }));
  try {
    const { kind, admin_url, nats_binary } = await startServers(run_dir, cleanUp);
    const role_password = randomBytes(16).toString('hex');
    await buildTemplate(admin_url, role_password);
    project.provide('test_stack', { kind, run_dir, admin_url, role_password, nats_binary });
    return () => cleanUp.disposeAsync();
  } catch (error) {
    await cleanUp.disposeAsync();
    throw error;
  }
}

function removeAbandonedRuns(): void {
  for (const name of readdirSync(PARENT_DIR)) {
    if (!name.startsWith(RUN_DIR_PREFIX)) continue;
    const dir = join(PARENT_DIR, name);
    const owner = Number.parseInt(name.slice(RUN_DIR_PREFIX.length), 10);
    const ours = statSync(dir, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (ours && !isAlive(owner)) removeFolder(dir);
  }
}

/** A run that was killed may have left a small disk mounted in it: that must not keep the next one from starting. */
function removeFolder(dir: string): void {
  for (const name of readdirSync(dir).filter((each) => each.startsWith('disk-')))
    spawnSync('umount', [join(dir, name)], { stdio: 'ignore' });
  try {
    rmSync(dir, { recursive: true, force: true });
  } catch (thrown) {
    console.warn(`${dir} is left of a run that was killed, and cannot be removed: ${(thrown as Error).message}`);
  }
}

async function startServers(run_dir: string, cleanUp: AsyncDisposableStack): Promise<Servers> {
  if (process.env.TEST_STACK === 'containers') {
    const { requireContainerEngine, runPostgresContainer } = await import('./run-in-containers.ts');
    await requireContainerEngine();
    const { admin_url } = cleanUp.use(await runPostgresContainer());
    return { kind: 'containers', admin_url, nats_binary: undefined };
  }
  const nats_binary = await findNatsServer();
  const { admin_url } = cleanUp.use(await runPostgres({ dir: run_dir, mode: 'test' }));
  return { kind: 'processes', admin_url, nats_binary };
}
