/** A result waiting to be stored with its evidence, and its possible outcomes. */
import type { ScreenedResult, UnreadResult } from './judge-result.ts';
import type { Sender } from './read-result.ts';
import type { Screening } from './screen-output.ts';
import type { ResultRow } from './store.ts';

/** A result that was refused before it could be screened, by the dispatch that its message names. */
type RefusedEarly = { kind: 'refused'; from: Sender; dispatch_id: string; code: string };
export type CommitItem = ScreenedResult | UnreadResult | RefusedEarly;
export type Outcome =
  | { kind: 'stored'; row: ResultRow; topic: string; fail_mode: Screening['fail_mode'] }
  /** Stored, and its job has ended with it. */
  | { kind: 'ended'; row: ResultRow; topic: string; fail_mode: Screening['fail_mode']; waited_for: boolean }
  | { kind: 'duplicate' }
  | { kind: 'refused'; code: string }
  | { kind: 'moved'; capability: string | null };
