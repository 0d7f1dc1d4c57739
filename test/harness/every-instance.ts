/** All instances of one service together: what a test takes away is then gone, however many there are. */
import { readFileSync } from 'node:fs';
import type { ServiceName } from '@countersign/contracts/ledger-entry';
import type { TestSystem } from './start-system.ts';

type EveryInstance = {
  kill(): Promise<void>;
  start(): Promise<void>;
  /** They hang: alive, connected and silent. */
  pause(): void;
  resume(): void;
  /** What all of them have logged. */
  log(): string;
};

export function everyInstance(system: TestSystem, service: ServiceName): EveryInstance {
  const programs = system.services.instancesOf(service);
  const signal = (name: NodeJS.Signals): void => {
    for (const { pid } of programs) process.kill(pid!, name);
  };
  return {
    kill: async () => void (await Promise.all(programs.map((program) => program.kill()))),
    start: async () => void (await Promise.all(programs.map((program) => program.start()))),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    log: () => programs.map(({ log_path }) => readFileSync(log_path, 'utf8')).join(''),
  };
}
