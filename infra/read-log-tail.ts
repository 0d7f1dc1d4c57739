// The last lines of a server's log, for a message that says why it did not start.
import { readFileSync } from 'node:fs';

export function lastLines(log_path: string, count: number): string {
  try {
    return readFileSync(log_path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    return '(no log)';
  }
}
