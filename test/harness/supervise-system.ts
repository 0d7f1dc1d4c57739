/** Keeps a test's system running as `npm start` does: what dies is started again. */
import { fullDisk } from '@countersign/infra/full-disk';
import { type Supervisor, supervise } from '@countersign/infra/supervise';
import type { TestSystem } from './start-system.ts';

export type SupervisedSystem = Disposable & {
  fates: Supervisor['fates'];
  /** What it said, line by line. */
  said: string[];
};

/** `dirs` hold its data: while one of them is full, no death counts. */
export function superviseSystem(system: TestSystem, dirs: readonly string[] = []): SupervisedSystem {
  const said: string[] = [];
  const supervisor = supervise({ excuse: () => fullDisk(dirs), report: (line) => said.push(line) });
  for (const process of system.services.processes.values()) supervisor.watch(process);
  supervisor.watch({ ...system.nats, name: 'nats-server' });
  if (system.postgres) supervisor.watch({ ...system.postgres, name: 'Postgres' });
  return { fates: supervisor.fates, said, [Symbol.dispose]: () => supervisor.letGo() };
}
