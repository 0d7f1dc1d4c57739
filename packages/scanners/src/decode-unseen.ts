/**
 * Reads messages in characters that nobody sees: bytes as variation selectors behind an emoji, and bits as two kinds of
 * zero-width characters. They are found as hidden text whatever they say; what they hold is read for the other detectors.
 */
import { type View, ViewBuilder } from './normalise.ts';

const SELECTORS = /(?:[\ufe00-\ufe0f]|\udb40[\udd00-\uddef]){8,65536}/g;
const BITS = /[\u200b-\u200f\u2060-\u2064\ufeff]{64,65536}/g;
/** Bytes as the dots of Braille. */
const DOTS = /[\u2800-\u28ff]{8,65536}/g;
const MAY_HOLD = /[\ufe00-\ufe0f\u200b-\u200f\u2060-\u2064\ufeff]|\udb40|[\u2800-\u28ff]/;
const PRINTABLE = /^[\t\n\r -~]+$/;

/** All such messages as lines of one view. Null where there is none. */
export function unseenView(source: View): View | null {
  const { text } = source;
  if (!MAY_HOLD.test(text)) return null;
  let builder: ViewBuilder | null = null;
  for (const [pattern, read] of [
    [SELECTORS, readSelectors],
    [BITS, readBits],
    [DOTS, readDots],
  ] as const) {
    for (const found of text.matchAll(pattern)) {
      const message = read(found[0]);
      if (message === null) continue;
      builder ??= new ViewBuilder(source, 256);
      builder.push(`${message}\n`, found.index, found.index + found[0].length);
    }
  }
  return builder?.view() ?? null;
}

/** U+FE00 to U+FE0F are the bytes below 16, U+E0100 to U+E01EF those from 16 on. */
function readSelectors(run: string): string | null {
  const bytes = Array.from(run, (char) => {
    const point = char.codePointAt(0)!;
    return point < 0xe0100 ? point - 0xfe00 : point - 0xe0100 + 16;
  });
  const text = Buffer.from(bytes).toString('utf8');
  return PRINTABLE.test(text) ? text : null;
}

function readDots(run: string): string | null {
  const text = Buffer.from(Array.from(run, (char) => char.charCodeAt(0) - 0x2800)).toString('utf8');
  return PRINTABLE.test(text) ? text : null;
}

/** Two of the characters are 0 and 1, whichever; a third one stands between bytes. */
function readBits(run: string): string | null {
  const kinds = [...new Set(run)].toSorted((a, b) => countOf(run, b) - countOf(run, a)).slice(0, 2);
  if (kinds.length < 2) return null;
  const bits = [...run].filter((char) => kinds.includes(char)).map((char) => kinds.indexOf(char));
  for (const one of [1, 0]) {
    const bytes = Array.from({ length: bits.length >> 3 }, (_, i) =>
      bits.slice(8 * i, 8 * i + 8).reduce((sum, bit) => 2 * sum + (bit === one ? 1 : 0), 0),
    );
    const text = String.fromCharCode(...bytes.slice(0, 8192));
    if (PRINTABLE.test(text)) return text;
  }
  return null;
}

function countOf(run: string, char: string): number {
  return run.split(char).length - 1;
}
