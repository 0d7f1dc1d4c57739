import { redactValue } from '@countersign/scanners/redact';
import { SCANNER_NAMES, type ScannerName, scanValue } from '@countersign/scanners/scan';
import { describe, expect, it } from 'vitest';
import { EVASIONS_LATE, HIDDEN_LATE } from '../../bench/scanners/evasions-late.ts';
import { randomFrom } from '../../bench/scanners/random.ts';

/** What is not read, as docs/scanners.md says: texts that are no longer one string, and values in rot47 or between tags. */
const NOT_READ = new Set([
  'plus for spaces pii',
  'tags around letters secrets',
  'rot47 secrets',
  'rot47 pii',
  'words as a list prompt_injection',
  'words as members prompt_injection',
]);
/** Of one of the two texts: letters that may be those of more than one word, and two ciphers at once in a short text. */
const READ_IN_PART = ['no vowels', 'rot13 backwards'];

function finds(value: unknown, scanner: ScannerName): boolean {
  const result = scanValue(value, [scanner]);
  if (!result.ok) throw new Error(result.code);
  return result.findings.length > 0;
}

describe('disguises', () => {
  it.each(EVASIONS_LATE.map(([name, words, change]) => ({ name, words, change })))(
    'are read: $name',
    ({ name, words, change }) => {
      for (const scanner of SCANNER_NAMES.filter((one) => !words || one === 'prompt_injection')) {
        const found = HIDDEN_LATE[scanner].map((text) => finds(change(text, randomFrom(1)), scanner));
        if (READ_IN_PART.includes(name)) expect(found).toContain(true);
        else expect(found).toEqual(found.map(() => !NOT_READ.has(`${name} ${scanner}`)));
        if (words || NOT_READ.has(`${name} ${scanner}`)) continue;
        const redacted = redactValue(change(HIDDEN_LATE[scanner][0]!, randomFrom(1)), [scanner]);
        if (!redacted.ok) throw new Error(redacted.code);
        expect(finds(redacted.value, scanner)).toBe(false);
      }
    },
  );

  it.each([
    'The hotel in India, near the golf club; Romeo and Juliet on Tango night, sierra 4, kilo 2.',
    'x = "red"; y = "blue"; say(x + y) // today may be a holiday, they say, by the bay',
    'lat 4, 8, 15, 16, 23; 1-2-3-4-5-6-7-8-9-10 are numbers, 12.11.10.9.8 too',
    'Add "a", "b", "c", "d", "e" and *emphasis* to the list***, see a*b*c.',
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567 is an alphabet; MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U no text.',
    'that were then when they 1234 5678 9012 abcd efgh ijkl mnop 3456',
  ])('are not taken for such: %j', (text) => {
    const result = scanValue(text, ['prompt_injection', 'secrets']);
    expect(result.ok && result.findings).toEqual([]);
  });
});
