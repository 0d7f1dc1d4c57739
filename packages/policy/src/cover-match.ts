/**
 * Whether one match holds for every request that another holds for, and whether two could hold for the same. Read from
 * the sources alone, keywords folded: "yes" is certain, "no" may only mean that it can't be seen.
 */
import type { Match } from '@countersign/contracts/policy';
import { isOwnType } from '@countersign/scanners/own-rules';
import { allTypes, compileFindings, type FindingsWanted, typesWanted } from './match-findings.ts';
import { globCovers, globsMeet, splitTokens } from './match-glob.ts';

type List = readonly string[] | undefined;

/** True when every request that satisfies `narrow` satisfies `wide`. */
export function coversMatch(wide: Match, narrow: Match): boolean {
  return (
    isWithin(wide.tenants, narrow.tenants) &&
    isWithinGlobs(wide.topics, narrow.topics) &&
    isWithinGlobs(wide.capabilities, narrow.capabilities) &&
    labelsWithin(wide.labels, narrow.labels) &&
    isWithin(wide.risk_tags, narrow.risk_tags) &&
    (wide.requires ?? []).every((name) => narrow.requires?.includes(name)) &&
    isWithin(wide.actors, narrow.actors) &&
    isWithin(wide.actor_types, narrow.actor_types) &&
    isWithin(wide.on_behalf_of, narrow.on_behalf_of) &&
    isWithin(wide.keywords, narrow.keywords) &&
    runWithin(wide.run, narrow.run) &&
    findingsWithin(wide, narrow) &&
    isNotNarrower(wide.not, narrow)
  );
}

/** False only where no request can satisfy both. Content is not looked at: it can be anything. */
export function mayMeet(a: Match, b: Match): boolean {
  return (
    share(a.tenants, b.tenants) &&
    globsShare(a.topics, b.topics) &&
    globsShare(a.capabilities, b.capabilities) &&
    labelsShare(a.labels, b.labels) &&
    share(a.actors, b.actors) &&
    share(a.actor_types, b.actor_types) &&
    !(a.not !== undefined && coversMatch(a.not, b)) &&
    !(b.not !== undefined && coversMatch(b.not, a))
  );
}

/** Any-of: each value that satisfies the narrow one is a value of the wide one. */
function isWithin(wide: List, narrow: List): boolean {
  return wide === undefined || (narrow?.every((value) => wide.includes(value)) ?? false);
}

function isWithinGlobs(wide: List, narrow: List): boolean {
  if (wide === undefined) return true;
  const globs = wide.map(splitTokens);
  const covers = (pattern: string): boolean => globs.some((glob) => globCovers(glob, splitTokens(pattern)));
  return narrow?.every(covers) ?? false;
}

function labelsWithin(wide: Match['labels'], narrow: Match['labels']): boolean {
  return Object.entries(wide ?? {}).every(([key, values]) => {
    const stated = narrow !== undefined && Object.hasOwn(narrow, key) ? [narrow[key]!].flat() : undefined;
    return isWithin([values].flat(), stated);
  });
}

function runWithin(wide: Match['run'], narrow: Match['run']): boolean {
  if (wide === undefined) return true;
  return (
    isWithinGlobs(wide.ran, narrow?.ran) &&
    isWithinGlobs(wide.used, narrow?.used) &&
    isWithin(wide.released, narrow?.released) &&
    (wide.untrusted === undefined || narrow?.untrusted === true)
  );
}

/** Every type of finding that satisfies the narrow one satisfies the wide one, and not only when it is severe. */
function findingsWithin(wide: Match, narrow: Match): boolean {
  const [wanted, stated] = [compileFindings(wide), compileFindings(narrow)];
  if (wanted === null) return true;
  if (stated === null || wanted.least > stated.least) return false;
  // Which own rules there are is not known here: a list of types holds only those that it names.
  const own = [...(stated.types ?? [])].filter(isOwnType);
  if (stated.types === null && wanted.types !== null) return false;
  if (
    own.length > 0 &&
    !(wanted.types === null ? sameScanners(wanted, stated) : own.every((name) => wanted.types!.has(name)))
  )
    return false;
  const types = new Set(typesWanted(wanted, allTypes(undefined)));
  return typesWanted(stated, allTypes(undefined)).every((type) => types.has(type));
}

function sameScanners({ scanners: wide }: FindingsWanted, { scanners: narrow }: FindingsWanted): boolean {
  return wide === null || (narrow !== null && [...narrow].every((name) => wide.has(name)));
}

/** The wide match's exclusions take nothing from the narrow one: it excludes as much itself, or never matches there. */
function isNotNarrower(not: Match['not'], narrow: Match): boolean {
  if (not === undefined) return true;
  return (narrow.not !== undefined && coversMatch(narrow.not, not)) || !mayMeet(not, narrow);
}

function share(a: List, b: List): boolean {
  return a === undefined || b === undefined || a.some((value) => b.includes(value));
}

function globsShare(a: List, b: List): boolean {
  if (a === undefined || b === undefined) return true;
  const globs = b.map(splitTokens);
  return a.some((pattern) => globs.some((glob) => globsMeet(splitTokens(pattern), glob)));
}

function labelsShare(a: Match['labels'], b: Match['labels']): boolean {
  return Object.entries(a ?? {}).every(
    ([key, values]) => b === undefined || !Object.hasOwn(b, key) || share([values].flat(), [b[key]!].flat()),
  );
}
