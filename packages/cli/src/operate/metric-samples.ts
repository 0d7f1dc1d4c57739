/** A page of metrics (Prometheus text format 0.0.4) as samples, without the prefix that a setting puts before their names. */
import type { MetricName } from '@countersign/contracts/metrics';

export type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number };

const LINE = /^([a-z_:][a-z0-9_:]*)(?:\{(.*)\})? ([0-9.e+-]+|\+Inf|NaN)(?: \d+)?$/i;
const LABEL = /([a-z_][a-z0-9_]*)="((?:[^"\\]|\\.)*)"/gi;
const ASK_MS = 10_000;

/** Throws Error when the page does not come. */
export async function readSamples(url: string): Promise<Sample[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return samplesIn(await response.text());
}

export function samplesIn(page: string): Sample[] {
  return page.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const named = [...labels.matchAll(LABEL)].map(([, label, text]) => [label!, text!]);
    return [{ name: name.replace(/^[a-z0-9]+_/, ''), labels: Object.fromEntries(named), value: Number(value) }];
  });
}

export function of(samples: readonly Sample[], name: MetricName): Sample[] {
  return samples.filter((sample) => sample.name === name);
}

/** Of all instances together; null when nobody tells it. */
export function sumOf(samples: readonly Sample[], name: MetricName): number | null {
  const told = of(samples, name);
  return told.length === 0 ? null : told.reduce((sum, { value }) => sum + value, 0);
}

/** For what each instance says of the same thing; null when nobody does. */
export function mostOf(samples: readonly Sample[], name: MetricName): number | null {
  const told = of(samples, name);
  return told.length === 0 ? null : Math.max(...told.map(({ value }) => value));
}

/** By one label: the sum, or what the instance says that says most. */
export function by(
  samples: readonly Sample[],
  name: MetricName,
  label: string,
  join: (a: number, b: number) => number = Math.max,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const { labels, value } of of(samples, name)) {
    const key = labels[label] ?? '';
    const before = found.get(key);
    found.set(key, before === undefined ? value : join(before, value));
  }
  return found;
}
