/**
 * A policy as large as any may be is read, published, put in force and asked about beside the decisions, which never wait
 * for it. Counted in processor time of the deciding thread, so that a busy machine proves nothing and hides nothing.
 */
import type { Principal } from '@countersign/contracts/rpc';
import type { Running } from '@countersign/platform/service';
import { buildBundle, signBundle } from '@countersign/policy/build-bundle';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { packPolicy, unpackPolicy } from '@countersign/policy/pack-policy';
import { atOnce } from '@countersign/policy/steps';
import { openCompiledPolicies } from '@countersign/policy-kernel/compiled-policies';
import { stepsInSlices } from '@countersign/policy-kernel/in-slices';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AGENT, ask, finalOf, requestOf } from '../../cases/policy/ask-policy.ts';
import { ROOT, type RunningKernels, runKernels, SIGNER, VALID } from '../../servers/policy-kernel/run-kernel.ts';

const RULES = 9_000;
const NOW = '2026-06-01T12:00:00.000Z';

/** Block style and a condition now and then, as authors write it. */
function large(marker: string): string {
  return [
    `# ${marker}`,
    'default_decision: deny',
    'rules:',
    ...Array.from({ length: RULES }, (_, i) =>
      [
        `  - id: r${i}`,
        `    match: { topics: ["job.s${i}.*"], labels: { env: prod } }`,
        ...(i % 50 === 0 ? ['    when: payload.n <= 5'] : []),
        '    decision: allow',
      ].join('\n'),
    ),
  ].join('\n');
}

async function document(policy: string, version: number, over = {}): Promise<string> {
  const built = await buildBundle({ 'policy.yaml': policy }, { version, tenants: ['default'], ...VALID, ...over });
  if (!built.ok) throw new Error('does not compile');
  return JSON.stringify(await signBundle(built.document, SIGNER));
}

/** Milliseconds of processor time that this thread spent in its longest turn of the event loop. */
function longestTurn() {
  let [longest, turns, last, on] = [0, 0, spent(), true];
  const turn = (): void => {
    const now = spent();
    longest = Math.max(longest, now - last);
    turns += 1;
    last = now;
    if (on) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop: () => {
      on = false;
      return { longest, turns };
    },
  };
}

function spent(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

describe('the memo', () => {
  const SMALL = 'rules: [{ id: yes, match: {}, when: payload.n <= 5, decision: allow }]';
  const opened: ReturnType<typeof openCompiledPolicies>[] = [];
  const policies = () => {
    opened.push(openCompiledPolicies(ROOT));
    return opened.at(-1)!;
  };
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.stop())).then(() => undefined));

  test('compiles a text once, whoever brings it and how many at a time', async () => {
    const compiled = policies();
    const text = await document(SMALL, 1);
    const first = await compiled.openBundle(text, NOW);
    const again = await Promise.all([compiled.openBundle(text, NOW), compiled.openBundle(text, NOW)]);
    if (!first.ok) throw new Error(first.code);
    for (const one of again) expect(one.ok && one.policy).toBe(first.policy);
    expect(compiled.compiled()).toBe(1);
    const files = { 'policy.yaml': SMALL };
    const [a, b] = [await compiled.openFiles(files), await compiled.openFiles(files)];
    expect(a.ok && b.ok && a.policy === b.policy).toBe(true);
    expect(compiled.compiled()).toBe(2);
  });

  test('judges signatures and dates anew each time', async () => {
    const compiled = policies();
    const text = await document(SMALL, 1, { not_after: '2026-07-01T00:00:00Z' });
    expect(await compiled.openBundle(text, NOW)).toMatchObject({ ok: true });
    expect(await compiled.openBundle(text, '2026-08-01T00:00:00.000Z')).toMatchObject({ code: 'bundle_expired' });
    expect(await compiled.openBundle(text, NOW)).toMatchObject({ ok: true });
    const forged = JSON.stringify({ ...JSON.parse(text), signatures: [] });
    expect(await compiled.openBundle(forged, NOW)).toMatchObject({ code: 'bundle_unsigned' });
    expect(compiled.compiled()).toBe(1);
  });

  test('says what does not compile, and forgets the oldest', async () => {
    const compiled = policies();
    expect(await compiled.openFiles({ 'policy.yaml': 'rules: [{}]' })).toMatchObject({
      code: 'bundle_does_not_compile',
    });
    for (let i = 0; i < 33; i++) await compiled.openFiles({ 'policy.yaml': `${SMALL} # ${i}` });
    expect(compiled.compiled()).toBe(33);
    await compiled.openFiles({ 'policy.yaml': `${SMALL} # 32` });
    expect(compiled.compiled()).toBe(33);
    await compiled.openFiles({ 'policy.yaml': `${SMALL} # 0` });
    expect(compiled.compiled()).toBe(34);
  });

  test('tells whoever waits when the process ends, and starts another', async () => {
    const compiled = policies();
    const waiting = compiled.openFiles({ 'policy.yaml': large('ended') });
    waiting.catch(() => undefined);
    await compiled.stop();
    await expect(waiting).rejects.toMatchObject({ code: 'overloaded' });
    expect(await compiled.openFiles({ 'policy.yaml': SMALL })).toMatchObject({ ok: true });
  });
});

test('what was packed decides as it did', async () => {
  const compiled = compilePolicy({ 'policy.yaml': large('packed') }, { version: 1, snapshot: 'x' });
  if (!compiled.ok) throw new Error('does not compile');
  const packed = packPolicy(compiled.policy);
  const policies = [compiled.policy, atOnce(unpackPolicy(packed)), await stepsInSlices(unpackPolicy(packed))];
  const questions = [0, 50, 51, 8_999].flatMap((i) =>
    [5, 6, 'x'].map((n) => ({ topic: `job.s${i}.a`, labels: { env: 'prod' }, payload: { n } })),
  );
  for (const question of questions) {
    const [a, ...others] = policies.map((policy) => finalOf(ask(policy, question)));
    for (const other of others) expect(other).toEqual(a);
  }
});

describe('beside the decisions', () => {
  const principal: Principal = {
    id: 'admin',
    type: 'human',
    groups: [],
    owner: null,
    auth_method: 'api_key',
    key_id: null,
  };
  const change = { tenant: 'default', principal, global: false };
  const WAIT = { timeout_ms: 60_000 };
  let run: RunningKernels;
  let kernel: Running;
  beforeAll(async () => {
    run = await runKernels();
    kernel = await run.startKernel();
    await run.publish('rules: [{ id: read, match: { topics: ["job.read.*"] }, decision: allow }]');
  });
  afterAll(async () => {
    await kernel?.[Symbol.asyncDispose]();
    await run?.[Symbol.asyncDispose]();
  });

  test('a large policy is published, put in force and asked about, and they go on', async () => {
    const text = await document(large('published'), 1_000);
    let decided = 0;
    let on = true;
    const decideOn = async (): Promise<void> => {
      while (on) {
        const answer = await run.ask({ topic: 'job.read.users' });
        if (!answer.ok) throw new Error(answer.error.code);
        decided += 1;
      }
    };
    const deciding = decideOn();
    const turns = longestTurn();
    const during: Record<string, number> = {};
    const whileDeciding = async <T>(name: string, work: Promise<T>): Promise<T> => {
      const before = decided;
      const done = await work;
      during[name] = decided - before;
      return done;
    };
    await whileDeciding('publish', run.ingress.call('policy.publish', { ...change, document: text }, WAIT));
    const items = [{ request: requestOf({ topic: 'job.s1.a', labels: { env: 'prod' } }), actor: AGENT }];
    const candidate = { files: { 'policy.yaml': large('candidate') } };
    const tried = await whileDeciding(
      'candidate',
      run.ingress.call('policy.simulate', { tenant: 'default', items, candidate }, WAIT),
    );
    expect(tried.answers[0]).toMatchObject({ ok: true, value: { decisions: [{ decision: 'allow', rule_id: 'r1' }] } });
    await run.ingress.call('policy.activate', { ...change, version: 1_000 }, WAIT);
    const { longest } = turns.stop();
    on = false;
    await deciding;
    // Decisions were made all the while, and no turn came near to what reading such a policy takes.
    for (const count of Object.values(during)) expect(count).toBeGreaterThan(10);
    expect(longest).toBeLessThan(100);
    const epoch = await run.activeEpoch();
    const answer = await run.ask({ topic: 'job.s1.a', labels: { env: 'prod' } }, { min_epoch: epoch });
    expect(answer).toMatchObject({ ok: true, value: { decisions: [{ rule_id: 'r1', policy_version: 1_000 }] } });
  }, 120_000);
});
