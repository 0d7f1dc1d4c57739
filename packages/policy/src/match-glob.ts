/**
 * Dotted patterns of topics and capabilities: `*` is one token, but a trailing `*` is one or more, so `job.exec.*`
 * can't be slipped past with `job.exec.shell.now`.
 */

import { matchesPattern } from '@countersign/contracts/control';

export type Glob = readonly string[];

export function splitTokens(text: string): Glob {
  return text.split('.');
}

/** Both split by dot. A pattern that is not well formed has no wildcards and matches nothing else than itself. */
export function globMatches(glob: Glob, tokens: Glob): boolean {
  const last = glob.length - 1;
  const open = glob[last] === '*';
  if (open ? tokens.length < glob.length : tokens.length !== glob.length) return false;
  for (let i = open ? last - 1 : last; i >= 0; i--) {
    if (glob[i] !== '*' && glob[i] !== tokens[i]) return false;
  }
  return true;
}

/** For patterns that come with a request (an agent's ceiling) and are not compiled. */
export function anyGlobMatches(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => matchesPattern(pattern, text));
}

/** Orders patterns of one topic so that the most specific comes first: a literal before `*`, a longer before a shorter. */
export function bySpecificity(a: Glob, b: Glob): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const literals = Number(b[i] !== '*') - Number(a[i] !== '*');
    if (literals !== 0) return literals;
  }
  return b.length - a.length;
}

/** Whether everything that the narrow pattern matches is matched by the wide one. */
export function globCovers(wide: Glob, narrow: Glob): boolean {
  const open = wide[wide.length - 1] === '*';
  const narrowOpen = narrow[narrow.length - 1] === '*';
  if (open ? narrow.length < wide.length : narrowOpen || narrow.length !== wide.length) return false;
  const fixed = open ? wide.length - 1 : wide.length;
  for (let i = 0; i < fixed; i++) if (wide[i] !== '*' && wide[i] !== narrow[i]) return false;
  return true;
}

/** Whether some name is matched by both. */
export function globsMeet(a: Glob, b: Glob): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  const open = short[short.length - 1] === '*';
  if (short.length !== long.length && !open) return false;
  const fixed = open ? short.length - 1 : short.length;
  for (let i = 0; i < fixed; i++) if (short[i] !== '*' && long[i] !== '*' && short[i] !== long[i]) return false;
  return true;
}
