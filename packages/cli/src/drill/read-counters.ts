/** Counters of a metrics page, summed over instances. */
import { readSamples, type Sample, samplesIn } from '../operate/metric-samples.ts';

/** Of one metric, by its labels other than those that say which process it is of. */
export type Counters = ReadonlyMap<string, number>;

export async function readCounters(url: string): Promise<Counters> {
  return sums(await readSamples(url));
}

/** Keyed `name{label="value"}`, labels in order, without the prefix of the metrics. */
export function countersIn(page: string): Counters {
  return sums(samplesIn(page));
}

export function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${name}{${pairs.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}

function sums(samples: readonly Sample[]): Counters {
  const found = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    const { instance: _, service: __, ...own } = labels;
    const key = keyOf(name, own);
    found.set(key, (found.get(key) ?? 0) + value);
  }
  return found;
}
