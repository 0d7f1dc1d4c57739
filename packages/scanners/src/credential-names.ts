/**
 * Decides whether a name says that its value is a credential: by the word it ends in, whatever stands before it and
 * whichever environment or number stands after. It sees names and never values.
 */

/** `strong`: the value is a credential if it looks like one at all. `opaque`: only if nothing but chance made it. */
export type NameStrength = 'strong' | 'opaque';

// Ends of the name, written together. DB_PASSWORD, dbPassword and x-api-key all fit.
const STRONG = words(`
  password passwd passphrase passcode passwort kennwort contrasena contrasenia senha parola haslo wachtwoord losenord
  adgangskode passord salasana sifre heslo jelszo motdepasse mdp pwd pswd passwrd pass pw secret secrets credential
  credentials authorization bearer apikey apikeys appkey secretkey accesskey privatekey signingkey encryptionkey masterkey
  authkey clientkey sharedkey storagekey servicekey servicerolekey hmackey aeskey deploykey apptoken accountkey subscriptionkey
  authtoken accesstoken refreshtoken bearertoken apitoken sessiontoken bottoken idtoken usertoken deploytoken securitytoken
  accesscode authcode identifiedby apisecret appsecret clientsecret secretaccesskey token passkey webhooksecret
`);
const OPAQUE = words(
  'key auth login sid sessionid session cookie signature jwt otp creds cred credentialdata salt seed',
);

// Words before `key` or `token` that make it something else; words after a strong one do so by standing last.
const NOT_SECRET = words(`
  public primary foreign sort partition cache idempotency object map row group lookup index unique composite message
  routing event registry page nextpage next continuation cancel cancellation pad eos bos unk sep mask stop special column
  hash range natural surrogate candidate translation i18n locale dict dictionary hot short shortcut arrow search filter
  config context data metadata meta storage queue topic state lock sync order item product parent child field property
  json enum tab menu home enter escape ctrl alt function keyboard answer turn pk type csrf xsrf antiforgery per num
  total input output prompt completion max min last first start end legend joinkey dedup dedupe issue project ticket
  before after previous prev sample by com tres over under tour
`);
// Environments, versions and containers that may follow.
const SUFFIXES = words(`
  prod production prd live dev development test testing stage staging stg qa uat sandbox local preview demo ci old new
  current previous next primary secondary main backup default eu us uk de ap apac emea value val text plain plaintext raw
  str string b64 base64 env var field input confirm confirmation repeat again hex enc json a b c v
`);

const cache = new Map<string, NameStrength | null>();
const CACHED_NAMES = 4096;

/** Longer ones are no names. */
export const MAX_NAME = 64;

// dbpassword, mysecret: written without a seam. Short ends would fit too many words (compass, monkey).
const LONG_ENDS = [...STRONG].filter((word) => word.length >= 6);

/** What such a name holds at least, for finding names in text. */
export const NAME_ANCHORS: readonly string[] = [
  'identified by',
  'passw',
  'passp',
  'passc',
  'passk',
  'pass',
  'pwd',
  'pswd',
  'kennwort',
  'contrase',
  'senha',
  'parola',
  'haslo',
  'wachtwoord',
  'losenord',
  'adgangskode',
  'salasana',
  'sifre',
  'heslo',
  'jelszo',
  'motdepasse',
  'mot de passe',
  'mdp',
  'secret',
  'credential',
  'authorization',
  'bearer',
  'key',
  'token',
  'auth',
  'login',
  'cookie',
  'signature',
  'session',
  'jwt',
  'creds',
  'pw',
  'otp',
];

/** What a member, variable, header or flag of this name holds; null where no credential. */
export function nameStrength(name: string): NameStrength | null {
  if (name.length > MAX_NAME || name === '') return null;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const strength = mayName(name) ? judgeName(name) : null;
  if (cache.size >= CACHED_NAMES) cache.clear();
  cache.set(name, strength);
  return strength;
}

// The words that hold no other: one of them stands in each name of a credential, signs aside.
const SHORTEST = [...STRONG, ...OPAQUE].filter(
  (word, _, all) => !all.some((other) => other !== word && word.includes(other)),
);
const HOLDS_WORD = new RegExp(SHORTEST.join('|'));

/** Whether a name is worth cutting into words, which takes ten times as long. */
function mayName(name: string): boolean {
  return /[^\t-~]/.test(name) || HOLDS_WORD.test(name.toLowerCase().replace(/[^a-z0-9]+/g, ''));
}

function judgeName(name: string): NameStrength | null {
  const parts = splitName(name);
  while (parts.length > 1 && (SUFFIXES.has(parts.at(-1)!) || /^[0-9]{1,3}$|^v[0-9]$/.test(parts.at(-1)!))) parts.pop();
  const last = parts.at(-1)?.replace(/[0-9]{1,3}$/, '');
  if (last === undefined || last === '') return null;
  const before = parts.slice(0, -1);
  const qualifier = before.at(-1) ?? '';
  const joined = `${qualifier}${last}`;
  if (/^(?:keys?|tokens?)$/.test(last) && (NOT_SECRET.has(qualifier) || NOT_SECRET.has(before.slice(-2).join('')))) {
    return null;
  }
  if (STRONG.has(last) || STRONG.has(joined) || STRONG.has(before.slice(-2).join('') + last))
    return isBare(last, before);
  if (OPAQUE.has(last)) return 'opaque';
  return endsInStrong(last) ? 'strong' : null;
}

/** Words of a name in lower case, cut at separators and at humps. */
function splitName(name: string): string[] {
  const humps = /[A-Z]/.test(name)
    ? name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    : name;
  return humps
    .replace(/[^\t-~]+/g, (accented) => accented.normalize('NFKD').replace(/\p{Mn}/gu, ''))
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
}

/** A bare `token` or `auth` may hold anything, a bare `pass` a verdict; only what looks random counts there. */
function isBare(last: string, before: readonly string[]): NameStrength {
  return before.length === 0 && (last === 'token' || last === 'bearer') ? 'opaque' : 'strong';
}

function endsInStrong(word: string): boolean {
  return (
    LONG_ENDS.some((end) => word.length > end.length && word.endsWith(end)) ||
    /(?:db|root|user|admin|my|smtp|ftp)(?:pass|pwd|pw)$/.test(word)
  );
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}
// prettier-ignore
