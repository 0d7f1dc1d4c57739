/**
 * One reader's server-sent events of one job's chain: each sealed entry once and in order, until the terminal one. A gap
 * is closed by reading the chain again, never by showing what comes after it.
 */
import { type LedgerEntry, showBody } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { TERMINAL_STATES } from '@countersign/contracts/states';
import { monotonicMs } from '@countersign/platform/clock';

const TERMINAL_KINDS: ReadonlySet<string> = new Set(TERMINAL_STATES.map((state) => `job_${state}`));
const encoder = new TextEncoder();

export type JobStreamOptions = {
  /** The entry of the chain that the reader saw last; -1 for none. */
  after: number;
  /** The whole chain, oldest first. */
  readChain: () => Promise<readonly LedgerEntry[]>;
  onEnd: () => void;
};

export class JobStream {
  readonly readable: ReadableStream<Uint8Array>;
  private readonly options: JobStreamOptions;
  private readonly heartbeat: NodeJS.Timeout;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private last: number;
  private reading = false;
  private again = false;
  private ended = false;
  private shown = false;
  private told_at = monotonicMs();

  constructor(options: JobStreamOptions) {
    this.options = options;
    this.last = options.after;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.controller = controller;
      },
      cancel: () => this.end(),
    });
    this.heartbeat = setInterval(() => this.beat(), LIMITS.sse_heartbeat_ms).unref();
  }

  /** An entry from the evidence stream, which may repeat or leave out. */
  offer(entry: LedgerEntry): void {
    if (entry.seq === this.last + 1) this.take(entry);
    else if (entry.seq > this.last) void this.catchUp();
  }

  /** Rejects when the chain cannot be read. */
  async readOnce(): Promise<void> {
    for (const entry of await this.options.readChain()) {
      // Committed and not sealed yet: the evidence stream brings it in a moment, with its place in the log.
      if (entry.leaf_index === null) return;
      this.take(entry);
    }
  }

  /** True when the job has ended and its reader had seen all of it. */
  get isOver(): boolean {
    return this.ended && !this.shown;
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.heartbeat);
    this.options.onEnd();
    try {
      this.controller.close();
    } catch {
      // The reader had left before.
    }
  }

  /** Milliseconds since it told its reader of an entry. */
  idleMs(): number {
    return monotonicMs() - this.told_at;
  }

  private take(entry: LedgerEntry): void {
    if (this.ended) return;
    if (entry.seq > this.last) {
      this.last = entry.seq;
      this.shown = true;
      this.told_at = monotonicMs();
      this.write(frameOf(entry));
    }
    if (TERMINAL_KINDS.has(entry.kind)) this.end();
  }

  private async catchUp(): Promise<void> {
    this.again = true;
    if (this.reading) return;
    this.reading = true;
    while (this.again && !this.ended) {
      this.again = false;
      // When audit does not answer, the next entry or heartbeat asks again.
      await this.readOnce().catch(() => undefined);
    }
    this.reading = false;
  }

  /** A comment keeps proxies from closing a quiet stream; reading again makes good whatever the stream lost. */
  private beat(): void {
    this.write(': \n\n');
    void this.catchUp();
  }

  private write(text: string): void {
    if (this.ended) return;
    this.controller.enqueue(encoder.encode(text));
    if ((this.controller.desiredSize ?? 0) < -LIMITS.sse_queue) this.end();
  }
}

function frameOf(entry: LedgerEntry): string {
  return `id: ${entry.seq}\nevent: ${entry.kind}\ndata: ${JSON.stringify(showBody(entry))}\n\n`;
}
