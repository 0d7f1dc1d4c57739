/**
 * Clocks and counters of the bench. Rates come from whole runs without a clock inside; latencies from runs with one
 * around each call, so that neither disturbs the other.
 */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Loaded } from './engine.ts';
import type { BenchQuestion } from './make-policy.ts';

/** Evaluations per second of this process's CPU time, and by the clock on the wall. */
type Rates = { per_cpu_s: number; per_s: number };
export type Sampled = Rates & { latencies_us: number[] };

/** Calls between two looks at the clock, for engines fast enough to need it. */
const STRIDE = 64;

/** Runs for about `ms` each way, at least two calls, from `start` in the questions and around. */
export async function sample(loaded: Loaded, questions: readonly BenchQuestion[], ms: number): Promise<Sampled> {
  return { ...(await ratesOf(loaded, questions, ms)), latencies_us: await latenciesOf(loaded, questions, ms) };
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Bytes that live after a full collection, without what wasm keeps. */
export async function liveBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What a weak reference was made to or asked for lives until the turn ends.
  await setImmediate();
  collect();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

async function ratesOf({ ask }: Loaded, questions: readonly BenchQuestion[], ms: number): Promise<Rates> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  let asked = 0;
  for (let elapsed = 0; ; ) {
    const slow = asked > 0 && elapsed / asked > ms / 1000;
    for (let i = 0; i < (slow ? 1 : asked === 0 ? 2 : STRIDE); i++) {
      const answer = ask(questions[asked % questions.length]!);
      if (answer instanceof Promise) await answer;
      asked++;
    }
    elapsed = performance.now() - start;
    if (elapsed < ms) continue;
    const { user, system } = process.cpuUsage(cpu);
    return { per_s: (asked / elapsed) * 1000, per_cpu_s: (asked / (user + system)) * 1e6 };
  }
}

async function latenciesOf({ ask }: Loaded, questions: readonly BenchQuestion[], ms: number): Promise<number[]> {
  const latencies: number[] = [];
  const end = performance.now() + ms;
  for (let before = performance.now(); before < end; before = performance.now()) {
    const answer = ask(questions[latencies.length % questions.length]!);
    if (answer instanceof Promise) await answer;
    latencies.push((performance.now() - before) * 1000);
  }
  return latencies;
}
