/** The parts of a service's context that the owner of a stream uses. */
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
