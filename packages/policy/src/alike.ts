/**
 * Equality as conditions mean it: two values of unlike kinds are not "unequal", they are a question that has no answer.
 * `payload.live == true` must not be dodged by "true", 1 or [true]; the error denies.
 */

/** Its code, and nothing of the values, reaches the decision. */
export class UnlikeKinds extends Error {
  readonly code = 'unlike_types';
}

/** Throws UnlikeKinds, also for what lies inside lists and maps. */
export function sameValue(a: unknown, b: unknown): boolean {
  const kind = kindOf(a);
  if (kind !== kindOf(b)) throw new UnlikeKinds();
  if (kind === 'list') return sameList([...(a as Iterable<unknown>)], [...(b as Iterable<unknown>)]);
  if (kind === 'map') return sameMap(entriesOf(a as object), entriesOf(b as object));
  // Whole numbers of a condition are bigints or a class of the library, numbers of JSON are neither.
  // biome-ignore lint/suspicious/noDoubleEquals: it alone compares a bigint and a number exactly
  if (kind === 'number') return (a as object).valueOf() == (b as object).valueOf();
  if (kind === 'timestamp') return (a as Date).getTime() === (b as Date).getTime();
  if (kind === 'duration') return lengthOf(a) === lengthOf(b);
  return a === b;
}

/** `holder`: a list, or a map of which the keys count. Throws UnlikeKinds where an element could not be compared. */
export function isAmong(value: unknown, holder: unknown): boolean {
  const kind = kindOf(holder);
  if (kind !== 'list' && kind !== 'map') throw new UnlikeKinds();
  const elements = kind === 'list' ? [...(holder as Iterable<unknown>)] : [...entriesOf(holder as object).keys()];
  const kinds = new Set(elements.map(kindOf));
  const wanted = kindOf(value);
  if (elements.some((element) => kindOf(element) === wanted && sameValue(value, element))) return true;
  if (kinds.size > 1 || (kinds.size === 1 && !kinds.has(wanted))) throw new UnlikeKinds();
  return false;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return 'number';
  if (typeof value !== 'object') return typeof value;
  if (Array.isArray(value) || value instanceof Set) return 'list';
  if (value instanceof Date) return 'timestamp';
  if ('seconds' in value && 'nanos' in value && value.constructor !== Object) return 'duration';
  if (value.constructor === Object || value.constructor === undefined || value instanceof Map) return 'map';
  return 'number';
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  if (a.length !== b.length) return false;
  // All of them: an element that could not be compared is an error wherever it stands.
  return a.map((item, i) => sameValue(item, b[i])).every(Boolean);
}

function sameMap(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a.size !== b.size || [...a.keys()].some((key) => !b.has(key))) return false;
  return [...a].map(([key, value]) => sameValue(value, b.get(key))).every(Boolean);
}

function entriesOf(map: object): Map<string, unknown> {
  return new Map(map instanceof Map ? (map as Map<string, unknown>) : Object.entries(map));
}

function lengthOf(duration: unknown): string {
  const { seconds, nanos } = duration as { seconds: bigint; nanos: number };
  return `${seconds} ${nanos}`;
}
