/**
 * Finds a nats-server that is new enough, or fetches one. What is found is asked for its version before it is used:
 * an old server silently ignores settings that the promises rest on.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { MIN_NATS_VERSION } from '@countersign/contracts/streams';
import { isAtLeast } from '@countersign/platform/compare-versions';
import { fetchNatsFromDebian } from './fetch-nats-from-debian.ts';
import { fetchNatsRelease } from './fetch-nats-release.ts';
import { CACHE_DIR } from './project-folders.ts';
import { reportLine } from './report-step.ts';
import { SetUpError } from './set-up-error.ts';

export type NatsServerBinary = { path: string; version: string };

const CACHED = join(CACHE_DIR, 'nats-server', 'nats-server');
const run = promisify(execFile);

/** `NATS_SERVER`, then PATH, then the cache, then the official release, then Debian's package. */
export async function findNatsServer(): Promise<NatsServerBinary> {
  const given = process.env.NATS_SERVER;
  if (given) return requireUsable(given);
  const found = (await useIfNewEnough(findOnPath())) ?? (await useIfNewEnough(CACHED));
  return found ?? fetchNatsServer();
}

async function requireUsable(path: string): Promise<NatsServerBinary> {
  const said = await run(path, ['--version']).then(
    ({ stdout }) => stdout,
    (error: Error) => error.message,
  );
  const version = /v(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
  if (version === undefined) throw new SetUpError(`${path} does not run as a nats-server: ${said.trim()}`);
  if (!isAtLeast(version, MIN_NATS_VERSION)) {
    throw new SetUpError(`${path} is ${version}; ${MIN_NATS_VERSION} or newer is needed.`);
  }
  return { path, version };
}

async function useIfNewEnough(path: string | undefined): Promise<NatsServerBinary | undefined> {
  if (path === undefined || !isExecutable(path)) return undefined;
  try {
    return await requireUsable(path);
  } catch (error) {
    reportLine(`${(error as Error).message} Looking further.`);
    return undefined;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function findOnPath(): string | undefined {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const candidate = join(dir, 'nats-server');
    if (dir !== '' && isExecutable(candidate)) return candidate;
  }
  return undefined;
}

async function fetchNatsServer(): Promise<NatsServerBinary> {
  const reasons: string[] = [];
  for (const fetchBinary of [fetchNatsRelease, fetchNatsFromDebian]) {
    try {
      await fetchBinary(CACHED);
      return await requireUsable(CACHED);
    } catch (error) {
      reasons.push((error as Error).message);
      reportLine(reasons.at(-1)!);
    }
  }
  throw new SetUpError(
    `No nats-server could be fetched:\n  ${reasons.join('\n  ')}\n` +
      `Install nats-server ${MIN_NATS_VERSION} or newer yourself, then: NATS_SERVER=/path/to/nats-server npm start`,
  );
}
