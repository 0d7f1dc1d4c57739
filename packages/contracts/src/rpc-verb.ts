/** What the table of verbs says of each: no row can leave out how its answers are told from others. */
import type { z } from 'zod';
import type { ServiceName } from './ledger-entry.ts';

type Caller = ServiceName | 'worker' | 'tenant';

type Verb<Q extends z.ZodType, A extends z.ZodType, C extends readonly Caller[], S extends ServiceName> = {
  service: S;
  callers: C;
  request: Q;
  answer: A;
  /**
   * Asked twice it does what it does once, and answers the same: so it may be asked again of another instance while the
   * first one is silent.
   */
  repeatable: boolean;
  /** Whether an answer speaks of what was asked. What does not is an outage, whatever it says. */
  matches: (asked: z.input<Q>, answered: z.output<A>) => boolean;
};

export function verb<
  Q extends z.ZodType,
  A extends z.ZodType,
  const C extends readonly Caller[],
  const S extends ServiceName,
>(row: Verb<Q, A, C, S>): Verb<Q, A, C, S> {
  return row;
}
