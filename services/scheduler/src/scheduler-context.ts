/** What the scheduler's handlers share. */

import type { SealKey } from '@countersign/ledger/decision-seal';
import type { FailMode } from '@countersign/platform/fail-mode';
import type { ServiceContext } from '@countersign/platform/service';
import type { KnownReaders } from './claim/store-readers.ts';
import type { WorkerUses } from './claim/store-worker-uses.ts';
import type { WarrantSigner } from './dispatch/sign-warrant.ts';
import type { ControlMemory } from './known-control.ts';

export type SchedulerContext = ServiceContext<
  { WARRANT_KEY: string; DECISION_SEAL_KEYS: readonly SealKey[]; TENANT_WAITING: number } & FailMode
> & {
  warrants: WarrantSigner;
  /** Hints only: every gate transaction reads `control` again. */
  known: {
    epochs: Map<string, number>;
    rooms: Map<string, number>;
    /** Tenants with as many jobs waiting as they may have. */
    crowded: Set<string>;
    /** Jobs wait for others to end. */
    waits: boolean;
  };
  /** What to plan under; the step compares its revision. */
  control: ControlMemory;
  workers: WorkerUses;
  readers: KnownReaders;
  nudgeDispatch(): void;
  /** Between a plan and the step that carries it out. Tests alone set it. */
  planned?: () => Promise<void>;
};
