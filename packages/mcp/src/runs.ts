/**
 * Which run an agent is in: one over all servers, until it was quiet for a while. A client has no say in it, so it cannot
 * leave a run whose rules it has met; a process that is started again goes on with it. One small file for each agent.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalize } from '@countersign/ledger/canonical-json';
import { encodeUtf8, sha256Hex } from '@countersign/ledger/digest';

const RUN = /^mcp-[0-9a-f]{16}$/;

/** The answer gives the run of `who` and keeps it going. */
export function runsIn(folder: string, idle_ms: number): (who: string) => string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return (who) => {
    const path = join(folder, sha256Hex(encodeUtf8(who)).slice(0, 40));
    const now = new Date();
    const known = read(path, now.getTime() - idle_ms);
    if (known !== null) {
      utimesSync(path, now, now);
      return known;
    }
    const run = `mcp-${randomBytes(8).toString('hex')}`;
    writeFileSync(`${path}.new`, run, { mode: 0o600 });
    renameSync(`${path}.new`, path);
    return run;
  };
}

/**
 * The run of a session that somebody named: the same for all proxies of one agent, whichever servers they stand before, and never that of
 * another agent, whatever name it is given.
 */
export function runOfSession({ tenant, agent }: { tenant: string; agent: string }, session: string): string {
  const text = canonicalize(['countersign mcp session', tenant, agent, session]);
  return `mcp-session-${sha256Hex(encodeUtf8(text)).slice(0, 32)}`;
}

function read(path: string, since: number): string | null {
  try {
    const run = readFileSync(path, 'utf8');
    return RUN.test(run) && statSync(path).mtimeMs >= since ? run : null;
  } catch {
    return null;
  }
}
