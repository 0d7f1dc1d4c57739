/** What the scheduler's handlers share. */
import type { FailMode } from '@countersign/platform/fail-mode';
import type { ServiceContext } from '@countersign/platform/service';
import type { WarrantSigner } from './sign-warrant.ts';

export type SchedulerContext = ServiceContext<
  { WARRANT_KEY: string; DECISION_SEAL_KEYS: readonly Uint8Array[] } & FailMode
> & {
  warrants: WarrantSigner;
  /** Hints only: every gate transaction reads `control` again. */
  known: { epochs: Map<string, number>; rooms: Map<string, number> };
  nudgeDispatch(): void;
};
