/**
 * One reader's server-sent events of ledger entries. What the evidence stream brings is only a hint that there is something new:
 * each kind of stream says what it reads again to make a gap good.
 */
import { type LedgerEntry, showBody } from '@countersign/contracts/ledger-entry';
import { LIMITS } from '@countersign/contracts/limits';
import { monotonicMs } from '@countersign/platform/clock';

const encoder = new TextEncoder();

export abstract class EntryStream {
  readonly readable: ReadableStream<Uint8Array>;
  protected ended = false;
  protected shown = false;
  private readonly onEnd: () => void;
  private readonly heartbeat: NodeJS.Timeout;
  private controller!: ReadableStreamDefaultController<Uint8Array>;
  private reading = false;
  private again = false;
  private told_at = monotonicMs();

  constructor(onEnd: () => void) {
    this.onEnd = onEnd;
    this.readable = new ReadableStream({
      start: (controller) => {
        this.controller = controller;
      },
      cancel: () => this.end(),
    });
    this.heartbeat = setInterval(() => this.beat(), LIMITS.sse_heartbeat_ms).unref();
  }

  /** An entry from the evidence stream, which may repeat or leave out. */
  abstract offer(entry: LedgerEntry): void;

  /** Tells all that came since it last read. Rejects when that cannot be read. */
  abstract readOnce(): Promise<void>;

  end(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.heartbeat);
    this.onEnd();
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

  /** `id`: what its reader names to go on after this entry. */
  protected tell(id: number, entry: LedgerEntry): void {
    this.shown = true;
    this.told_at = monotonicMs();
    this.write(`id: ${id}\nevent: ${entry.kind}\ndata: ${JSON.stringify(showBody(entry))}\n\n`);
  }

  protected async catchUp(): Promise<void> {
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
