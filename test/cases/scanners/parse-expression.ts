/** Parses a regular expression as far as its steps are counted: single characters are still judged by the real engine. */

/** `width`: of the character that fits at a place, 0 where none does. */
export type Node =
  | { kind: 'char'; width: (text: string, at: number) => number }
  | { kind: 'start' | 'test'; holds: (text: string, at: number) => boolean }
  | { kind: 'sequence' | 'choice'; items: Node[] }
  | { kind: 'group'; index: number; inner: Node }
  | { kind: 'back'; index: number }
  | { kind: 'look'; wanted: boolean; inner: Node }
  | { kind: 'repeat'; inner: Node; min: number; max: number; lazy: boolean };

const QUANTIFIER = /(?:([*+?])|\{(\d+)(,?)(\d*)\})(\??)/y;
const ATOM = /\[(?:\\.|[^\]\\])*\]|\\(?:u\{[0-9a-f]+\}|u[0-9a-f]{4}|x[0-9a-f]{2}|[pP]\{[^}]+\}|.)|./isuy;

class Parser {
  readonly #source: string;
  readonly #flags: string;
  #at = 0;
  #groups = 0;

  constructor(source: string, flags: string) {
    this.#source = source;
    this.#flags = flags;
  }

  isDone(): boolean {
    return this.#at === this.#source.length;
  }

  choice(): Node {
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    while (!this.isDone() && !'|)'.includes(this.#source[this.#at]!)) items.push(this.#repeated(this.#atom()));
    return { kind: 'sequence', items };
  }

  #repeated(inner: Node): Node {
    const found = this.#match(QUANTIFIER);
    if (found === null) return inner;
    const [, sign, least, comma, most, lazy] = found;
    const min = sign === undefined ? Number(least) : sign === '+' ? 1 : 0;
    const open = sign === undefined ? comma === ',' && most === '' : sign !== '?';
    const max = open ? Number.POSITIVE_INFINITY : sign === '?' ? 1 : comma === '' ? min : Number(most);
    return { kind: 'repeat', inner, min, max, lazy: lazy === '?' };
  }

  #atom(): Node {
    if (this.#take('(?:')) return this.#closed(this.choice());
    if (this.#take('(?=')) return { kind: 'look', wanted: true, inner: this.#closed(this.choice()) };
    if (this.#take('(?!')) return { kind: 'look', wanted: false, inner: this.#closed(this.choice()) };
    if (this.#source.startsWith('(?<=', this.#at) || this.#source.startsWith('(?<!', this.#at)) return this.#behind();
    if (this.#take('(')) {
      this.#match(/\?<\w+>/y);
      this.#groups += 1;
      const index = this.#groups;
      return { kind: 'group', index, inner: this.#closed(this.choice()) };
    }
    if (this.#take('^'))
      return { kind: 'start', holds: (text, at) => at === 0 || (this.#isMultiline() && text[at - 1] === '\n') };
    const [written] = this.#match(ATOM)!;
    if (/^\\[1-9]$/.test(written)) return { kind: 'back', index: Number(written[1]) };
    if (written === '$' || /^\\b$/i.test(written)) return { kind: 'test', holds: this.#tester(written) };
    return { kind: 'char', width: charWidth(written, this.#flags) };
  }

  /** What stands before is looked at by the real engine, and counts as one. */
  #behind(): Node {
    const start = this.#at;
    this.#at += 4;
    this.#closed(this.choice());
    return { kind: 'test', holds: this.#tester(this.#source.slice(start, this.#at)) };
  }

  #tester(written: string): (text: string, at: number) => boolean {
    const pattern = new RegExp(written, `${this.#flags}y`);
    return (text, at) => {
      pattern.lastIndex = at;
      return pattern.test(text);
    };
  }

  #closed(inner: Node): Node {
    if (!this.#take(')')) throw new Error(`no bracket closes at ${this.#at} of ${this.#source}`);
    return inner;
  }

  #isMultiline(): boolean {
    return this.#flags.includes('m');
  }

  #take(written: string): boolean {
    const found = this.#source.startsWith(written, this.#at);
    if (found) this.#at += written.length;
    return found;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source);
    if (found !== null) this.#at = pattern.lastIndex;
    return found;
  }
}

export function parseExpression(source: string, flags: string): Node {
  const parser = new Parser(source, flags.replace(/[gyd]/g, ''));
  const node = parser.choice();
  if (!parser.isDone()) throw new Error(`cannot read the expression ${source}`);
  return node;
}

/** Each character is asked for once. */
function charWidth(written: string, flags: string): (text: string, at: number) => number {
  const pattern = new RegExp(`^(?:${written})$`, flags);
  const known = new Map<number, boolean>();
  const isWide = /[uv]/.test(flags);
  return (text, at) => {
    if (at >= text.length) return 0;
    const point = isWide ? text.codePointAt(at)! : text.charCodeAt(at);
    let fits = known.get(point);
    if (fits === undefined) {
      fits = pattern.test(isWide ? String.fromCodePoint(point) : String.fromCharCode(point));
      known.set(point, fits);
    }
    return fits ? (point > 0xffff ? 2 : 1) : 0;
  };
}
