/**
 * Logistic regression by AdaGrad over hashed features: small, seeded, the same on every machine. A feature of one text alone
 * is not learned, and weights are few whole steps, the small ones none: both cost little and hold better on other text.
 */
import { FEATURES } from '@countersign/scanners/sentence-features';
import { randomFrom } from '../random.ts';

/** `source`: the template or text it was made from. `features` may repeat a place. */
export type Example = {
  readonly family: string;
  readonly source: string;
  readonly isAttack: boolean;
  readonly features: readonly number[];
};
/** Weights in whole steps, from -7 to 7. */
export type Model = { readonly bias: number; readonly weights: Int8Array };

const EPOCHS = 6;
const RATE = 0.2;
const DECAY = 3e-4;
const SEED = 5;
const MIN_SOURCES = 2;
/** What one step of a weight is worth, the least that is kept, and the most there is. */
export const STEP = 0.35;
const LEAST = 3;
const MOST = 7;

export function train(examples: readonly Example[]): Model {
  const weights = new Float64Array(FEATURES);
  const steps = new Float64Array(FEATURES).fill(1e-8);
  const learns = sharedFeatures(examples);
  const r = randomFrom(SEED);
  let bias = 0;
  let biasSteps = 1;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    for (const { features, isAttack } of shuffled(examples, r.int)) {
      const share = 1 / Math.sqrt(features.length);
      let sum = 0;
      for (const place of features) sum += weights[place]!;
      const error = 1 / (1 + Math.exp(-bias - sum * share)) - (isAttack ? 1 : 0);
      for (const place of features) {
        if (learns[place] === 0) continue;
        const slope = error * share + DECAY * weights[place]!;
        steps[place]! += slope * slope;
        weights[place]! -= (RATE * slope) / Math.sqrt(steps[place]!);
      }
      biasSteps += error * error;
      bias -= (RATE * error) / Math.sqrt(biasSteps);
    }
  }
  return { bias, weights: Int8Array.from(weights, inSteps) };
}

export function score({ bias, weights }: Model, features: readonly number[]): number {
  let sum = 0;
  for (const place of features) sum += weights[place]!;
  return bias + (sum * STEP) / Math.sqrt(features.length);
}

function inSteps(weight: number): number {
  const size = Math.min(MOST, Math.round(Math.abs(weight) / STEP));
  return size < LEAST ? 0 : Math.sign(weight) * size;
}

/** 1 for each feature that more than one source has. */
function sharedFeatures(examples: readonly Example[]): Uint8Array {
  const sources = new Map<number, Set<string>>();
  for (const { features, source } of examples)
    for (const place of features) sources.set(place, (sources.get(place) ?? new Set()).add(source));
  const shared = new Uint8Array(FEATURES);
  for (const [place, of] of sources) if (of.size >= MIN_SOURCES) shared[place] = 1;
  return shared;
}

function shuffled<T>(items: readonly T[], int: (below: number) => number): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = int(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
