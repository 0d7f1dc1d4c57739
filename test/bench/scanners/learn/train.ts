/** Logistic regression by AdaGrad over hashed features: small, seeded, the same on every machine. */
import { FEATURES } from '@countersign/scanners/sentence-features';
import { randomFrom } from '../random.ts';

/** `features` may repeat a place. */
export type Example = {
  readonly family: string;
  readonly isAttack: boolean;
  readonly features: readonly number[];
  readonly text: string;
};
export type Model = { readonly bias: number; readonly weights: Float64Array };

const EPOCHS = 6;
const RATE = 0.3;
const DECAY = 1e-3;
const SEED = 5;

export function train(examples: readonly Example[]): Model {
  const weights = new Float64Array(FEATURES);
  const steps = new Float64Array(FEATURES).fill(1e-8);
  const r = randomFrom(SEED);
  let bias = 0;
  let biasSteps = 1;
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    for (const { features, isAttack } of shuffled(examples, r.int)) {
      const share = 1 / Math.sqrt(features.length);
      const error = 1 / (1 + Math.exp(-score({ bias, weights }, features))) - (isAttack ? 1 : 0);
      for (const place of features) {
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

export function score({ bias, weights }: Model, features: readonly number[]): number {
  let sum = 0;
  for (const place of features) sum += weights[place]!;
  return bias + sum / Math.sqrt(features.length);
}

function shuffled<T>(items: readonly T[], int: (below: number) => number): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i -= 1) {
    const j = int(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
