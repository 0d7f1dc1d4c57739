/**
 * Two replicas of the kernel: each follows what becomes active anywhere, and neither remembers past a change of `control`.
 */
import { registerIdentities } from '@countersign/ingress/register-identities';
import { revokeIdentity } from '@countersign/ingress/revoke-identity';
import type { Running } from '@countersign/platform/service';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AGENT, requestOf } from '../../cases/policy/ask-policy.ts';
import { type RunningKernels, runKernels } from './run-kernel.ts';

const READS = 'rules: [{ id: read, match: { topics: ["job.read.*"] }, decision: allow }]';
const READ = { topic: 'job.read.users', payload: { n: 1 } };

let run: RunningKernels;
let kernels: Running[];
beforeAll(async () => {
  run = await runKernels();
  kernels = [await run.startKernel(), await run.startKernel({ STATE_DIR: `${run.state_dir}/second` })];
});
afterAll(async () => {
  for (const kernel of kernels ?? []) await kernel[Symbol.asyncDispose]();
  await run?.[Symbol.asyncDispose]();
});

async function metricsOf(kernel: Running): Promise<string> {
  return (await fetch(`${kernel.services[0]!.health_url}/metrics`)).text();
}

/** By each replica: questions that it had or had not the answer to. */
async function counted(outcome: 'hit' | 'miss'): Promise<number[]> {
  const line = new RegExp(`decision_cache_total\\{[^}]*outcome="${outcome}"[^}]*\\} (\\d+)`, 'g');
  const texts = await Promise.all(kernels.map(metricsOf));
  return texts.map((text) => [...text.matchAll(line)].reduce((sum, [, value]) => sum + Number(value), 0));
}

function epochsOf(scope: string): Promise<number[]> {
  return Promise.all(
    kernels.map(async (kernel) =>
      Number(new RegExp(`policy_epoch\\{[^}]*scope="${scope}"[^}]*\\} (\\d+)`).exec(await metricsOf(kernel))?.[1]),
    ),
  );
}
const salt = Buffer.alloc(16, 1).toString('base64url');

/** As many questions as both replicas need to have seen it. */
async function askBoth(body: Record<string, unknown>, gate: 'submit' | 'dispatch', over: { min_epoch?: number } = {}) {
  const answers = await Promise.all(Array.from({ length: 40 }, () => run.ask(body, { gate, salt, ...over })));
  return answers.map((answer) => {
    if (!answer.ok) throw new Error(answer.error.code);
    return answer.value.decisions.at(-1)!;
  });
}

test('both follow an activation without being asked', async () => {
  await run.publish(READS, { tenants: ['default'] });
  const epoch = await run.activeEpoch();
  await expect.poll(() => epochsOf('default')).toEqual([epoch, epoch]);
});

describe('the cache', () => {
  let rewritten: Record<string, unknown>;
  beforeEach(async () => {
    await run.publish(`${READS}\n# ${Math.random()}`);
    const min_epoch = await run.activeEpoch();
    await expect.poll(() => epochsOf('default')).toEqual([min_epoch, min_epoch]);
    const answer = await run.ask(READ, { salt, min_epoch });
    if (!answer.ok) throw new Error(answer.error.code);
    rewritten = answer.value.rewritten!;
    await askBoth(READ, 'submit', { min_epoch });
  });

  const isWarm = async (): Promise<boolean> => (await askBoth(rewritten, 'dispatch')).every(({ cached }) => cached);
  /** A change that touches nothing of this job all the same. */
  const CHANGES: [string, () => Promise<unknown>][] = [
    [
      'a switch',
      () =>
        run
          .as('countersign_scheduler')
          .query(`SELECT control.set_switch('s', 'topic', 'job.none', NULL, true, $1)`, [String(Math.random())]),
    ],
    [
      'a revocation',
      async () => {
        const id = `a${Math.random()}`;
        const ingress = run.as('countersign_ingress');
        const principals = [{ type: 'human' as const, id, tenant: 'elsewhere', groups: [] }];
        await ingress.transaction((tx) => registerIdentities(tx, { tenants: ['elsewhere'], principals }));
        await revokeIdentity(ingress, { what: 'principal', id, reason: 'test', by_key: null });
      },
    ],
    ['an activation for another scope', () => run.publish(READS, { tenants: ['elsewhere'] })],
  ];

  test.each(CHANGES)('is emptied in both by %s', async (_, change) => {
    expect(await isWarm()).toBe(true);
    const [misses, hits] = [await counted('miss'), await counted('hit')];
    await change();
    // Each replica decides once more, and remembers again. As they count it: a question that is late is asked of both.
    const decidedAnew = async (): Promise<number[]> => {
      await askBoth(rewritten, 'dispatch');
      return (await counted('miss')).map((count, i) => count - misses[i]!);
    };
    await expect.poll(decidedAnew).toEqual([1, 1]);
    expect(await isWarm()).toBe(true);
    for (const [i, count] of (await counted('hit')).entries()) expect(count).toBeGreaterThan(hits[i]!);
  });

  test('answers for no other tenant, payload, prompt or agent, under the same policy', async () => {
    await run.publish(READS, { tenants: ['*'] });
    const min_epoch = await run.activeEpoch('*');
    await askBoth({ ...READ, tenant: 'one' }, 'submit', { min_epoch });
    const first = (await askBoth({ ...READ, tenant: 'one' }, 'dispatch', { min_epoch })).map(({ cached }) => cached);
    expect(first).toContain(true);
    const others = [
      { ...READ, tenant: 'two' },
      { ...READ, tenant: 'one', payload: { n: 2 } },
      { ...READ, tenant: 'one', prompt: '' },
      { ...READ, tenant: 'one', labels: { env: 'prod' } },
    ];
    for (const other of others) {
      const answer = await run.ask(other, { gate: 'dispatch', salt, min_epoch });
      expect(answer).toMatchObject({ ok: true, value: { decisions: [{ cached: false }] } });
    }
    const item = { gate: 'dispatch' as const, request: requestOf({ ...READ, tenant: 'one' }), salt, min_epoch };
    const job_hash = `sha256:${'1'.repeat(64)}`;
    const actor = { ...AGENT, id: 'agent-2' };
    const { answers } = await run.scheduler.call('policy.decide', { items: [{ ...item, actor, job_hash }] });
    expect(answers[0]).toMatchObject({ ok: true, value: { decisions: [{ cached: false }] } });
  });
});
