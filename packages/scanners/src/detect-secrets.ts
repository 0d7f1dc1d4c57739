/**
 * Finds credentials: tokens by the prefixes their vendors publish, private keys, JSON Web Tokens, URLs with passwords,
 * and names such as `password` with a value that looks like one. It reports places only and never keeps what it read.
 */
import { detectAssignments, detectSecretMember, detectStatements } from './detect-assignments.ts';
import type { Emit } from './detect-pii.ts';
import type { FindingTypeName } from './finding-types.ts';
import type { Survey } from './survey.ts';

const ALNUM = /[A-Za-z0-9]/;
const UPPER = /[A-Z0-9]/;
const BASE32 = /[A-Z2-7]/;
const WORD = /[A-Za-z0-9_-]/;
const DOTTED = /[A-Za-z0-9_.-]/;
const URL = /[A-Za-z0-9_/-]/;
const BASE64 = /[A-Za-z0-9+/=%]/;

/** A token: a literal prefix, then at least `min` and at most `max` characters of one class, then another one. */
type TokenForm = readonly [type: FindingTypeName, prefixes: string, body: RegExp, min: number, max: number];

const MAX_TOKEN = 512;
const TOKENS: readonly TokenForm[] = [
  ['countersign_key', 'cs_', WORD, 43, 43],
  ['aws_key', 'AKIA ASIA ABIA ACCA', UPPER, 16, 16],
  ['github_token', 'ghp_ gho_ ghu_ ghs_ ghr_', ALNUM, 36, MAX_TOKEN],
  ['github_token', 'github_pat_', WORD, 22, MAX_TOKEN],
  [
    'gitlab_token',
    'glpat- gldt- glrt- glptt- glcbt- glsoat- gloas- glft- glimt- glagent- GR1348941',
    WORD,
    20,
    MAX_TOKEN,
  ],
  ['slack_token', 'xoxb- xoxa- xoxp- xoxr- xoxs- xoxc- xoxd- xoxe- xoxe. xapp-', DOTTED, 10, MAX_TOKEN],
  ['slack_token', 'hooks.slack.com/services/ hooks.slack.com/workflows/', URL, 30, MAX_TOKEN],
  ['stripe_key', 'sk_live_ sk_test_ rk_live_ rk_test_ whsec_', ALNUM, 16, MAX_TOKEN],
  ['npm_token', 'npm_', ALNUM, 36, 36],
  ['google_key', 'AIza', WORD, 35, 35],
  ['google_key', 'GOCSPX-', WORD, 24, MAX_TOKEN],
  ['google_key', 'ya29.', WORD, 20, MAX_TOKEN],
  ['azure_key', 'AccountKey= SharedAccessKey= SharedAccessSignature=', BASE64, 40, MAX_TOKEN],
  ['vendor_token', 'sk-', WORD, 32, MAX_TOKEN],
  [
    'vendor_token',
    'pypi- dckr_pat_ dckr_oat_ hvs. hvb. dop_v1_ doo_v1_ lin_api_ rubygems_ nfp_ tfp_',
    DOTTED,
    24,
    MAX_TOKEN,
  ],
  ['vendor_token', 'shpat_ shpss_ shpca_ shppa_ hf_ key- PMAK- dapi NRAK- glc_ sntrys_ sbp_', WORD, 32, MAX_TOKEN],
  ['vendor_token', 'SG.', DOTTED, 60, MAX_TOKEN],
  ['vendor_token', 'AGE-SECRET-KEY-1', UPPER, 58, 58],
  ['nats_seed', 'SA SC SN SO SU SX', BASE32, 56, 56],
];
type Needle = { type: FindingTypeName; prefix: string; body: RegExp; min: number; max: number };
const NEEDLES: readonly Needle[] = TOKENS.flatMap(([type, prefixes, body, min, max]) =>
  prefixes.split(' ').map((prefix) => ({ type, prefix, body, min, max })),
);
const MIN_TOKEN_RUN = 16;

// Each occurrence of a prefix costs at most MAX_TOKEN steps and a match is skipped over: linear.
function detectTokens(text: string, emit: Emit): void {
  for (const { type, prefix, body, min, max } of NEEDLES) {
    for (let at = text.indexOf(prefix); at !== -1; ) {
      const start = at + prefix.length;
      let end = start;
      // A longer run than `max` is something else, unless the class has no end: then the whole run goes.
      while (end < text.length && end - start <= max && body.test(text[end]!)) end += 1;
      const fits = end - start >= min && (end - start <= max || max === MAX_TOKEN);
      const standsAlone = at === 0 || !ALNUM.test(text[at - 1]!);
      if (fits && standsAlone && isRandomEnough(text.slice(start, end))) emit(type, at, end);
      at = text.indexOf(prefix, fits ? end : at + 1);
    }
  }
}

/** Random text repeats little; `sk-` before a long hyphenated word, or a row of x, is not a token. */
function isRandomEnough(body: string): boolean {
  return /[0-9]/.test(body) || (/[a-z]/.test(body) && /[A-Z]/.test(body) && !/[a-z]{12}/.test(body));
}

const PEM_BEGIN = /-----BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)-----/g;

/** Covers the whole block; without an end marker everything after the begin marker is taken for key material. */
function detectPrivateKeys(text: string, emit: Emit): void {
  let done = 0;
  for (const found of text.matchAll(PEM_BEGIN)) {
    if (found.index < done) continue;
    const closing = `-----END ${found[1]}-----`;
    const end = text.indexOf(closing, found.index);
    done = end === -1 ? text.length : end + closing.length;
    emit('private_key', found.index, done);
  }
}

// Three base64url parts; the last may be empty (`alg: none`). `eyJ` is `{"` encoded, so each try starts at a header.
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,4096}\.[A-Za-z0-9_-]{2,16384}\.[A-Za-z0-9_-]{0,16384}/g;

function detectJwts(text: string, emit: Emit): void {
  for (const found of text.matchAll(JWT)) {
    const header = Buffer.from(found[0].slice(0, found[0].indexOf('.')), 'base64url').toString('latin1');
    if (/"(?:alg|typ|enc|kid)"/.test(header)) emit('jwt', found.index, found.index + found[0].length);
  }
}

const MAX_USERINFO = 512;

/** `scheme://user:password@host`; the whole URL up to the `@` goes, user included. */
function detectConnectionStrings(text: string, emit: Emit): void {
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    let start = at;
    while (start > 0 && at - start < 32 && /[A-Za-z0-9+.-]/.test(text[start - 1]!)) start -= 1;
    const userinfo = text.slice(at + 3, at + 3 + MAX_USERINFO).match(/^[^\s/?#@:"'<>]*:([^\s/?#@"'<>]+)@/);
    if (!userinfo || start === at || isPlaceholderPassword(userinfo[1]!)) continue;
    emit('connection_string', start, at + 3 + userinfo[0].length);
  }
}

const isPlaceholderPassword = (password: string): boolean =>
  /^(?:\*+|x+|\.+|\$\{?\w*\}?|\{+\w*\}+|\[?(?:redacted|password|pass|pwd)\b.*)$/i.test(password);

// Azure client secrets carry this mark after three characters.
const AZURE_SECRET = /(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~.-])/g;

// Letters of every name that a statement can start with, capitalised or not.
const STATEMENT_WORDS = [
  'assw',
  'assphrase',
  'ennwort',
  'ontrase',
  'ot de passe',
  'pi key',
  'PI key',
  'ecret',
  'PASSW',
];

/** Reports credentials in a text. `context` is the name of the member that holds it, '' where there is none. */
export function detectSecrets(text: string, survey: Survey, context: string, emit: Emit): void {
  if (context !== '') detectSecretMember(text, context, emit);
  if (survey.hasAssign) {
    detectAssignments(text, emit);
    detectConnectionStrings(text, emit);
  }
  if (STATEMENT_WORDS.some((word) => text.includes(word))) detectStatements(text, emit);
  if (text.includes('-----BEGIN ')) detectPrivateKeys(text, emit);
  if (survey.longestRun < MIN_TOKEN_RUN) return;
  detectTokens(text, emit);
  if (text.includes('eyJ')) detectJwts(text, emit);
  if (text.includes('Q~')) {
    for (const found of text.matchAll(AZURE_SECRET)) emit('azure_key', found.index, found.index + found[0].length);
  }
}
