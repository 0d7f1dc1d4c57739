/**
 * Fetches nats-server from its makers' releases. The archive is checked against the SHA256SUMS of the same release:
 * both come over https from one place, so this finds a damaged download, while who made it rests on that place.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { reportLine } from './report-step.ts';

const VERSION = 'v2.12.7';
const RELEASE_URL = `https://github.com/nats-io/nats-server/releases/download/${VERSION}`;
// The first answer comes soon or never (a network without a way out); the archive itself may take its time.
const FIRST_ANSWER_TIMEOUT_MS = 6_000;
const ARCHIVE_TIMEOUT_MS = 180_000;
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
const ARCHITECTURES: Record<string, string> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'arm7',
  ppc64: 'ppc64le',
  s390x: 's390x',
};
const run = promisify(execFile);

/** Puts the executable at `target`, whole or not at all. Throws an Error with one line that says what went wrong. */
export async function fetchNatsRelease(target: string): Promise<void> {
  const name = `nats-server-${VERSION}-${process.platform}-${ARCHITECTURES[process.arch] ?? process.arch}`;
  const sums = (await download(`${RELEASE_URL}/SHA256SUMS`, FIRST_ANSWER_TIMEOUT_MS)).toString('utf8');
  const line = sums.split('\n').find((sum) => sum.endsWith(` ${name}.tar.gz`));
  const expected = line?.split(' ')[0];
  if (expected === undefined) throw new Error(`The release ${VERSION} has no ${name}.tar.gz.`);
  reportLine(`fetching ${name} from github.com`);
  const archive = await download(`${RELEASE_URL}/${name}.tar.gz`, ARCHIVE_TIMEOUT_MS);
  if (createHash('sha256').update(archive).digest('hex') !== expected) {
    throw new Error(`${name}.tar.gz is not what the release's SHA256SUMS says.`);
  }
  await unpack(archive, name, target);
}

async function download(url: string, timeout_ms: number): Promise<Buffer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeout_ms) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    if (Number(answer.headers.get('content-length')) > MAX_ARCHIVE_BYTES) throw new Error('larger than it can be');
    return Buffer.from(await answer.arrayBuffer());
  } catch (cause) {
    const { message, cause: deeper } = cause as Error;
    throw new Error(`${url} can't be fetched (${(deeper as Error | undefined)?.message ?? message}).`, { cause });
  }
}

async function unpack(archive: Buffer, name: string, target: string): Promise<void> {
  mkdirSync(dirname(target), { recursive: true });
  const workDir = mkdtempSync(join(dirname(target), 'unpack-'));
  try {
    writeFileSync(join(workDir, 'archive.tar.gz'), archive);
    await run('tar', ['-xzf', 'archive.tar.gz', `${name}/nats-server`], { cwd: workDir });
    chmodSync(join(workDir, name, 'nats-server'), 0o755);
    renameSync(join(workDir, name, 'nats-server'), target);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}
