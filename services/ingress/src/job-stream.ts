/**
 * One reader's server-sent events of one job's chain: each sealed entry once and in order, until the terminal one. A gap
 * is closed by reading the chain again, never by showing what comes after it.
 */
import type { LedgerEntry } from '@countersign/contracts/ledger-entry';
import { TERMINAL_STATES } from '@countersign/contracts/states';
import { EntryStream } from './entry-stream.ts';

const TERMINAL_KINDS: ReadonlySet<string> = new Set(TERMINAL_STATES.map((state) => `job_${state}`));

type JobStreamOptions = {
  /** The entry of the chain that the reader saw last; -1 for none. */
  after: number;
  /** The whole chain, oldest first. */
  readChain: () => Promise<readonly LedgerEntry[]>;
  onEnd: () => void;
};

export class JobStream extends EntryStream {
  private readonly readChain: JobStreamOptions['readChain'];
  private last: number;

  constructor({ after, readChain, onEnd }: JobStreamOptions) {
    super(onEnd);
    this.last = after;
    this.readChain = readChain;
  }

  override offer(entry: LedgerEntry): void {
    if (entry.seq === this.last + 1) this.take(entry);
    else if (entry.seq > this.last) void this.catchUp();
  }

  override async readOnce(): Promise<void> {
    for (const entry of await this.readChain()) {
      // Committed and not sealed yet: the evidence stream brings it in a moment, with its place in the log.
      if (entry.leaf_index === null) return;
      this.take(entry);
    }
  }

  /** True when the job has ended and its reader had seen all of it. */
  get isOver(): boolean {
    return this.ended && !this.shown;
  }

  private take(entry: LedgerEntry): void {
    if (this.ended) return;
    if (entry.seq > this.last) {
      this.last = entry.seq;
      this.tell(entry.seq, entry);
    }
    if (TERMINAL_KINDS.has(entry.kind)) this.end();
  }
}
