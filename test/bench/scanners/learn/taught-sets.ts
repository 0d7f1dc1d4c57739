/** Sets that were held out in earlier rounds and were looked at since: worth more as lessons now than as a measure. */
import { attacksFresh, proseFresh } from '../fresh-held-out.ts';
import { guestAttacks, guestProse } from '../guest/sets.ts';
import { injectionDevelopment, securityProseDevelopment } from '../injection-development.ts';
import { attacksByKind } from '../injection-fresh.ts';
import { securityProseByKind } from '../injection-fresh-prose.ts';
import { injectionHeldOutDirect, injectionHeldOutIndirect, securityProseHeldOut } from '../injection-held-out.ts';
import { attacksLate } from '../injection-late.ts';
import { attacksOfStrangers } from '../injection-strangers.ts';
import { attacksUnseen } from '../injection-unseen.ts';
import { proseUnseen } from '../injection-unseen-prose.ts';
import { proseLate } from '../prose-late.ts';
import { proseOfStrangers } from '../prose-strangers.ts';
import { type Random, randomFrom } from '../random.ts';
import type { Sample } from '../sample.ts';
import { wideAttacks, wideProse } from '../wide/sets.ts';

/** Samples once each, of a structured one its longest string. Attacks and prose of one round have one name. */
export type TaughtSet = { readonly name: string; readonly isAttack: boolean; readonly samples: readonly string[] };
type Make = (r: Random, n: number) => Sample[];

const SEED = 7;
/** Enough that every sample of a set that repeats its ideas comes up. */
const MANY = 180;

export const TAUGHT_SETS: readonly TaughtSet[] = [
  set('development', true, injectionDevelopment),
  set('development', false, securityProseDevelopment),
  set('first', true, injectionHeldOutDirect, injectionHeldOutIndirect),
  set('first', false, securityProseHeldOut),
  set('fresh', true, attacksFresh),
  set('fresh', false, proseFresh),
  set('by kind', true, attacksByKind),
  set('by kind', false, securityProseByKind),
  set('unseen', true, attacksUnseen),
  set('unseen', false, proseUnseen),
  set('strange', true, attacksOfStrangers),
  set('strange', false, proseOfStrangers),
  set('late', true, attacksLate),
  set('late', false, proseLate),
  set('wide', true, () => wideAttacks('tune')),
  set('wide', false, () => wideProse('tune')),
  set('guest', true, () => guestAttacks('tune')),
  set('guest', false, () => guestProse('tune')),
];

function set(name: string, isAttack: boolean, ...makes: Make[]): TaughtSet {
  const texts = makes.flatMap((make) => make(randomFrom(SEED), MANY).map(({ value }) => longest(value)));
  return { name, isAttack, samples: [...new Set(texts)] };
}

function longest(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return '';
  return Object.values(value)
    .map(longest)
    .reduce((most, text) => (text.length > most.length ? text : most), '');
}
