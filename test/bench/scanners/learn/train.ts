/**
 * Logistic regression by AdaGrad over hashed features: small, seeded, the same on every machine. Where it ends depends on the
 * order of the examples, so the weights are the mean of several orders. A feature of one text alone is not learned, and of the
 * weights only the largest are kept, in few whole steps: that costs little and holds better on other text.
 */
import { FEATURES } from '@countersign/scanners/sentence-features';
import { randomFrom } from '../random.ts';

/**
 * `source`: the template or text it was made from. `times`: how often it counts. `features` may repeat a place.
 */
export type Example = {
  readonly family: string;
  readonly source: string;
  readonly isAttack: boolean;
  readonly times: number;
  readonly features: Int32Array;
};
/** What is learned of an example, and what each of its features adds to the sum for each unit of weight. */
type Row = { readonly isAttack: boolean; readonly features: Int32Array; readonly share: number };
/** Weights in whole steps, from -7 to 7. */
export type Model = { readonly bias: number; readonly weights: Int8Array };

const ORDERS = 5;
const EPOCHS = 6;
const RATE = 0.2;
const DECAY = 3e-4;
const SEED = 5;
/** What one step of a weight is worth, and the most there is. */
export const STEP = 0.35;
const MOST = 7;
/** How many weights are kept. */
const KEPT = 35_500;

export function train(examples: readonly Example[]): Model {
  const shared = sharedFeatures(examples);
  const order = examples.flatMap(({ features, isAttack, times }) =>
    new Array<Row>(times).fill({
      isAttack,
      features: features.filter((place) => shared[place] === 1),
      share: 1 / Math.sqrt(features.length),
    }),
  );
  const mean = new Float64Array(FEATURES);
  let bias = 0;
  for (let i = 0; i < ORDERS; i += 1) {
    const one = trainInOrder(order, SEED + i);
    bias += one.bias / ORDERS;
    for (let place = 0; place < FEATURES; place += 1) mean[place]! += one.weights[place]! / ORDERS;
  }
  return { bias, weights: inSteps(mean) };
}

export function score({ bias, weights }: Model, { features }: Example): number {
  let sum = 0;
  for (const place of features) sum += weights[place]!;
  return bias + (sum * STEP) / Math.sqrt(features.length);
}

/** Shuffles `order` before each epoch. */
function trainInOrder(order: Row[], seed: number): { bias: number; weights: Float64Array } {
  const weights = new Float64Array(FEATURES);
  const steps = new Float64Array(FEATURES).fill(1e-8);
  const { int } = randomFrom(seed);
  let bias = 0;
  let biasSteps = 1;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    shuffle(order, int);
    for (const { features, share, isAttack } of order) {
      let sum = 0;
      for (let k = 0; k < features.length; k += 1) sum += weights[features[k]!]!;
      const error = 1 / (1 + Math.exp(-bias - sum * share)) - (isAttack ? 1 : 0);
      for (let k = 0; k < features.length; k += 1) {
        const place = features[k]!;
        const slope = error * share + DECAY * weights[place]!;
        steps[place]! += slope * slope;
        weights[place]! -= (RATE * slope) / Math.sqrt(steps[place]!);
      }
      biasSteps += error * error;
      bias -= (RATE * error) / Math.sqrt(biasSteps);
    }
  }
  return { bias, weights };
}

/** The largest, each at least one step. */
function inSteps(weights: Float64Array): Int8Array {
  const least = weights.map(Math.abs).sort()[FEATURES - KEPT]!;
  return Int8Array.from(weights, (weight) => {
    const size = Math.abs(weight);
    return size === 0 || size < least ? 0 : Math.sign(weight) * Math.max(1, Math.min(MOST, Math.round(size / STEP)));
  });
}

/** 1 for each feature that more than one source has. */
function sharedFeatures(examples: readonly Example[]): Uint8Array {
  const first = new Array<string | undefined>(FEATURES);
  const shared = new Uint8Array(FEATURES);
  for (const { features, source } of examples)
    for (const place of features) {
      first[place] ??= source;
      if (first[place] !== source) shared[place] = 1;
    }
  return shared;
}

function shuffle<T>(items: T[], int: (below: number) => number): void {
  for (let i = items.length - 1; i > 0; i -= 1) {
    const j = int(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
}
