/** The second half of the disguises of tools: kinds that `evasions.ts` has not, written with it, scored once at the end. */
import type { Random } from '../random.ts';
import {
  backwards,
  base64,
  bytes,
  byWord,
  chunks,
  entities,
  hex,
  letters,
  mapped,
  percent,
  rot,
  uEscaped,
} from '../wide/write-disguised.ts';
import { base32hex, base36, crockford, sevenBits, square, z85 } from './write-encoded.ts';

type Disguise = readonly [name: string, words: boolean, change: (text: string, r: Random) => unknown];

const MIRRORED: Readonly<Record<string, string>> = { e: 'ɘ', r: 'я', n: 'и', s: 'ƨ', p: 'q', t: 'ƚ' };

export const TOOLS_SECOND: readonly Disguise[] = [
  ['base36', false, base36],
  ['z85', false, z85],
  ['base32 of extended hexadecimal', false, base32hex],
  ['base32 of Crockford', false, crockford],
  ['base64 without padding in a sentence', false, (text) => `Note: ${base64(text).replace(/=+$/, '')}; thanks.`],
  ['base64 with a time stamp before', false, (text) => `2026-01-02T03:04:05Z ${base64(text)}`],
  [
    'base64 between lines of an armour',
    false,
    (text) => `-----BEGIN MESSAGE-----\n${chunks(base64(text), 64, '\n')}\n-----END MESSAGE-----`,
  ],
  ['base64 in brackets', false, (text) => `atob('${base64(text)}')`],
  ['encoded command', false, (text) => `powershell -EncodedCommand ${Buffer.from(text, 'utf16le').toString('base64')}`],
  [
    'base64 numbered',
    false,
    (text) =>
      chunks(base64(text), 16, '\n')
        .split('\n')
        .map((part, i) => `${i + 1}: ${part}`)
        .join('\n'),
  ],
  ['hexadecimal of SQL', false, (text) => `SELECT 0x${hex(text).toUpperCase()}`],
  [
    'hexadecimal with backslashes in capitals',
    false,
    (text) => bytes(text, (b) => `\\X${b.toString(16).toUpperCase()}`, ''),
  ],
  ['hexadecimal in brackets', false, (text) => bytes(text, (b) => `<${b.toString(16)}>`, '')],
  [
    'hexadecimal in strings of a list',
    false,
    (text) => ({ b: [...Buffer.from(text)].map((b) => `0x${b.toString(16)}`) }),
  ],
  ['dump of od -c', false, (text) => `0000000 ${[...text].map((c) => c.padStart(3)).join(' ')}`],
  ['decimal, no signs between', false, (text) => bytes(text, (b) => String(b).padStart(3, '0'), '')],
  ['decimal with plus signs', false, (text) => bytes(text, String, '+')],
  ['octal with zeros', false, (text) => bytes(text, (b) => `0${b.toString(8)}`, ' ')],
  ['binary of seven', true, sevenBits],
  ['binary with 0b', false, (text) => bytes(text, (b) => `0b${b.toString(2).padStart(8, '0')}`, ' ')],
  [
    'percent in capitals in a query',
    false,
    (text) => `https://a.example/?q=${bytes(text, (b) => `%${b.toString(16).toUpperCase()}`, '')}`,
  ],
  ['percent three times', false, (text) => percent(text).replaceAll('%', '%25').replaceAll('%', '%25')],
  ['escapes with braces', false, (text) => [...text].map((c) => `\\u{${c.charCodeAt(0).toString(16)}}`).join('')],
  ['escapes in a YAML string', false, (text) => `note: "${uEscaped(text)}"`],
  [
    'named characters of Python',
    true,
    (text) => letters(text, (i) => `\\N{LATIN SMALL LETTER ${String.fromCharCode(65 + i)}}`),
  ],
  [
    'fromCodePoint',
    false,
    (text) => `String.fromCodePoint(${[...text].map((c) => `0x${c.charCodeAt(0).toString(16)}`).join(', ')})`,
  ],
  [
    'character entities named',
    false,
    (text) => entities(text).replaceAll('&#x20;', '&nbsp;').replaceAll('&#x2e;', '&period;'),
  ],
  [
    'template of JavaScript',
    true,
    (text) => `\`${byWord(text, (word) => `\${'${word.slice(0, 3)}'}\${'${word.slice(3)}'}`, ' ')}\``,
  ],
  [
    'pieces joined by commas in a call',
    true,
    (text) => `console.log(${chunks(text, 6, '", "').replace(/^/, '"').replace(/$/, '"')})`,
  ],
  ['strings side by side', true, (text) => chunks(text, 5, '" "').replace(/^/, '"').replace(/$/, '"')],
  [
    'format string',
    true,
    (text) =>
      `"${text
        .split(' ')
        .map((_, i) => `{${i}}`)
        .join(' ')}".format(${text
        .split(' ')
        .map((word) => `"${word}"`)
        .join(', ')})`,
  ],
  ['line continued by backslashes', true, (text) => chunks(text, 7, '\\\n')],
  ['YAML folded by words', true, (text) => `note: >-\n  ${text.replaceAll(' ', '\n  ')}`],
  ['list of YAML', true, (text) => `- ${text.replaceAll(' ', '\n- ')}`],
  [
    'attributes of XML',
    true,
    (text) =>
      `<m ${text
        .split(' ')
        .map((word, i) => `w${i}="${word}"`)
        .join(' ')}/>`,
  ],
  ['comment in XML', true, (text) => `<!-- ${text} -->`],
  [
    'spans around letters',
    true,
    (text) => byWord(text, (word) => [...word].map((c) => `<span>${c}</span>`).join(''), ' '),
  ],
  [
    'spans with attributes inside of words',
    true,
    (text) => byWord(text, (word) => `<span class="a">${word.slice(0, 2)}</span>${word.slice(2)}`, ' '),
  ],
  ['footnotes inside of words', true, (text) => byWord(text, (word) => `${word.slice(0, 3)}[^1]${word.slice(3)}`, ' ')],
  ['emphasis on halves', true, (text) => byWord(text, (word) => `*${word.slice(0, 2)}*${word.slice(2)}`, ' ')],
  ['semicolons of CSV', true, (text) => text.replaceAll(' ', ';')],
  [
    'a column of a wide table',
    true,
    (text) =>
      text
        .split(' ')
        .map((word, i) => `${100 + i};Berlin;${word};open`)
        .join('\n'),
  ],
  ['messages of a chat', true, (text) => text.split(' ').map((content) => ({ role: 'user', content }))],
  ['query of plus signs', true, (text) => `https://a.example/search?q=${text.replaceAll(' ', '+')}&l=en`],
  ['polybius', true, (text) => square(text, (row, column) => `${row}${column} `)],
  [
    'numbers of letters, padded',
    true,
    (text) => byWord(text, (word) => letters(word, (i) => `${String(i + 1).padStart(2, '0')} `), '  '),
  ],
  ['nine letters on', true, (text) => rot(text, 9)],
  ['atbash backwards', true, (text) => backwards(letters(text, (i) => String.fromCharCode(122 - i)))],
  ['words backwards, last first', true, (text) => text.split(' ').reverse().map(backwards).join(' ')],
  [
    'morse of round dots',
    true,
    (text) =>
      byWord(
        text,
        (word) =>
          letters(
            word,
            (i) =>
              `${'.- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..'.split(' ')[i]!.replaceAll('.', '•').replaceAll('-', '−')} `,
          ),
        '/ ',
      ),
  ],
  ['emoji letters', true, (text) => letters(text, (i) => String.fromCodePoint(0x1f170 + i))],
  [
    'names of emoji letters',
    true,
    (text) => letters(text, (i) => `:regional_indicator_${String.fromCharCode(97 + i)}: `),
  ],
  [
    'squared letters, spaced',
    true,
    (text) => byWord(text, (word) => [...letters(word, (i) => String.fromCodePoint(0x1f130 + i))].join(' '), '   '),
  ],
  [
    'double-struck capitals',
    true,
    (text) =>
      letters(text, (i) => String.fromCodePoint(0x1d538 + i)).replace(
        /[\u{1d53a}\u{1d53f}\u{1d545}\u{1d547}-\u{1d549}\u{1d551}]/gu,
        (c) => ({ 2: 'ℂ', 7: 'ℍ', 13: 'ℕ', 15: 'ℙ', 16: 'ℚ', 17: 'ℝ', 25: 'ℤ' })[c.codePointAt(0)! - 0x1d538] ?? c,
      ),
  ],
  ['letters mirrored', true, (text) => mapped(text, MIRRORED)],
  [
    'selectors behind a heart',
    false,
    (text) => `Nice \u2764${bytes(text, (b) => String.fromCodePoint(b < 16 ? 0xfe00 + b : 0xe0100 + b - 16), '')}`,
  ],
  ['non-joiners and joiners', false, (text) => [...text].join('\u200c\u200d')],
  ['vowel separators', false, (text) => [...text].join('\u180e')],
  ['kebab case', true, (text) => text.replaceAll(' ', '-')],
  ['capitals with underscores', true, (text) => text.toUpperCase().replaceAll(' ', '_')],
  ['every second letter', true, (text) => [...text].map((c) => `${c}x`).join('')],
];
