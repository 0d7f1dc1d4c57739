/**
 * Counts what a piece of work costs without a clock: executed blocks of code (precise coverage), characters that string
 * methods go through, and the steps of each regular expression, by a backtracking matcher run beside the real one. The
 * code that is measured knows nothing of it, so no detector can forget to count.
 */
import { type Profiler, Session } from 'node:inspector';
import { countMatchSteps } from './count-match-steps.ts';

type Method = (this: string, ...args: never[]) => unknown;
const MADE = ['slice', 'substring', 'toLowerCase', 'toUpperCase', 'normalize', 'split', 'trim', 'trimEnd'] as const;
const SEARCHED = ['indexOf', 'lastIndexOf', 'includes'] as const;

/** Counts from the moment on that it is made: code that was compiled before has no blocks, so import it afterwards. */
export class StepCounter {
  readonly #session = new Session();
  readonly #code: string;

  /** `code`: what the addresses of the code that counts have in them. */
  constructor(code: string) {
    this.#code = code;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    this.#blocks();
  }

  /** What `work` cost in steps. Between two calls nothing runs that counts, and reading the blocks sets them to zero. */
  count(work: () => void): number {
    const natives = countNatives();
    try {
      work();
    } finally {
      natives.restore();
    }
    return this.#blocks() + natives.steps();
  }

  close(): void {
    this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** Blocks executed since it was asked last. The session answers before `post` returns. */
  #blocks(): number {
    let sum = 0;
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      for (const script of taken.result) if (script.url.includes(this.#code)) sum += countBlocks(script);
    });
    return sum;
  }
}

function countBlocks({ functions }: Profiler.ScriptCoverage): number {
  let sum = 0;
  for (const { ranges } of functions) for (const { count } of ranges) sum += count;
  return sum;
}

/** Replaces what reads strings by the same that counts, until `restore`. */
function countNatives(): { steps: () => number; restore: () => void } {
  const strings = String.prototype as unknown as Record<string, Method>;
  const real = new Map([...MADE, ...SEARCHED].map((name) => [name, strings[name]!]));
  const { exec } = RegExp.prototype;
  let steps = 0;
  // The counter reads strings, too.
  let isCounting = false;
  for (const name of MADE) {
    strings[name] = function (this: string, ...args) {
      const made = real.get(name)!.apply(this, args);
      if (!isCounting) steps += (typeof made === 'string' ? made.length : this.length) + 1;
      return made;
    };
  }
  for (const name of SEARCHED) {
    strings[name] = function (this: string, ...args) {
      const found = real.get(name)!.apply(this, args);
      if (!isCounting) steps += distanceOf(this, found, args[1]);
      return found;
    };
  }
  RegExp.prototype.exec = function (this: RegExp, text) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const found = exec.call(this, text);
    if (isCounting) return found;
    isCounting = true;
    steps += countMatchSteps(this, String(text), from, found);
    isCounting = false;
    return found;
  };
  return {
    steps: () => steps,
    restore: () => {
      for (const [name, method] of real) strings[name] = method;
      RegExp.prototype.exec = exec;
    },
  };
}

/** How far a search went: to what it found, or to the end. */
function distanceOf(text: string, found: unknown, start: unknown): number {
  const from = typeof start === 'number' ? start : 0;
  return (typeof found === 'number' && found >= from ? found - from : text.length - from) + 1;
}
