/**
 * Where log lines go. A line that can't be written (full disk, reader gone) is dropped and counted: nothing may end, or
 * wait, because it cannot log.
 */
import { writeSync } from 'node:fs';

export type LogSink = { write(line: string): void };

/** Writes whole lines to `fd`. `onDropped` hears of each line that did not get there; what it throws is its own bug. */
export function openLogSink(fd: number, onDropped: () => void): LogSink {
  let torn = false;
  return {
    write(line) {
      // The disk may have taken half of an earlier line: what follows must not continue it.
      const bytes = Buffer.from(torn ? `\n${line}` : line);
      const written = writeUntilRefused(fd, bytes);
      const whole = written === bytes.length;
      torn = written === 0 ? torn : !whole;
      if (!whole) onDropped();
    },
  };
}

/** Bytes that were taken. */
function writeUntilRefused(fd: number, bytes: Buffer): number {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written);
  } catch {
    // ENOSPC, EIO, EPIPE, EAGAIN: there is nowhere to say so but the counter.
  }
  return written;
}
