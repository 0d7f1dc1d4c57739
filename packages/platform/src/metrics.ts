/** Metrics by the names that contracts declare; each service has its own registry, so several can share a process. */

import type { MetricName, MetricSpec } from '@countersign/contracts/metrics';
import { METRICS } from '@countersign/contracts/metrics';
import { VERSION } from '@countersign/contracts/version';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { nowMs } from './clock.ts';

export type Labels = Record<string, string | number>;
type Instrument = Counter | Gauge | Histogram;

export type Metrics = {
  count(name: MetricName, labels?: Labels, by?: number): void;
  set(name: MetricName, labels: Labels, value: number): void;
  observe(name: MetricName, labels: Labels, value: number): void;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
};

/** `own` are the names this service reports: those without labels are there from the start, at 0. */
export function createMetrics(service: string, prefix: string, own: readonly MetricName[]): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  const instruments = new Map<MetricName, Instrument>();
  const instrument = (name: MetricName): Instrument => {
    const known = instruments.get(name);
    if (known) return known;
    const made = build(prefix + name, METRICS[name], registry);
    instruments.set(name, made);
    return made;
  };
  for (const name of own) instrument(name);
  (instrument('build_info') as Gauge).set({ version: VERSION, node: process.versions.node }, 1);
  return {
    count: (name, labels = {}, by = 1) => (instrument(name) as Counter).inc(labels, by),
    set: (name, labels, value) => (instrument(name) as Gauge).set(labels, value),
    observe: (name, labels, value) => (instrument(name) as Histogram).observe(labels, value),
    text() {
      (instrument('clock_timestamp_seconds') as Gauge).set(nowMs() / 1000);
      return registry.metrics();
    },
  };
}

function build(name: string, spec: MetricSpec, registry: Registry): Instrument {
  const options = { name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
  if (spec.kind === 'counter') return new Counter(options);
  if (spec.kind === 'gauge') return new Gauge(options);
  return new Histogram({ ...options, ...(spec.buckets ? { buckets: [...spec.buckets] } : {}) });
}
