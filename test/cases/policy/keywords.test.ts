/** What nobody sees hides no word, and neither does cutting a command into a list. */
import { describe, expect, it } from 'vitest';
import { compiled, verdict } from './ask-policy.ts';

const policy = compiled(`
rules:
  - { id: yes, match: {}, decision: allow }
  - { id: no, match: { keywords: ["rm -rf", shutdown, "drop table"] }, decision: deny }
`);

function decided(body: object) {
  return verdict(policy, { topic: 'job.a', ...body })[0];
}

/** Seen by nobody, or seen as nothing: each between two letters, and twice. */
const UNSEEN = [
  0x07, 0x08, 0x1b, 0x7f, 0xad, 0x300, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e, 0x200b, 0x200c, 0x200d,
  0x200e, 0x202e, 0x2060, 0x2063, 0x2066, 0x20dd, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0x1d173, 0xe0001, 0xe0041,
  0xe0100,
];

describe('a character that nobody sees', () => {
  it.each(UNSEEN.map((point) => [point.toString(16).padStart(4, '0'), String.fromCodePoint(point)]))(
    'U+%s hides nothing',
    (_, char) => {
      expect(decided({ prompt: `shut${char}down` })).toBe('deny');
      expect(decided({ payload: { command: `r${char}m${char} -${char}rf /` } })).toBe('deny');
      expect(decided({ payload: { [`shut${char}${char}down`]: 1 } })).toBe('deny');
    },
  );

  it('nor does one of them in the policy itself', () => {
    const own = compiled(
      'rules: [{ id: no, match: { keywords: ["shut\\u034fdown"] }, decision: deny }]\ndefault_decision: allow',
    );
    expect(verdict(own, { topic: 'job.a', prompt: 'shutdown now' })[0]).toBe('deny');
  });

  it('and a letter that looks like another is that one', () => {
    expect(decided({ prompt: 'ѕhutdоwn' })).toBe('deny');
    expect(decided({ prompt: 'ｓｈｕｔｄｏｗｎ' })).toBe('deny');
  });
});

describe('a list', () => {
  it.each([
    ['cut at each space', { argv: ['rm', '-rf', '/'] }, 'deny'],
    ['with a command in front', { argv: ['sudo', 'rm', '-rf', '/'] }, 'deny'],
    ['inside a list', { argv: ['sh', ['rm', ['-rf'], '/']] }, 'deny'],
    ['deep in the payload', { steps: [{ run: { args: ['drop', 'table', 'users'] } }] }, 'deny'],
    ['with a number in it', { words: ['drop', 'table', 7] }, 'deny'],
    ['in another order', { argv: ['-rf', 'rm'] }, 'allow'],
    ['with a word between', { argv: ['rm', '-i', '-rf'] }, 'allow'],
    ['of objects, which are said apart', { rows: [{ text: 'please drop' }, { text: 'table for two' }] }, 'allow'],
  ])('%s', (_, payload, wanted) => {
    expect(decided({ payload })).toBe(wanted);
  });

  it('costs no more for being nested', () => {
    let nested: unknown = 'x '.repeat(10_000);
    for (let depth = 0; depth < 25; depth++) nested = [nested, 'y'];
    const started = process.threadCpuUsage();
    expect(decided({ payload: { nested } })).toBe('allow');
    expect(process.threadCpuUsage(started).user).toBeLessThan(2_000_000);
  });
});
