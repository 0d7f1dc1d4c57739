/**
 * When the table's copy of the active bundle is damaged: a replica starts from its own disk, and believes that no more.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROOT, type RunningKernels, runKernels } from './run-kernel.ts';

const POLICY = 'rules: [{ id: read, match: { topics: ["job.read.*"] }, decision: allow, reason: reading }]';
const FILE = 'tenant-default.json';

let run: RunningKernels;
beforeAll(async () => {
  run = await runKernels();
  await using _ = await run.startKernel();
  await run.publish(POLICY);
  await vi.waitFor(() => expect(readdirSync(run.state_dir)).toEqual([FILE]), { timeout: 30_000 });
  await run.admin.query(`UPDATE policy.bundles SET document = replace(document, 'reading', 'writing')`);
});
afterAll(() => run[Symbol.asyncDispose]());

/** Whether a replica with these settings has a policy to decide by, and what it counted as refused. */
async function startsWith(settings: Record<string, string>): Promise<{ ready: boolean; refused: string[] }> {
  await using replica = await run.startKernel(settings);
  const { health_url } = replica.services[0]!;
  const metrics = await (await fetch(`${health_url}/metrics`)).text();
  const refused = [...metrics.matchAll(/policy_rejected_total\{code="([a-z_]+)"/g)].map(([, code]) => code!);
  return { ready: (await fetch(`${health_url}/readyz`)).status === 200, refused };
}

test('a replica starts from its disk', async () => {
  expect(await startsWith({})).toEqual({ ready: true, refused: ['bundle_file_altered'] });
});

test('without a copy there is no policy', async () => {
  expect(await startsWith({ STATE_DIR: join(run.state_dir, 'none') })).toMatchObject({ ready: false });
});

test('a copy that was altered too is refused', async () => {
  const path = join(run.state_dir, FILE);
  const good = readFileSync(path, 'utf8');
  writeFileSync(path, good.replace('reading', 'writing'));
  expect(await startsWith({})).toEqual({ ready: false, refused: ['bundle_file_altered'] });
  writeFileSync(path, good);
});

test('a copy signed by nobody who is trusted is refused', async () => {
  const strangers = { ...ROOT, keys: [{ ...ROOT.keys[0]!, key_id: 'stranger' }] };
  const { ready, refused } = await startsWith({ TRUST_ROOT: JSON.stringify(strangers) });
  expect({ ready, refused }).toEqual({ ready: false, refused: ['bundle_threshold_unmet'] });
});
