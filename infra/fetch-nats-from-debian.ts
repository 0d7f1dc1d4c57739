/**
 * Fetches nats-server from Debian's unstable suite, through a package list of its own: the machine's lists, installed
 * packages and configuration stay as they are, and no root is needed. Debian's archive key vouches for what comes.
 */
import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { reportLine } from './report-step.ts';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const SOURCES_DIR = '/etc/apt/sources.list.d';
const TIMEOUT_MS = 300_000;
const run = promisify(execFile);

/** Puts the executable at `target`, whole or not at all. Throws an Error with one line that says what went wrong. */
export async function fetchNatsFromDebian(target: string): Promise<void> {
  if (!existsSync(KEYRING)) throw new Error(`Debian's package can't be checked here: there is no ${KEYRING}.`);
  mkdirSync(dirname(target), { recursive: true });
  const workDir = mkdtempSync(join(dirname(target), 'debian-'));
  try {
    const options = prepareApt(workDir);
    reportLine('fetching the package lists of Debian unstable (about 11 MB)');
    await inFolder(workDir, 'apt-get', [...options, 'update']);
    reportLine('fetching nats-server from Debian unstable (about 5 MB)');
    await inFolder(workDir, 'apt-get', [...options, 'download', 'nats-server/unstable']);
    const packageFile = readdirSync(workDir).find((name) => name.endsWith('.deb'));
    if (packageFile === undefined) throw new Error('apt-get downloaded no package');
    await inFolder(workDir, 'dpkg', ['-x', packageFile, 'root']);
    renameSync(join(workDir, 'root', 'usr', 'sbin', 'nats-server'), target);
  } catch (cause) {
    const { stderr, message } = cause as { stderr?: string; message: string };
    throw new Error(`Debian's nats-server can't be fetched (${stderr?.trim().split('\n').at(-1) || message}).`, {
      cause,
    });
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

function prepareApt(workDir: string): string[] {
  // apt looks the key up as a user of its own when it can; a copy beside the list is always readable to it.
  copyFileSync(KEYRING, join(workDir, 'keyring.gpg'));
  const sources = join(workDir, 'sources.list');
  writeFileSync(sources, `deb [signed-by=${join(workDir, 'keyring.gpg')}] ${findMirror()} unstable main\n`);
  for (const dir of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(workDir, dir), { recursive: true });
  const settings = {
    'Dir::Etc::sourcelist': sources,
    'Dir::Etc::sourceparts': '-',
    'Dir::State::Lists': join(workDir, 'lists'),
    'Dir::Cache': join(workDir, 'cache'),
    // The cache lies in a home folder that apt's own download user may not enter.
    'APT::Sandbox::User': 'root',
    'Acquire::Languages': 'none',
    'Acquire::Retries': '2',
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** The Debian mirror that this machine uses already. Throws when its sources name none. */
function findMirror(): string {
  const files = existsSync(SOURCES_DIR) ? readdirSync(SOURCES_DIR).map((name) => join(SOURCES_DIR, name)) : [];
  for (const file of ['/etc/apt/sources.list', ...files]) {
    if (!existsSync(file) || !/\.(list|sources)$/.test(file)) continue;
    // Both formats name the archive as a word of its own: `deb [..] URL suite` and `URIs: URL`.
    const lines = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => !line.trimStart().startsWith('#'));
    const mirror = /(?<=\s)https?:\/\/\S+\/debian\/?(?=\s|$)/m.exec(lines.join('\n'))?.[0];
    if (mirror !== undefined) return mirror;
  }
  throw new Error("the machine's own sources name no Debian mirror");
}

async function inFolder(cwd: string, command: string, args: string[]): Promise<void> {
  await run(command, args, { cwd, timeout: TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C', TMPDIR: cwd } });
}
