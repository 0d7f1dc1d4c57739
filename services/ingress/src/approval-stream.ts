/**
 * One reader's server-sent events of a tenant's approvals, in the order of the log, from any place in it. The evidence stream only
 * wakes it: what it tells was read from the ledger, so a message that was lost leaves nothing out.
 */
import { ENTRY_KINDS, type LedgerEntry } from '@countersign/contracts/ledger-entry';
import type { ReplayPage } from '@countersign/contracts/replay';
import { EntryStream } from './entry-stream.ts';

/** All that the approval service records. */
export const APPROVAL_KINDS: readonly string[] = Object.entries(ENTRY_KINDS)
  .filter(([, recorder]) => recorder === 'approval')
  .map(([kind]) => kind);

type ApprovalStreamOptions = {
  /** The first leaf to look at. */
  from: number;
  /** Sealed entries of `APPROVAL_KINDS`, the tenant's own, from a leaf on. */
  readPage: (from: number) => Promise<ReplayPage>;
  onEnd: () => void;
};

export class ApprovalStream extends EntryStream {
  private readonly readPage: ApprovalStreamOptions['readPage'];
  private next: number;

  constructor({ from, readPage, onEnd }: ApprovalStreamOptions) {
    super(onEnd);
    this.next = from;
    this.readPage = readPage;
  }

  override offer(entry: LedgerEntry): void {
    if (APPROVAL_KINDS.includes(entry.kind) && (entry.leaf_index ?? this.next) >= this.next) void this.catchUp();
  }

  /** One page; the rest follows without anybody waiting for it. */
  override async readOnce(): Promise<void> {
    const asked = this.next;
    const { entries, next, end } = await this.readPage(asked);
    for (const entry of entries) this.take(entry.leaf_index!, entry);
    // A place that the log has not reached is nobody's: whoever names one goes on from its end.
    this.next = asked > end ? end : Math.max(this.next, next);
    if (next < end) void this.catchUp();
  }

  /** Another read may have told it meanwhile. */
  private take(leaf: number, entry: LedgerEntry): void {
    if (this.ended || leaf < this.next) return;
    this.next = leaf + 1;
    this.tell(leaf, entry);
  }
}
