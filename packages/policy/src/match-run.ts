/** Whether what a run did before is what a match asks for. */
import type { RunMatch, RunSeen } from '@countersign/contracts/run-facts';
import { type Glob, globMatches, splitTokens } from './match-glob.ts';

/** Sorted, each once. `seen`: which job was the first to bring in what. */
export type RunFacts = {
  readonly ran: readonly string[];
  readonly used: readonly string[];
  readonly released: readonly string[];
  readonly untrusted: readonly string[];
  readonly jobs: number;
  readonly seen: RunSeen;
};
export type CompiledRun = {
  ran: readonly Glob[] | null;
  used: readonly Glob[] | null;
  released: ReadonlySet<string> | null;
  untrusted: boolean;
};

export function compileRun(asked: RunMatch | undefined): CompiledRun | null {
  if (asked === undefined) return null;
  return {
    ran: asked.ran?.map(splitTokens) ?? null,
    used: asked.used?.map(splitTokens) ?? null,
    released: asked.released === undefined ? null : new Set(asked.released),
    untrusted: asked.untrusted ?? false,
  };
}

export function runFits(asked: CompiledRun, { ran, used, released, untrusted }: RunFacts): boolean {
  return (
    (asked.ran === null || ran.some((topic) => anyMatches(asked.ran!, topic))) &&
    (asked.used === null || used.some((capability) => anyMatches(asked.used!, capability))) &&
    (asked.released === null || released.some((data) => asked.released!.has(data))) &&
    (!asked.untrusted || untrusted.length > 0)
  );
}

function anyMatches(globs: readonly Glob[], name: string): boolean {
  return globs.some((glob) => globMatches(glob, splitTokens(name)));
}
