/**
 * Cases by hand, a line each, in `personal-data.txt` and `secrets.txt`: under `# type`, ten that have it in an unlikely place
 * (`+`) and ten look-alikes (`-`). The same mark twice is a case that is known to be judged wrong. `§` is a value of the type,
 * made from a seed, `§[3.3-2]` the same in groups, `§_` in small letters; `¤` is a broken one,
 * with wrong arithmetic or cut off. What begins with `{"` is JSON.
 */
import { readFileSync } from 'node:fs';
import { MORE_PII, PII } from '../pii-values.ts';
import { ALNUM, DIGITS, LOWER, type Random, randomFrom, UPPER } from '../random.ts';
import type { Sample } from '../sample.ts';
import { OPAQUE, PROVIDERS, pem } from '../secret-values.ts';

export type Row = { type: string; positive: boolean; known: boolean; text: string };

const KINDS: Readonly<Record<string, readonly string[]>> = {
  aws_key: ['aws'],
  github_token: ['github', 'github-fine'],
  gitlab_token: ['gitlab'],
  slack_token: ['slack'],
  stripe_key: ['stripe'],
  npm_token: ['npm'],
  google_key: ['google', 'google-oauth'],
  model_provider_key: ['openai', 'openai-old', 'anthropic', 'huggingface', 'groq'],
  webhook_url: ['discord-hook'],
  jwt: ['jwt', 'jwt-unsigned'],
};
const OTHERS = new Set([...Object.values(KINDS).flat(), 'slack-hook', 'azure-client', 'azure-storage']);

const PII_TYPES = new Set([...PII, ...MORE_PII].map(([name]) => name));

const MADE: Readonly<Record<string, (r: Random) => string>> = {
  private_key: (r) => pem(r).join('\n'),
  azure_key: (r) => `${r.chars(`${ALNUM}+/`, 86)}==`,
  nats_seed: natsSeed,
  countersign_key: (r) => `cs_${r.chars(ALNUM, 43)}`,
  vendor_token: (r) => r.pick(PROVIDERS.filter(([kind]) => !OTHERS.has(kind)))[1](r),
};

function maker(type: string): (r: Random) => string {
  const person = [...PII, ...MORE_PII].find(([name]) => name === type);
  if (person !== undefined) return person[3];
  const kinds = KINDS[type];
  if (kinds !== undefined) return (r) => r.pick(PROVIDERS.filter(([kind]) => kinds.includes(kind)))[1](r);
  return MADE[type] ?? ((r) => r.pick(OPAQUE)[1](r));
}

export function readRows(file: 'personal-data' | 'secrets'): Row[] {
  let type = '';
  return readFileSync(new URL(`${file}.txt`, import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, mark = '', text = ''] = /^([#+-]{1,2}) (.*)$/.exec(line) ?? [];
      if (mark === '#') type = text;
      return mark === '' || mark === '#' ? [] : [{ type, positive: mark[0] === '+', known: mark.length > 1, text }];
    });
}

/** What is scanned of a row: its text with values put in, or the JSON that it is. */
export function scannedOf({ type, text }: Row, seed: number): unknown {
  const r = randomFrom(seed);
  const make = maker(type);
  const fill = (part: string): string =>
    part.replace(/§(?:\[([^\]]*)\])?(_?)|¤/g, (hole, groups?: string, small?: string) => {
      const made = make(r);
      if (hole === '¤') return PII_TYPES.has(type) ? broken(made) : made.slice(0, 12);
      const grouped = groups === undefined ? made : group(made.replace(/[^A-Za-z0-9]/g, ''), groups);
      return small === '_' ? grouped.toLowerCase() : grouped;
    });
  if (!text.startsWith('{"')) return fill(text.replaceAll('\\n', '\n').replaceAll('\\t', '\t'));
  return JSON.parse(text, (_, value) => (typeof value === 'string' ? fill(value) : value));
}

/** Every row of one sign with values from several seeds. */
export function rowSamples(file: 'personal-data' | 'secrets', positive: boolean, seed: number): Sample[] {
  return readRows(file)
    .filter((row) => row.positive === positive)
    .flatMap((row, i) => [0, 1, 2].map((n) => ({ kind: row.type, value: scannedOf(row, seed + 3 * i + n) })));
}

/** A form is left, its arithmetic is not. */
function broken(value: string): string {
  const set = [DIGITS, UPPER].find((chars) => chars.includes(value[2]!)) ?? LOWER;
  return `${value.slice(0, 2)}${set[(set.indexOf(value[2]!) + 1) % set.length]}${value.slice(3)}`;
}

function group(value: string, groups: string): string {
  let at = 0;
  const parts = groups.replace(/\d+/g, (length) => {
    const part = value.slice(at, at + Number(length));
    at += Number(length);
    return part;
  });
  return parts + value.slice(at);
}

const BASE32 = `${UPPER}234567`;

/** Prefix and 32 random bytes in base 32, and their CRC-16 (CCITT, XMODEM), low byte first. */
function natsSeed(r: Random): string {
  const bytes = [0x95, 0x00, ...Array.from({ length: 32 }, () => r.int(256))];
  const sum = bytes.reduce((crc, byte) => {
    let value = crc ^ (byte << 8);
    for (let bit = 0; bit < 8; bit += 1) value = ((value << 1) ^ (value & 0x8000 ? 0x1021 : 0)) & 0xffff;
    return value;
  }, 0);
  const bits = [...bytes, sum & 0xff, sum >> 8].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.padEnd(290, '0').match(/.{5}/g) ?? []).map((five) => BASE32[Number.parseInt(five, 2)]).join('');
}
