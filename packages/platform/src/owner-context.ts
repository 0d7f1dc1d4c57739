/** What the owner of a stream works with: of a service's context, these and no more. */
import type { Bus } from './bus.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import type { Sweep } from './sweep.ts';

export type OwnerContext = {
  bus: Pick<Bus, 'jetstream' | 'connection' | 'publish' | 'onStreamMissing'>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  metrics: Pick<Metrics, 'count' | 'set'>;
  config: { START_WAIT_MS: number };
  ready(name: string, check: () => Promise<void>): void;
  sweep(name: string, every_ms: number, run: () => Promise<void>): Sweep;
};
