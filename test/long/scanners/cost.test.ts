import { afterAll, describe, expect, it } from 'vitest';
import { StepCounter } from '../../cases/scanners/count-steps.ts';
import { WORST_CASES } from '../../cases/scanners/worst-cases.ts';

const scanners = new StepCounter('/packages/scanners/src/');
const here = new StepCounter('/cases/scanners/quadratic.ts');
afterAll(() => {
  scanners.close();
  here.close();
});
const { redactValue } = await import('@countersign/scanners/redact');
const { SCANNER_NAMES } = await import('@countersign/scanners/scan');
const { QUADRATIC } = await import('../../cases/scanners/quadratic.ts');

/** Redacting scans twice and replaces in between. */
function redact(value: unknown): void {
  void redactValue(value, SCANNER_NAMES, { max_work_chars: 1e9 });
}

/** What twice the length may cost more. Less than `LEAST` says that a short text costs for other reasons, which hide how it grows. */
const MOST = 2.2;
const LEAST = 1.6;
/** Steps for each character of a short text, in which what is tried a bounded number of times weighs most. */
const MOST_PER_CHAR = 1_200;
const CHARS = 1_000;
/** Longer than every window together, for what begins with one that a short text does not fill. */
const LONG = 9_000;

// What loading cost, and tables that are made when they are first used, would count for the first case.
scanners.count(() => redact('4'.repeat(CHARS)));

type Costs = { steps: number; growth: number };

function costsOf(counter: StepCounter, work: (chars: number) => () => void, chars: number): Costs {
  const steps = counter.count(work(chars));
  return { steps, growth: counter.count(work(2 * chars)) / steps };
}

describe('cost in steps', () => {
  it.each(WORST_CASES.map(([name, make, held = 1]) => ({ name, make, held })))(
    'grows with the length of $name',
    ({ make, held }) => {
      const work = (chars: number) => {
        const value = make(chars);
        return () => redact(value);
      };
      const short = costsOf(scanners, work, CHARS);
      expect(short.steps).toBeLessThan(MOST_PER_CHAR * CHARS * held);
      if (short.growth >= LEAST && short.growth <= MOST) return;
      // Twice: what is done once more from some length on is a step between two.
      const { growth } = costsOf(scanners, work, LONG);
      expect(growth <= MOST ? growth : costsOf(scanners, work, 2 * LONG).growth).toBeLessThanOrEqual(MOST);
    },
  );

  it.each(QUADRATIC)('sees that $name is quadratic', ({ run }) => {
    const { growth } = costsOf(here, (chars) => () => run('ab'.repeat(chars / 2)), CHARS);
    expect(growth).toBeGreaterThan(3.5);
  });
});
