/** Counters of a metrics page, summed over instances (Prometheus text format 0.0.4). */

/** Of one metric, by its labels other than those that say which process it is of. */
export type Counters = ReadonlyMap<string, number>;

const LINE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? ([0-9.e+-]+)$/i;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi;

export async function readCounters(url: string): Promise<Counters> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return countersIn(await response.text());
}

/** Keyed `name{label="value"}`, labels in order, without the prefix of the metrics. */
export function countersIn(page: string): Counters {
  const sums = new Map<string, number>();
  for (const line of page.split('\n')) {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) continue;
    const own = [...labels.matchAll(LABEL)].filter(([, label]) => label !== 'instance' && label !== 'service');
    const key = keyOf(
      name.replace(/^[a-z0-9]+_/, ''),
      Object.fromEntries(own.map(([, label, text]) => [label!, text!])),
    );
    sums.set(key, (sums.get(key) ?? 0) + Number(value));
  }
  return sums;
}

export function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}
