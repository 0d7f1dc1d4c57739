/**
 * A system under load that a test disturbs, and the question afterwards whether every promise was kept. With as many
 * instances of each service as a test asks for. After a failure the next test has a system of its own: one fault is one
 * failure.
 */
import { lastLines, readLog } from '@countersign/infra/read-log-tail';
import { waitUntil } from '@countersign/infra/wait-until';
import { expect } from 'vitest';
import { type SystemOptions, startSystem, type TestSystem } from '../harness/start-system.ts';
import { startWorker } from '../harness/start-worker.ts';
import { checkSystem, countOpen, type SideEffect } from './check-system.ts';
import { type Load, startLoad } from './client-load.ts';

export type Trial = AsyncDisposable & {
  /** Another one after a failure. */
  readonly system: TestSystem;
  /** Jobs flow before `disturb`, and again after it; whatever `disturb` did not end itself runs on. */
  underLoad(disturb: (load: Load, system: TestSystem) => Promise<void>): Promise<Load>;
  /** Every accepted job ends, once; nothing runs unproven or twice; no chain has a gap; no client heard nonsense. */
  expectPromisesKept(): Promise<void>;
};

type Tried = AsyncDisposable & Omit<Trial, 'system' | keyof AsyncDisposable> & { system: TestSystem };

/** Long enough for a lost attempt's lease and its next attempt. */
const SETTLE_MS = 90_000;
const FLOW_AGAIN_MS = 40_000;

export async function startTrial(options: SystemOptions): Promise<Trial> {
  let tried = await startTried(options);
  let failed = false;
  const orFailed = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      failed = true;
      throw thrown;
    }
  };
  const afresh = async (): Promise<void> => {
    if (!failed) return;
    await tried[Symbol.asyncDispose]();
    tried = await startTried(options);
    failed = false;
  };
  return {
    get system() {
      return tried.system;
    },
    async underLoad(disturb) {
      await afresh();
      return orFailed(tried.underLoad(disturb));
    },
    expectPromisesKept: () => orFailed(tried.expectPromisesKept()),
    [Symbol.asyncDispose]: () => tried[Symbol.asyncDispose](),
  };
}

async function startTried(options: SystemOptions): Promise<Tried> {
  const owned = new AsyncDisposableStack();
  const effects: SideEffect[] = [];
  const loads: Load[] = [];
  const system = owned.use(await startSystem(options));
  const worker = await startWorker(system, 'demo-read', ({ job_id, dispatch_id }) => {
    effects.push({ job_id, dispatch_id });
    return { ok: true };
  }).catch(async (error: unknown) => {
    await owned.disposeAsync();
    throw error;
  });
  owned.use(worker);
  return {
    system,
    async underLoad(disturb) {
      expectNobodyDied(system);
      const load = startLoad(system);
      loads.push(load);
      try {
        await waitUntil('jobs flow', () => load.accepted.length >= 10, { timeout_ms: 20_000 });
        await disturb(load, system);
        expectNobodyDied(system);
        const before = load.accepted.length;
        const flows = () => load.accepted.length >= before + 10;
        await waitUntil('jobs flow again', flows, { timeout_ms: FLOW_AGAIN_MS });
      } finally {
        await load.stop();
      }
      return load;
    },
    async expectPromisesKept() {
      const allEnded = async () => (await countOpen(system)) === 0;
      await waitUntil('every job ends', allEnded, { timeout_ms: SETTLE_MS, every_ms: 100 });
      expect(loads.flatMap((load) => load.strange)).toEqual([]);
      const accepted = loads.flatMap((load) => load.accepted);
      expect(await checkSystem(system, accepted, effects)).toEqual([]);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A service that ended by itself is a fault, however well the others went on without it. */
function expectNobodyDied(system: TestSystem): void {
  const dead = [...system.services.processes.values()].filter((program) => !program.isRunning());
  const words = dead.map(({ name, log_path }) => `${name} died:\n${lastLines(readLog(log_path, 0), 20)}`);
  expect(words).toEqual([]);
}
