/**
 * A window of the log: the leaves that an export holds the entries of, and the time that was asked for. Leaves are in the order
 * of commits and times nearly so, so the leaves reach further than the time, by `out_of_order_us` on either side.
 */
import { EVIDENCE_BOUNDS } from '@countersign/contracts/evidence-limits';

const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/;

/** Leaves `from` up to and not including `to`; times in microseconds since 1970, both included, null for without bound. */
export type LogWindow = {
  readonly from: number;
  readonly to: number;
  readonly since_us: number | null;
  readonly until_us: number | null;
};

/** The window in an export's header. Throws TypeError for what is none; null when there is none. */
export function readLogWindow(value: unknown): LogWindow | null {
  if (value === undefined || value === null) return null;
  const { from, to, since_us, until_us } = value as Record<string, unknown>;
  const isCount = (each: unknown): boolean => Number.isSafeInteger(each) && (each as number) >= 0;
  if (![from, to].every(isCount) || ![since_us, until_us].every((each) => each === null || isCount(each)))
    throw new TypeError('the window in the header is none');
  return { from, to, since_us, until_us } as LogWindow;
}

/** What the entries of an export say of its window. */
export class WindowCheck {
  readonly #window: LogWindow;
  readonly #asked: boolean;
  #first_us = Number.NaN;
  #last_us = Number.NaN;
  /** Entries that were recorded in its time. */
  within = 0;

  /** Null: the whole log. */
  constructor(window: LogWindow | null) {
    this.#asked = window !== null;
    this.#window = window ?? { from: 0, to: Number.POSITIVE_INFINITY, since_us: null, until_us: null };
  }

  get isFromTheBeginning(): boolean {
    return this.#window.from === 0;
  }

  has(leaf: number): boolean {
    return leaf >= this.#window.from && leaf < this.#window.to;
  }

  take(leaf: number, time_us: number): void {
    const { from, to, since_us, until_us } = this.#window;
    if (time_us >= (since_us ?? 0) && time_us <= (until_us ?? Number.POSITIVE_INFINITY)) this.within += 1;
    if (leaf === from) this.#first_us = time_us;
    if (leaf === to - 1) this.#last_us = time_us;
  }

  /** Where entries of the asked time may stand outside the leaves. A tenant's neighbours in the log are others': no word of them. */
  shortenedAt(size: number, selection: boolean): string[] {
    const { from, to, since_us, until_us } = this.#window;
    if (!this.#asked) return [];
    if (from > to || to > size) return [`leaves ${from} to ${to} of ${size}`];
    const { out_of_order_us } = EVIDENCE_BOUNDS;
    const begins = from === 0 || since_us === null || this.#first_us < since_us - out_of_order_us;
    const ends = to === size || until_us === null || this.#last_us > until_us + out_of_order_us;
    return selection ? [] : [...(begins ? [] : [`leaf ${from}`]), ...(ends ? [] : [`leaf ${to - 1}`])];
  }
}

/** RFC 3339 in UTC with up to six digits of a second; a Date would drop three of them. NaN for anything else. */
export function microsecondsOf(instant: string): number {
  const [, seconds, micros = ''] = INSTANT.exec(instant) ?? [];
  return Date.parse(`${seconds}Z`) * 1000 + Number(micros.padEnd(6, '0'));
}

/** The other way round. */
export function instantOf(time_us: number): string {
  const seconds = new Date(Math.floor(time_us / 1e6) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(time_us % 1e6).padStart(6, '0')}Z`;
}
