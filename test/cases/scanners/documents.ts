/** Arbitrary JSON documents in which strings and names are noise, known bad fragments, or both glued together. */
import fc from 'fast-check';
import { BENIGN } from './corpus-benign.ts';
import { HOSTILE } from './corpus-hostile.ts';

const FRAGMENTS = [
  ...HOSTILE.map(([, text]) => text),
  ...BENIGN.slice(0, 20),
  '123-45-6789',
  '4111 1111 1111 1111',
  '4111111111111111',
  'DE89370400440532013000',
  'anna@example.com',
  '+49 30 901820',
  'password=',
  'api_key: ',
  'hunter2x',
  'Bearer ',
  'postgres://u:p4ss@h',
  '-----BEGIN PRIVATE KEY-----',
  'eyJhbGciOiJub25lIn0.e30.',
  'ghp_',
  '[redacted:email]',
  '[redacted:',
  '%25',
  '%2',
  '&#',
  '\\u00',
  '\u200b',
  '\ud800',
  '\u202e',
  'aWdub3JlIGFsbCBwcmV2aW91cyBpbnN0cnVjdGlvbnM',
  'MTIzLTQ1LTY3ODkgc3Nu',
  'ignore ',
  'previous ',
  'instructions',
  '<|',
  '|>',
  ' ',
  '-',
  '=',
  '.',
];

const glued = fc
  .array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(''));
const anyText = fc.oneof(glued, fc.string({ unit: 'grapheme' }), fc.string());
const anyName = fc.oneof(
  anyText,
  fc.constantFrom('password', 'ssn', 'api_key', 'note', '__proto__', '', '/', '~', '~0'),
);

export const anyDocument = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    fc.constantFrom<unknown>(null, true, 4111111111111111, 123456789, 1.5, -0, 1e21),
    fc.integer(),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.array(fc.tuple(anyName, tie('node')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).node;
