/** Credentials of each kind, freshly made up from a seed. None was ever valid. */
import { ALNUM, DIGITS, HEX, LOWER, type Random, UPPER } from './random.ts';

type Maker = readonly [kind: string, make: (r: Random) => string];
const B64URL = `${ALNUM}-_`;

/** Tokens that say by their form whose they are. */
export const PROVIDERS: readonly Maker[] = [
  ['aws', (r) => `${r.pick(['AKIA', 'ASIA'])}${r.chars(`${UPPER}234567`, 16)}`],
  ['github', (r) => `${r.pick(['ghp_', 'gho_', 'ghs_'])}${r.chars(ALNUM, 36)}`],
  ['github-fine', (r) => `github_pat_${r.chars(ALNUM, 22)}_${r.chars(ALNUM, 59)}`],
  ['gitlab', (r) => `glpat-${r.chars(B64URL, 20)}`],
  ['slack', (r) => `xoxb-${r.digits(12)}-${r.digits(13)}-${r.chars(ALNUM, 24)}`],
  [
    'slack-hook',
    (r) =>
      `https://hooks.slack.com/services/T${r.chars(UPPER + DIGITS, 10)}/B${r.chars(UPPER + DIGITS, 10)}/${r.chars(ALNUM, 24)}`,
  ],
  ['stripe', (r) => `${r.pick(['sk_live_', 'rk_live_'])}${r.chars(ALNUM, r.pick([24, 99]))}`],
  ['npm', (r) => `npm_${r.chars(ALNUM, 36)}`],
  ['google', (r) => `AIza${r.chars(B64URL, 35)}`],
  ['google-oauth', (r) => `GOCSPX-${r.chars(B64URL, 28)}`],
  ['openai', (r) => `sk-proj-${r.chars(B64URL, 74)}T3BlbkFJ${r.chars(B64URL, 74)}`],
  ['openai-old', (r) => `sk-${r.chars(ALNUM, 20)}T3BlbkFJ${r.chars(ALNUM, 20)}`],
  ['anthropic', (r) => `sk-ant-api03-${r.chars(B64URL, 93)}AA`],
  ['huggingface', (r) => `hf_${r.chars(LOWER + UPPER, 34)}`],
  ['groq', (r) => `gsk_${r.chars(ALNUM, 52)}`],
  ['sendgrid', (r) => `SG.${r.chars(B64URL, 22)}.${r.chars(B64URL, 43)}`],
  ['twilio', (r) => `SK${r.chars(HEX, 32)}`],
  ['mailgun', (r) => `key-${r.chars(HEX, 32)}`],
  ['mailchimp', (r) => `${r.chars(HEX, 32)}-us${1 + r.int(20)}`],
  ['telegram', (r) => `${r.digits(10)}:AA${r.chars(B64URL, 33)}`],
  ['discord', (r) => `${b64url(r.digits(18))}.${r.chars(B64URL, 6)}.${r.chars(B64URL, 38)}`],
  ['shopify', (r) => `shpat_${r.chars(HEX, 32)}`],
  ['databricks', (r) => `dapi${r.chars(HEX, 32)}`],
  ['digitalocean', (r) => `dop_v1_${r.chars(HEX, 64)}`],
  ['vault', (r) => `hvs.${r.chars(B64URL, 95)}`],
  ['terraform', (r) => `${r.chars(ALNUM, 14)}.atlasv1.${r.chars(B64URL, 67)}`],
  ['pypi', (r) => `pypi-AgEIcHlwaS5vcmc${r.chars(B64URL, 120)}`],
  ['docker', (r) => `dckr_pat_${r.chars(B64URL, 27)}`],
  ['linear', (r) => `lin_api_${r.chars(ALNUM, 40)}`],
  ['notion', (r) => `ntn_${r.digits(11)}${r.chars(ALNUM, 35)}`],
  ['figma', (r) => `figd_${r.chars(B64URL, 40)}`],
  ['airtable', (r) => `pat${r.chars(ALNUM, 14)}.${r.chars(HEX, 64)}`],
  ['atlassian', (r) => `ATATT3xFfGF0${r.chars(B64URL, 171)}=${r.chars(HEX.toUpperCase(), 8)}`],
  ['grafana', (r) => `glsa_${r.chars(ALNUM, 32)}_${r.chars(HEX, 8)}`],
  ['newrelic', (r) => `NRAK-${r.chars(UPPER + DIGITS, 27)}`],
  ['postman', (r) => `PMAK-${r.chars(HEX, 24)}-${r.chars(HEX, 34)}`],
  ['square', (r) => `sq0csp-${r.chars(B64URL, 43)}`],
  ['doppler', (r) => `dp.pt.${r.chars(ALNUM, 43)}`],
  ['tailscale', (r) => `tskey-auth-${r.chars(ALNUM, 12)}CNTRL-${r.chars(ALNUM, 32)}`],
  ['supabase', (r) => `sbp_${r.chars(HEX, 40)}`],
  ['azure-client', (r) => `${r.chars(ALNUM, 3)}8Q~${r.chars(B64URL, 34)}`],
  ['azure-storage', (r) => `AccountKey=${r.chars(`${ALNUM}+/`, 86)}==`],
  ['age', (r) => `AGE-SECRET-KEY-1${r.chars('QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L', 58)}`],
  ['rubygems', (r) => `rubygems_${r.chars(HEX, 48)}`],
  ['planetscale', (r) => `pscale_tkn_${r.chars(B64URL, 43)}`],
  ['sentry', (r) => `sntryu_${r.chars(HEX, 64)}`],
  ['discord-hook', (r) => `https://discord.com/api/webhooks/${r.digits(18)}/${r.chars(B64URL, 68)}`],
  [
    'jwt',
    (r) =>
      `${b64url('{"alg":"HS256","typ":"JWT"}')}.${b64url(`{"sub":"${r.digits(9)}","iat":17${r.digits(8)}}`)}.${r.chars(B64URL, 43)}`,
  ],
  ['jwt-unsigned', (r) => `${b64url('{"alg":"none","typ":"JWT"}')}.${b64url(`{"sub":"${r.digits(9)}","admin":true}`)}`],
];

const WORDS = [
  'Sunrise',
  'falcon',
  'Winter',
  'maple',
  'Cobalt',
  'tiger',
  'Harbor',
  'pixel',
  'Granite',
  'lemon',
  'orbit',
];
/** Values that only their place makes a credential. */
export const OPAQUE: readonly Maker[] = [
  ['alnum-16', (r) => r.chars(ALNUM, 16)],
  ['alnum-32', (r) => r.chars(ALNUM, 32)],
  ['hex-32', (r) => r.chars(HEX, 32)],
  ['hex-64', (r) => r.chars(HEX, 64)],
  ['base64-40', (r) => r.chars(`${ALNUM}+/`, 40)],
  ['word-digits', (r) => `${r.pick(WORDS)}${r.pick(['!', '#', '@', ''])}${1 + r.int(9)}${r.digits(3)}`],
  ['symbols-14', (r) => `${r.chars(UPPER, 1)}${r.chars(`${ALNUM}!#%*+-._~^`, 12)}${r.digits(1)}`],
];
/** Values that a syntax has to quote. */
export const QUOTED: readonly Maker[] = [
  ...OPAQUE,
  [
    'punctuated',
    (r) => `${r.chars(ALNUM, 5)}${r.chars(',;:&<>)}] ', 2)}${r.chars(ALNUM, 5)}${r.chars('@$;,) ', 2)}${r.digits(2)}`,
  ],
  ['phrase', (r) => `${r.pick(WORDS)} ${r.pick(WORDS)} ${r.pick(WORDS)} ${r.digits(2)}`],
];

export function pem(r: Random, kind = r.pick(['RSA ', 'EC ', 'OPENSSH ', '', 'ENCRYPTED '])): string[] {
  return [
    `-----BEGIN ${kind}PRIVATE ${'KEY'}-----`,
    ...Array.from({ length: 6 }, () => r.chars(`${ALNUM}+/`, 64)),
    `-----END ${kind}PRIVATE ${'KEY'}-----`,
  ];
}

function b64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
