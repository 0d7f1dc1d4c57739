/**
 * Finds values that stand next to a name such as `password` or `api_key`, whatever the syntax that joins them: an
 * operator, a pair, a tag, a call, a flag, a sentence or the column of a table. It never keeps what it read.
 */
import { MAX_NAME, type NameStrength, nameStrength } from './credential-names.ts';
import { looksSecret } from './credential-values.ts';
import type { Emit } from './emit.ts';
import { withFolded } from './lookalikes.ts';
import { readTable } from './read-table.ts';
import { MAX_VALUE, readValue } from './read-value.ts';

/** What joined name and value; also what a finding says why. `isText`: no code can stand there. */
type Join = { at: number; firm: boolean; quotedOnly: boolean; random: boolean; isText?: boolean };

/** Reads the names of one text. `nameAt` is called with each place where the end of a credential's word stands. */
export class AssignmentReader {
  readonly #text: string;
  readonly #emit: Emit;
  #work: number;
  #nameEnd = -1;
  #tableEnd = -1;

  constructor(text: string, emit: Emit) {
    this.#text = text;
    this.#emit = emit;
    this.#work = MAX_READ_AGAIN * text.length + MAX_VALUE;
  }

  /** Words for a password that no anchor holds: those of other scripts. */
  foreign(): void {
    for (const found of this.#text.matchAll(FOREIGN)) {
      const at = found.index + found[0].length;
      this.#report({ at, firm: true, quotedOnly: false, random: false, isText: true }, 'strong', at);
    }
  }

  nameAt(anchorEnd: number): void {
    if (anchorEnd <= this.#nameEnd) return;
    const text = this.#text;
    let end = anchorEnd;
    while (end < text.length && end - anchorEnd < MAX_NAME && isNameChar(text.charCodeAt(end))) end += 1;
    let start = anchorEnd;
    while (start > 0 && anchorEnd - start < MAX_NAME && isNameChar(text.charCodeAt(start - 1))) start -= 1;
    this.#nameEnd = end;
    const strength = strengthAt(text, start, end);
    if (strength === null) return;
    const join = joinAfter(text, start, end);
    if (join === null) {
      if (strength === 'strong' && end > this.#tableEnd) this.#tableEnd = this.#readColumns(start, end);
      return;
    }
    // A name of several words is no code, and so no code stands behind it.
    const isText = strength === 'strong' && nameStrength(text.slice(start, end)) !== 'strong';
    this.#report({ ...join, isText }, strength, end);
  }

  #readColumns(start: number, end: number): number {
    const named = (head: string): true | null => (nameStrength(head) === 'strong' ? true : null);
    return readTable(this.#text, start, end, named, (from, to) => {
      if (to - from > MAX_CELL) return;
      const cell = this.#text.slice(from, to);
      // A cell is no code, and may be a sentence.
      if (looksSecret(cell, { strength: 'strong', firm: true, quoted: !/\s/.test(cell) }))
        this.#emit('credential_assignment', from, to, { why: 'column' });
    });
  }

  #report(join: Join, strength: NameStrength, nameEnd: number): void {
    const text = this.#text;
    // Names inside of values inside of values: how often a text may be read again is bounded, then only starts are.
    const value = readValue(text, join.at, this.#work > 0 ? MAX_VALUE : SHORT_VALUE);
    this.#work -= value?.read ?? 0;
    if (value === null || (join.quotedOnly && !value.quoted)) return;
    const written = text.slice(value.start, value.end);
    // A list of names is no call that sets one to the other.
    if (join.quotedOnly && /^[A-Za-z_. -]+$/.test(written)) return;
    if (ATTRIBUTE.test(written) || isNamePart(text, nameEnd)) return;
    if (!value.quoted && GENERIC_TYPE.test(text.slice(value.start, value.end + 2))) return;
    const isLine = !value.quoted && standsAlone(text, nameEnd, value.end);
    const firm = join.firm || value.quoted || value.schemed || isLine;
    const judged = value.schemed ? 'strong' : strength;
    if (join.random && !isRandom(written)) return;
    if (!looksSecret(written, { strength: judged, firm, quoted: value.quoted || join.isText === true })) return;
    this.#emit('credential_assignment', value.start, value.end, { why: join.random ? 'sentence' : 'name' });
  }
}

const FOREIGN = new RegExp(
  `(?:${withFolded('密码|密碼|口令|パスワード|暗証番号|비밀번호|암호|пароль|пароля|κωδικός|סיסמה|كلمة المرور|كلمة السر|पासवर्ड|รหัสผ่าน')})[ \\t]{0,4}(?:[:=]|是|为|は|—)[ \\t]{0,4}`,
  'giu',
);
const MAX_READ_AGAIN = 1;
const SHORT_VALUE = 64;
const MAX_CELL = 256;

/** `Parameters<typeof f>`, where a tag would close. */
const GENERIC_TYPE = /^[A-Z][A-Za-z]+<[A-Za-z{(]$/;
const ATTRIBUTE = /^[\w:@.-]{1,40}=["']/;

// Each is tried at one place only and has constant bounds.
const CLOSERS = /[\\"'`\])*_]{0,4}/y;
const TYPED = /[ \t]?:[ \t]?(?:&(?:'[a-z]{1,12} )?)?[A-Za-z][\w<>[\].?]{1,30}[ \t]{1,4}=[ \t]{1,4}/y;
const OPERATOR =
  /[ \t]{0,24}(?:\|\||\?\?|[:?+.!~])?(?:={1,3}>?|->|<-|:{1,2})(?:[ \t]{0,24}|[ \t]{0,8}\r?\n[ \t]{1,24}(?=\S+[ \t]*(?:\r?\n|$)))/y;
const PAIR =
  /[ \t]{0,4}[,;]?\s{1,24}["'\\]{0,3}(?:value|val|content|default|data|secret|text)["'\\]{0,3}[ \t]{0,4}[:=][ \t]{0,4}/iy;
const CALL = /[ \t]{0,4},[ \t\n]{0,8}(?=\\{0,3}["'`])/y;
const TAG = /(?:[ \t][^<>\n]{0,80})?>\s{0,8}/y;
/** Of an element that is not closed at once. */
const NAMED_TAG = /(?:[ \t][^<>\n]{0,80})?(?<!\/)>\s{0,8}/y;
const NAMING = /<[^<>\n]{1,80}[ \t](?:name|key)=["']$/i;
const SPACE = /[ \t]{1,8}/y;
const SENTENCE =
  /(?:[ \t]{1,2}[\p{L}]{1,12}){0,3}?[ \t]{1,2}(?:is now|is|was|are|be|to|ist jetzt|ist|lautet|es|est|e|jest|is:)[ \t]{1,2}/uy;

const SCHEMED = /^(?:bearer|basic|token|apikey|bot|digest|splunk|key)\s{1,2}(?=\S+$)/i;

const TAKES_GLUED = /\b(?:mysql|mariadb|sshpass)(?:[a-z-]{1,12})?(?:\s[^\n|;&]{0,120})?\s-p$/;
/** Elsewhere `-p` is a port, `-a` says all. */
const TAKES_SPACED =
  /\b(?:sshpass|(?:docker|podman|nerdctl|buildah|skopeo|oras|crane|helm|az)\s[^\n|;&]{0,60}?\blogin|mongo[a-z]{0,8})(?:\s[^\n|;&]{0,120})?\s-p$|\b(?:sqlcmd|bcp|mosquitto_[ps]ub)(?:\s[^\n|;&]{0,120})?\s-P$|\bredis-cli(?:\s[^\n|;&]{0,120})?\s-a$|\bldap[a-z]{3,8}(?:\s[^\n|;&]{0,120})?\s-w$/;
const USER_PASSWORD =
  /(?:^|[\s"'`])(?:-u|-U|--user|--proxy-user)[ \t=]{1,2}(["'`]?)([^\s:"'`$]{1,64}):([^\s"'`]{3,256})\1/;

/** Reports the value of a member whose name says that it holds a credential. */
export function detectSecretMember(text: string, name: string, emit: Emit): void {
  const strength = nameStrength(name);
  if (strength === null || text.length > 4096) return;
  const scheme = SCHEMED.exec(text);
  const start = scheme?.[0].length ?? 0;
  const value = start === 0 ? text : text.slice(start);
  const judged = scheme === null ? strength : 'strong';
  if (!looksSecret(value, { strength: judged, firm: true, quoted: true })) return;
  emit('credential_assignment', start, text.length, { why: 'name' });
}

/** `curl -u user:password`; `at` is where the flag ends. */
export function detectUserFlag(text: string, at: number, emit: Emit): void {
  const isPassword = (text.charCodeAt(at - 1) | 32) !== 117 && text[at - 3] === ' ';
  if (isPassword) detectPasswordFlag(text, at, emit);
  else detectUserPassword(text, at, emit);
}

/** `mysql -psecret`: the one family of programs that takes a password so; `docker login -p secret`, `redis-cli -a secret`. */
function detectPasswordFlag(text: string, at: number, emit: Emit): void {
  const before = text.slice(Math.max(0, at - 160), at);
  if (!(text[at] === ' ' ? TAKES_SPACED : TAKES_GLUED).test(before)) return;
  const found = /^( ?['"]?)([^\s'"]{6,128})/.exec(text.slice(at, at + 132));
  if (found === null || !looksSecret(found[2]!, { strength: 'strong', firm: true, quoted: true })) return;
  const start = at + found[1]!.length;
  emit('credential_assignment', start, start + found[2]!.length, { why: 'flag' });
}

function detectUserPassword(text: string, at: number, emit: Emit): void {
  const from = Math.max(0, at - 16);
  const found = USER_PASSWORD.exec(text.slice(from, at + 360));
  if (found === null || !looksSecret(found[3]!, { strength: 'strong', firm: true, quoted: true })) return;
  const start = from + found.index + found[0].lastIndexOf(found[3]!);
  emit('credential_assignment', start, start + found[3]!.length, { why: 'flag' });
}

/** `arn:aws:secretsmanager:eu-west-1:1:secret:name` says where a secret is. */
function isNamePart(text: string, nameEnd: number): boolean {
  return text[nameEnd] === ':' && /\barn:\S{0,80}$/.test(text.slice(Math.max(0, nameEnd - 96), nameEnd));
}

function isNameChar(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 45 ||
    code === 46
  );
}

/** `api key` is one name although a space stands in it. */
function strengthAt(text: string, start: number, end: number): NameStrength | null {
  const name = text.slice(start, end).replace(/[.-]+$/, '');
  if (start > 1 && text[start - 1] === ' ') {
    let from = start - 1;
    while (from > 0 && start - from < 16 && isNameChar(text.charCodeAt(from - 1))) from -= 1;
    const long = from < start - 1 ? nameStrength(text.slice(from, start + name.length)) : null;
    if (long === 'strong') return long;
    if (/^passe$/i.test(name) && /\bmot de $/i.test(text.slice(Math.max(0, start - 8), start))) return 'strong';
  }
  return nameStrength(name);
}

function after(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : -1;
}

/** Where the value starts, and what kind of syntax says so. */
function joinAfter(text: string, start: number, end: number): Join | null {
  const closed = after(CLOSERS, text, end);
  const made = (at: number, firm: boolean, quotedOnly = false, random = false): Join => ({
    at,
    firm,
    quotedOnly,
    random,
  });
  // After a quote a colon begins the next attribute of a template, not a type.
  const typed = closed === end ? after(TYPED, text, closed) : -1;
  if (typed !== -1) return made(typed, true);
  const assigned = after(OPERATOR, text, closed);
  if (assigned !== -1) return made(assigned, text.slice(closed, assigned).includes('='));
  const paired = after(PAIR, text, closed);
  if (paired !== -1) return made(paired, true);
  const quote = text[start - 1] ?? '';
  const named = quote !== '' && '"\''.includes(quote) ? after(NAMED_TAG, text, closed) : -1;
  if (named !== -1 && NAMING.test(text.slice(Math.max(0, start - 96), start))) return made(named, true);
  const called = '"\'`'.includes(quote) && quote !== '' ? after(CALL, text, closed) : -1;
  if (called !== -1) return made(called, true, true);
  if (text[start - 1] === '<') {
    const tagged = after(TAG, text, end);
    // `<user>:<password>@host` is a form to fill in.
    return tagged === -1 || '@:/'.includes(text[tagged] ?? '@') ? null : made(tagged, true);
  }
  const spaced = after(SPACE, text, closed);
  if (spaced === -1 || '|;,\t\r\n'.includes(text[spaced] ?? '\n')) return null;
  if (text[start] === '-' || /\blogin[ \t]{1,4}\S{1,64}\s{1,8}$/.test(text.slice(Math.max(0, start - 90), start))) {
    return made(spaced, true);
  }
  if (/["']/.test(text[spaced] ?? '')) return made(spaced, true, true);
  const said = after(SENTENCE, text, closed);
  if (said !== -1) return made(said, false, false, true);
  return made(spaced, false, false, true);
}

/** In a sentence a word with a digit may be anything; mixed like this it is no word of a language. */
function isRandom(value: string): boolean {
  if (value.length < 8 || !/\d/.test(value) || !/\p{L}/u.test(value)) return false;
  return /[^\w.,:/-]/.test(value) || (/[a-z]/.test(value) && /[A-Z]/.test(value)) || value.length >= 16;
}

/** Whether nothing but the name stands before on its line and nothing after the value: a setting, not prose. */
function standsAlone(text: string, nameEnd: number, valueEnd: number): boolean {
  const before = text.slice(Math.max(0, nameEnd - 2 * MAX_NAME), nameEnd);
  const isFirst = /(?:^|\n)[ \t>*-]{0,24}["']?[\w.-]{1,64}$/.test(before);
  return isFirst && /^[ \t]*(?:[#;].{0,80})?(?:\r?\n|$)/.test(text.slice(valueEnd, valueEnd + 96));
}
