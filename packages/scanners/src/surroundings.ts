/**
 * Works out the names that each part of a JSON document stands under: its member's, the label beside it in a pair, the
 * item before it in a list, the object around it where its own name says nothing. It never looks for anything itself.
 */
import { nameStrength } from './credential-names.ts';
import { closesPrivateKey, opensPrivateKey } from './detect-keys.ts';
import type { Context } from './emit.ts';

/** `key`: whether the text is the first or a further line of a private key whose end a later item of its list holds. */
export type Surroundings = Context & {
  readonly key: 'none' | 'opens' | 'inside';
  /** Names of the columns of a table, where its rows are lists. */
  readonly columns?: readonly string[];
};

export const NOWHERE: Surroundings = { name: '', path: '', key: 'none' };

const MARKS = /\[redacted:[a-z_]{2,32}\]/g;
const MAX_PATH = 160;
const MAX_LABEL = 64;

/** A member's name that says only that something stands here. */
const GENERIC =
  /^(?:value|val|values|v|data|text|content|default|current|new|old|raw|plain|plaintext|string|secret_?string|number|no|nr|id|\$|_|#text|prod|production|dev|staging|test|live|primary|secondary|main|items?|list|[0-9]{1,3})$/i;
const VALUE_NAME =
  /^(?:value|val|v|data|text|content|default|current|secret|plaintext|answer|stringvalue|number|no|nr|\$|#text)$/i;
const LABEL_NAME =
  /^(?:name|key|label|field|header|param|parameter|variable|property|attribute|k|title|option|setting|env|type|kind|code|question|system|@name|@key)$/i;

const LONGEST_LABEL_NAME = 9;

/** A table as lists: `columns` beside `rows`. */
const ROWS = /^(?:rows|values|data|records)$/i;
const COLUMNS = /^(?:columns|header|headers|fields|names|head)$/i;
const MAX_COLUMNS = 200;

/** `ParameterKey` beside `ParameterValue`: what both begin with says that they belong together. */
const STEMMED_VALUE = /^([a-z]{1,24}?)[_.-]?value$/i;
const STEMMED_LABEL = /^([a-z]{1,24}?)[_.-]?(?:key|name)$/i;

/** Where each member of an object stands. `names`: of all of them. */
export function ofMembers(
  members: object,
  around: Surroundings,
  names: readonly string[] = Object.keys(members),
): (name: string, value: unknown) => Surroundings {
  const label = labelOf(members, names);
  const isKey = Object.hasOwn(members, 'kty');
  let stems: ReadonlyMap<string, string> | null = null;
  let columns: readonly string[] | null | undefined;
  return (written, value) => {
    // The names in marks are not the document's, and a second scan has to read what the first one read.
    const name = written.includes('[redacted:') ? written.replace(MARKS, ' ') : written;
    if (label !== null && label.member !== written && VALUE_NAME.test(name)) return labelled(around, label.text);
    const stem = /value$/i.test(name) ? STEMMED_VALUE.exec(name)?.[1]?.toLowerCase() : undefined;
    if (stem !== undefined) stems ??= labelsByStem(members);
    const stemmed = stem === undefined ? undefined : stems?.get(stem);
    if (stemmed !== undefined) return labelled(around, stemmed);
    // The private members of a JSON Web Key (RFC 7518, section 6).
    if (isKey && /^(?:d|p|q|dp|dq|qi|k)$/.test(name) && typeof value === 'string')
      return labelled(around, 'private_key');
    const own = around.name !== '' && GENERIC.test(name) ? around.name : name;
    if (Array.isArray(value) && ROWS.test(name)) {
      // Read once, however many of the names an object has.
      if (columns === undefined) columns = columnsOf(members);
      if (columns !== null) return { name: '', path: around.path, key: 'none', columns };
    }
    return { name: own, path: `${around.path} ${name}`.slice(-MAX_PATH), key: 'none' };
  };
}

/** Where each item of a list stands: behind a name, or on a line of a private key. */
export function ofItems(items: readonly unknown[], around: Surroundings): (position: number) => Surroundings {
  const { columns } = around;
  if (columns !== undefined)
    return (position) => (Array.isArray(items[position]) ? around : labelled(around, columns[position] ?? ''));
  const opens = (item: unknown): boolean => typeof item === 'string' && item.length < 256 && opensPrivateKey(item);
  const keys = items.length > 1 && items.some(opens) ? keyLines(items) : null;
  return (position) => {
    const key = keys?.[position] ?? 'none';
    const before = position > 0 ? items[position - 1] : undefined;
    if (typeof before !== 'string' || before.length > MAX_LABEL || before === '') return { ...around, key };
    const label = before.replace(/^-{1,2}|[:=]$/g, '');
    const isPair = items.length === 2 && position === 1;
    return isPair || nameStrength(label) !== null ? { ...labelled(around, label), key } : { ...around, key };
  };
}

/** The one list of short names among the members. */
function columnsOf(members: object): readonly string[] | null {
  for (const [name, value] of Object.entries(members)) {
    const isList = COLUMNS.test(name) && Array.isArray(value) && value.length <= MAX_COLUMNS;
    if (isList && value.every((one) => typeof one === 'string' && one.length <= MAX_LABEL)) return value;
  }
  return null;
}

function labelOf(members: object, names: readonly string[]): { member: string; text: string } | null {
  for (const member of names) {
    if (member.length > LONGEST_LABEL_NAME || !LABEL_NAME.test(member)) continue;
    const text = (members as Readonly<Record<string, unknown>>)[member];
    if (typeof text === 'string' && text.length <= MAX_LABEL && text !== '') return { member, text };
  }
  return null;
}

function labelled(around: Surroundings, label: string): Surroundings {
  return {
    name: label,
    path: `${around.path} ${label}`.slice(-MAX_PATH),
    key: 'none',
  };
}

/** By what their names begin with; read once for an object, however many values it has. */
function labelsByStem(members: object): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [name, text] of Object.entries(members)) {
    const stem = typeof text === 'string' && text.length <= MAX_LABEL ? STEMMED_LABEL.exec(name)?.[1] : undefined;
    if (stem !== undefined) labels.set(stem.toLowerCase(), text as string);
  }
  return labels;
}

/** Only where a later line closes what one opens: without its end the key may go on anywhere. */
function keyLines(items: readonly unknown[]): Surroundings['key'][] {
  const lines = items.map((item) => (typeof item === 'string' ? item : ''));
  const keys: Surroundings['key'][] = lines.map(() => 'none');
  let opened = -1;
  lines.forEach((line, i) => {
    if (opened === -1 && opensPrivateKey(line) && !closesPrivateKey(line)) opened = i;
    else if (opened !== -1 && closesPrivateKey(line)) {
      keys[opened] = 'opens';
      for (let inner = opened + 1; inner <= i; inner += 1) keys[inner] = 'inside';
      opened = -1;
    }
  });
  return keys;
}
