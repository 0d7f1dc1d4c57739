/**
 * Decides whether a value looks like a credential: by length, alphabet and entropy, unless the whole of it is a
 * placeholder, a reference to where the credential really is, or an example from a vendor's documentation.
 */
import type { NameStrength } from './credential-names.ts';

const COUNTS = new Uint16Array(128);
/** More of a value says no more. */
const ENTROPY_CHARS = 256;

/** Shannon entropy in bits per character of the first 256; characters that are not ASCII count as one. */
export function measureEntropy(value: string): number {
  COUNTS.fill(0);
  const length = Math.min(value.length, ENTROPY_CHARS);
  for (let i = 0; i < length; i += 1) {
    const code = value.charCodeAt(i);
    COUNTS[code < 128 ? code : 0]! += 1;
  }
  let bits = 0;
  for (const count of COUNTS) if (count > 0) bits -= (count / length) * Math.log2(count / length);
  return bits;
}

const PLACEHOLDER_WORDS = new Set(
  `your my our the a an here enter insert change changeme change_me me example sample dummy placeholder fake mock test
  testing redacted masked hidden removed none null nil undefined true false yes no empty unset default string str text
  number int integer bool boolean bytes any object array required optional value token key secret password passwd pass pwd
  api apikey access auth bearer client private public username user name id todo tbd na abc foo bar baz qux xxx replace with
  put goes this real actual some something super new old encrypted not set provided stored securely env var variable
  is of from to for and or in at as be it use add type paste admin root guest postgres mysql redis
  invalid wrong missing expired denied failed success ok on off enabled disabled basic digest`
    .trim()
    .split(/\s+/),
);
const FORMS =
  /^(?:(.)\1*|[*.x#_\-•]+|<[^>]*>|\{\{?.*\}\}?|\$\{?[\w.:-]*\}?|\$\{\w+:?\?.*|\$\(.*\)|%[\w().-]*%?|\[[^\]]*\]|__.*__|\.{3}.*|n\/a|aws4-hmac-sha256|(?:0?1?2345678?9?0?|abc123|abcdef|qwerty)|(?:u?int|sha|md|aes|scram|hmac|rs|hs|es|ed|utf|base|bcrypt|argon)-?\w{0,12}(?:-\d+)?)$/i;
const REFERENCES =
  /^(?:(?:https?|s3|gs|ssm|vault|env|file|op|ref\+\w+|secret|secrets|awssm|sops|arn|projects|keyvault|kms|doppler|bws|akv|gcp|aws-sm):|arn:|\/[\w./-]*$|\.{1,2}\/|~\/|@microsoft\.keyvault|!(?:ref|getatt|sub|env|vault)|enc\[|secretref|process\.|env\.|os\.|import\.|projects\/|secret\/|secrets\/|kv\/)/i;
/** Written in code without quotes: a name, a call, a member. */
const CODE =
  /^(?:await|new|return|function|null|self|this|ctx|req|request|args|opts|options|config|settings|params|secrets|vars)\b|^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+(?:[([?!]|$)|^[A-Za-z_$][\w$.:]*[([]|^&?(?:str|String|string|bool|Option|Vec|char)\b|^[A-Za-z]+(?:_[A-Za-z]+)+$|^[A-Z][a-z]+(?:[A-Z][a-z]+)+$|^[a-z]+(?:[A-Z][a-z]+)+$/;
const DOCUMENTED =
  /EXAMPLE(?:KEY|TOKEN)?$|^sk_test_4eC39HqLyjWDarjtT1zdp7dc$|(?:1234567890|0123456789|abcdefghij|ABCDEFGHIJ|x{6}|X{6})/;
/** Words with two or three parts, an amount with its unit, a parameter: nobody's password, quoted or not. */
const IDENTIFIER =
  /^[A-Za-z]{2,}(?:[-_. ][A-Za-z]{2,}){1,2}$|^\d+(?:\.\d+)?(?:px|em|rem|pt|ms|s|min|h|d|days?|[kmgt]i?b|%)$|^[\w./-]+\.(?:[a-z]{2,4}|json|yaml)$/i;
const PARAMETER = /^[@:?][A-Za-z_]\w*$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** What a template puts in; the rest of the value is judged by its parts. */
const PUT_IN = /\$\{[^{}]*\}/;
const PUT_IN_OR_BREAK = /\$\{[^{}]*\}|[\s,;=]+/;

/** No shorter value is taken for a credential. */
export const MIN_LENGTH = 6;
const MAX_LENGTH = 4096;
const MIN_ENTROPY = 2;

/** Whether the whole value stands for a credential instead of being one. `quoted`: code cannot stand in it. */
export function isPlaceholder(value: string, quoted: boolean): boolean {
  if (FORMS.test(value) || REFERENCES.test(value) || DOCUMENTED.test(value)) return true;
  if (IDENTIFIER.test(value) || (!quoted && (CODE.test(value) || PARAMETER.test(value)))) return true;
  if (value.length > 64) return false;
  const words = value
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  return !/\d{2}/.test(value) && words.length > 0 && words.every((word) => PLACEHOLDER_WORDS.has(word));
}

/** How the place of a value speaks for it: `=`, quotes and members do, a colon in prose less. */
export type Place = { readonly strength: NameStrength; readonly firm: boolean; readonly quoted: boolean };

export function looksSecret(value: string, { strength, firm, quoted }: Place): boolean {
  if (value.length < MIN_LENGTH || value.length > MAX_LENGTH) return false;
  if (isPlaceholder(value, quoted)) return false;
  if (PUT_IN.test(value))
    return value
      .split(PUT_IN_OR_BREAK)
      .some((part) => !/^[A-Za-z]*$/.test(part) && looksSecret(part, { strength, firm, quoted: false }));
  if (/\s/.test(value)) return quoted && strength === 'strong' && isPhrase(value);
  if (measureEntropy(value) < MIN_ENTROPY) return false;
  if (strength === 'opaque') return isOpaque(value);
  const hasDigit = /\d/.test(value);
  const hasLetter = /\p{L}/u.test(value);
  const hasSymbol = /[^\w\s.,-]/.test(value);
  if (hasLetter && (hasDigit || hasSymbol)) return firm || value.length >= 7;
  if (!firm) return value.length >= 20 && /[a-z]/.test(value) && /[A-Z]/.test(value);
  return hasDigit ? value.length >= 6 : value.length >= 10;
}

const MIN_OPAQUE = 16;
const MIN_OPAQUE_ENTROPY = 3;

/** Nothing but chance made it: long, of several kinds of character, without words, and no identifier of a row. */
export function isOpaque(value: string): boolean {
  if (value.length < MIN_OPAQUE || UUID.test(value) || measureEntropy(value) < MIN_OPAQUE_ENTROPY) return false;
  const longest = value.split(/[^A-Za-z0-9]+/).reduce((best, piece) => (piece.length > best.length ? piece : best), '');
  // A digest is what most hexadecimal under a bare `key` or `signature` is.
  if (longest.length < 10 || /^[0-9a-f]+$/i.test(value)) return false;
  const hasDigit = /\d/.test(longest);
  const mixesCase = /[a-z]/.test(longest) && /[A-Z]/.test(longest);
  return (hasDigit && /[A-Za-z]/.test(longest)) || (mixesCase && !/[a-z]{7}/.test(longest));
}

// What stands in sentences about passwords and never in one.
const PROSE =
  /\b(?:must|should|please|is|are|was|be|your|the|you|characters?|least|reset|change|forgot|forgotten|expired|incorrect|required|minimum|digits?|enter|contains?|long|can|cannot|not|has|have|will|we|for|with|after|before|every|days?)\b/i;
const MAX_PHRASE_WORDS = 8;

/** Several words, quoted: a passphrase, if no sentence and not all letters. */
function isPhrase(value: string): boolean {
  if (/[\r\n]/.test(value) || PROSE.test(value)) return false;
  const words = value.trim().split(/\s+/);
  if (words.length > MAX_PHRASE_WORDS || value.length < 8) return false;
  return words.length >= 4 || /\d/.test(value) || /[^\p{L}\s.,'-]/u.test(value);
}
