/**
 * A disk of a test's own, small enough to fill and whose power can be cut. Mounting needs root; elsewhere such tests
 * are skipped and say so.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

export type OwnDisk = AsyncDisposable & {
  /** Where it is mounted. */
  dir: string;
  /** Writes until nothing fits any more. */
  fill(): void;
  /** Takes away what `fill` wrote. */
  makeRoom(): void;
};

type LoopDisk = OwnDisk & {
  /** From here on nothing reaches the disk, and what had not been synced is gone (ext4's own shutdown). */
  cutPower(): void;
  /** Mounts again what had reached the disk. Nobody may have a file open on it. */
  powerOn(): void;
};

const CHUNK = Buffer.alloc(1024 * 1024);
/** EXT4_IOC_SHUTDOWN with NOLOGFLUSH: not even the journal is written. */
const SHUT_DOWN =
  'open(my $f, "<", $ARGV[0]) or die; my $how = pack("L", 2); ioctl($f, 0x8004587d, $how) or die "ioctl: $!"';

/** Undefined when disks can be mounted here, else the reason for a skip. */
export function whyNoDisk(kind: 'tmpfs' | 'loop'): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'mounting a disk needs root on Linux';
  if (inject('test_stack').kind === 'containers') return 'the servers run in containers';
  try {
    if (kind === 'tmpfs') void tmpfsDisk(1)[Symbol.asyncDispose]();
    else triesPowerCut(loopDisk(64));
    return undefined;
  } catch (error) {
    return `no ${kind} disk here: ${(error as Error).message.split('\n')[0]}`;
  }
}

export function tmpfsDisk(megabytes: number): OwnDisk {
  const dir = emptyFolder();
  run('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0711`, 'tmpfs', dir);
  return diskAt(dir, () => {});
}

export function loopDisk(megabytes: number): LoopDisk {
  const dir = emptyFolder();
  const image = `${dir}.img`;
  run('truncate', '-s', `${megabytes}M`, image);
  run('mkfs.ext4', '-q', '-F', image);
  const powerOn = (): void => {
    run('mount', '-o', 'loop', image, dir);
    run('chmod', '0711', dir);
  };
  powerOn();
  return Object.assign(
    diskAt(dir, () => rmSync(image, { force: true })),
    {
      cutPower: () => run('perl', '-e', SHUT_DOWN, dir),
      powerOn() {
        endWhoWorksIn(dir);
        // Tried until it works: a time before may have come as far as here.
        if (isMounted(dir)) run('umount', dir);
        powerOn();
      },
    },
  );
}

function triesPowerCut(disk: LoopDisk): void {
  try {
    disk.cutPower();
  } finally {
    void disk[Symbol.asyncDispose]();
  }
}

/** No process outlives a power cut. A backend that waits for a lock of one that is gone never sees its server's end. */
function endWhoWorksIn(dir: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${dir}/`)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It has left by itself.
    }
  }
}

function isMounted(dir: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${dir} `);
}

function emptyFolder(): string {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'disk-'));
  mkdirSync(dir, { recursive: true });
  return dir;
}

function run(command: string, ...args: string[]): void {
  void execFileSync(command, args, { stdio: 'pipe' });
}

function diskAt(dir: string, cleanUp: () => void): OwnDisk {
  const ballast = join(dir, 'ballast');
  return {
    dir,
    fill() {
      const file = openSync(ballast, 'a');
      try {
        for (;;) writeSync(file, CHUNK);
      } catch {
        // ENOSPC: that is what was wanted.
      } finally {
        closeSync(file);
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    async [Symbol.asyncDispose]() {
      // Lazily: whoever still has a file open on it keeps nobody else waiting.
      run('umount', '--lazy', dir);
      rmSync(dir, { recursive: true, force: true });
      cleanUp();
    },
  };
}
