/**
 * What the model may see of a tool's output, and whether it would see more. The SDK takes another output only in the tool's own shape and
 * leaves the original without a word where it is not, and it has no other error for a failed call at all. So what is about to be shown is
 * compared with what was released, before the next request to the model.
 */
import type { Settled } from '@countersign/adapter-core/read-outcome';
import { tell } from '@countersign/adapter-core/words';

export type Shown = {
  /** For `updatedToolOutput`; undefined leaves it as it is. */
  instead: unknown;
  /** Lines that were not released. */
  hidden: readonly string[];
};

/** Shorter ones are in too much else; they count as whole lines alone. */
const TELLING = 4;

/** `raw`: what the tool returned, or its error as text; null for `outcome` where the gate failed. */
export function shownOf(raw: unknown, outcome: Settled | null, text = ''): Shown {
  const free = outcome?.kind === 'released' ? outcome.output : undefined;
  const known = new Set(linesOf(free));
  const hidden = linesOf(raw).filter((line) => !known.has(line));
  if (free !== undefined && hidden.length === 0) return { instead: undefined, hidden };
  if (free !== undefined && isAlike(raw, free)) return { instead: free, hidden };
  return { instead: inShapeOf(raw, outcome === null ? text : tell(outcome).text), hidden };
}

/** `response`: as the SDK is about to show it. */
export function showsMore({ hidden }: Shown, response: unknown): boolean {
  const lines = linesOf(response);
  const whole = lines.join('\n');
  return hidden.some((line) => (line.length < TELLING ? lines.includes(line) : whole.includes(line)));
}

/** Every text in it, line by line. */
function linesOf(value: unknown): string[] {
  if (typeof value === 'string')
    return value
      .split(/\r\n|\r|\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(linesOf);
}

/** The same members all the way down: what was redacted is another text in the same place. */
function isAlike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null) return typeof a === typeof b;
  const [x, y] = [Object.keys(a), Object.keys(b)];
  return x.length === y.length && x.every((key) => key in b && isAlike((a as never)[key], (b as never)[key]));
}

/** A command's output has a place for text; where nobody knows one, the comparison ends the run. */
function inShapeOf(raw: unknown, text: string): unknown {
  const isCommand = typeof raw === 'object' && raw !== null && 'stdout' in raw && 'stderr' in raw;
  return isCommand ? { stdout: text, stderr: '', interrupted: false } : text;
}
