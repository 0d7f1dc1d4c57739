/** Every corpus with its seed. Development seeds are odd and were used while tuning; held-out seeds are even. */
import type { ScannerName } from '@countersign/scanners/scan';
import { piiLate, piiLookalikesLate } from './data-late.ts';
import {
  attacksFresh,
  piiFresh,
  piiLookalikesFresh,
  proseFresh,
  secretLookalikesFresh,
  secretsFresh,
} from './fresh-held-out.ts';
import { furtherProse } from './further/sets.ts';
import { guestAttacks, guestProse } from './guest/sets.ts';
import { injectionDevelopment, securityProseDevelopment } from './injection-development.ts';
import { attacksByKind } from './injection-fresh.ts';
import { securityProseByKind } from './injection-fresh-prose.ts';
import { injectionHeldOutDirect, injectionHeldOutIndirect, securityProseHeldOut } from './injection-held-out.ts';
import { attacksLate } from './injection-late.ts';
import { attacksOfStrangers } from './injection-strangers.ts';
import { attacksUnseen } from './injection-unseen.ts';
import { proseUnseen } from './injection-unseen-prose.ts';
import { piiDevelopment, piiLookalikesDevelopment } from './pii-development.ts';
import { piiHeldOut, piiLookalikesHeldOut } from './pii-held-out.ts';
import { proseLate } from './prose-late.ts';
import { proseOfStrangers } from './prose-strangers.ts';
import { type Random, randomFrom } from './random.ts';
import { rowSamples } from './rows/read-rows.ts';
import type { Sample } from './sample.ts';
import { secretLookalikesDevelopment, secretsDevelopment } from './secrets-development.ts';
import { secretLookalikesHeldOut, secretsHeldOut } from './secrets-held-out.ts';
import { piiLookalikesUnseen, piiUnseen, secretLookalikesUnseen, secretsUnseen } from './unseen-data.ts';
import { visitorTexts } from './visitor/sets.ts';
import { wideAttacks, wideProse } from './wide/sets.ts';

type Corpus = {
  name: string;
  scanner: ScannerName;
  positives: boolean;
  held_out: boolean;
  seed: number;
  make: () => Sample[];
};
type Make = (r: Random, n: number) => Sample[];

export const CORPORA: readonly Corpus[] = [
  corpus('secrets', 'secrets', true, 101, 800, secretsDevelopment),
  corpus('secrets', 'secrets', true, 102, 800, secretsHeldOut),
  corpus('look-alikes of secrets', 'secrets', false, 103, 600, secretLookalikesDevelopment),
  corpus('look-alikes of secrets', 'secrets', false, 104, 600, secretLookalikesHeldOut),
  corpus('personal data', 'pii', true, 105, 1200, piiDevelopment),
  corpus('personal data', 'pii', true, 106, 1200, piiHeldOut),
  corpus('look-alikes of personal data', 'pii', false, 107, 1000, piiLookalikesDevelopment),
  corpus('look-alikes of personal data', 'pii', false, 108, 1000, piiLookalikesHeldOut),
  corpus('attacks', 'prompt_injection', true, 109, 44 * 4, injectionDevelopment),
  corpus('attacks, direct', 'prompt_injection', true, 110, 35 * 4, injectionHeldOutDirect),
  corpus('attacks, in tool results', 'prompt_injection', true, 112, 30 * 4, injectionHeldOutIndirect),
  corpus('security prose', 'prompt_injection', false, 113, 20 * 4, securityProseDevelopment),
  corpus('security prose', 'prompt_injection', false, 114, 30 * 4, securityProseHeldOut),
  corpus('fresh secrets', 'secrets', true, 2026, 800, secretsFresh),
  corpus('fresh look-alikes of secrets', 'secrets', false, 2028, 600, secretLookalikesFresh),
  corpus('fresh personal data', 'pii', true, 2030, 1200, piiFresh),
  corpus('fresh look-alikes of personal data', 'pii', false, 2032, 1000, piiLookalikesFresh),
  corpus('fresh attacks', 'prompt_injection', true, 2034, 24 * 3, attacksFresh),
  corpus('fresh security prose', 'prompt_injection', false, 2036, 20, proseFresh),
  corpus('attacks by kind', 'prompt_injection', true, 2040, 0, attacksByKind),
  corpus('security prose by kind', 'prompt_injection', false, 2042, 0, securityProseByKind),
  corpus('unseen attacks', 'prompt_injection', true, 2044, 0, attacksUnseen),
  corpus('unseen prose', 'prompt_injection', false, 2046, 0, proseUnseen),
  corpus('strange attacks', 'prompt_injection', true, 2060, 0, attacksOfStrangers),
  corpus('strange prose', 'prompt_injection', false, 2062, 0, proseOfStrangers),
  corpus('unseen look-alikes of personal data', 'pii', false, 2048, 1600, piiLookalikesUnseen),
  corpus('unseen personal data with a checksum', 'pii', true, 2050, 1200, piiUnseen(true)),
  corpus('unseen personal data without', 'pii', true, 2052, 600, piiUnseen(false)),
  corpus('late personal data with a checksum', 'pii', true, 2066, 1200, piiLate),
  corpus('late look-alikes of personal data', 'pii', false, 2068, 1640, piiLookalikesLate),
  corpus('late attacks', 'prompt_injection', true, 2070, 0, attacksLate),
  corpus('late prose', 'prompt_injection', false, 2072, 0, proseLate),
  corpus('wide attacks, read', 'prompt_injection', true, 2081, 0, () => wideAttacks('tune')),
  corpus('wide prose, read', 'prompt_injection', false, 2083, 0, () => wideProse('tune')),
  corpus('wide attacks, never read', 'prompt_injection', true, 2084, 0, () => wideAttacks('held')),
  corpus('wide prose, never read', 'prompt_injection', false, 2086, 0, () => wideProse('held')),
  corpus('guest attacks, read', 'prompt_injection', true, 2091, 0, () => guestAttacks('tune')),
  corpus('guest prose, read', 'prompt_injection', false, 2093, 0, () => guestProse('tune')),
  corpus('guest attacks, never read', 'prompt_injection', true, 2092, 0, () => guestAttacks('held')),
  corpus('guest prose, never read', 'prompt_injection', false, 2094, 0, () => guestProse('held')),
  corpus('visitor attacks, never read', 'prompt_injection', true, 2108, 0, () => visitorTexts('attacks')),
  corpus('visitor prose, never read', 'prompt_injection', false, 2110, 0, () => visitorTexts('honest')),
  corpus('visitor disguises, never read', 'prompt_injection', true, 2112, 0, () => visitorTexts('disguised')),
  corpus('further prose, read', 'prompt_injection', false, 2113, 0, () => furtherProse('tune')),
  corpus('further prose, never read', 'prompt_injection', false, 2116, 0, () => furtherProse('held')),
  corpus('unseen secrets', 'secrets', true, 2054, 800, secretsUnseen),
  corpus('unseen look-alikes of secrets', 'secrets', false, 2058, 600, secretLookalikesUnseen),
  corpus('personal data, cases by hand', 'pii', true, 2100, 0, () => rowSamples('personal-data', true, 2100)),
  corpus('look-alikes, cases by hand', 'pii', false, 2102, 0, () => rowSamples('personal-data', false, 2102)),
  corpus('secrets, cases by hand', 'secrets', true, 2104, 0, () => rowSamples('secrets', true, 2104)),
  corpus('look-alikes of secrets, by hand', 'secrets', false, 2106, 0, () => rowSamples('secrets', false, 2106)),
];

function corpus(name: string, scanner: ScannerName, positives: boolean, seed: number, n: number, make: Make): Corpus {
  return {
    name,
    scanner,
    positives,
    held_out: seed % 2 === 0,
    seed,
    make: () => make(randomFrom(seed), n),
  };
}
