/**
 * Reads how much CPU each process has used, from /proc (Linux only): user and system time, children of Postgres included.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_S = Number(execFileSync('getconf', ['CLK_TCK']).toString());

type Stat = { ppid: number; cpu_s: number };

type CpuReading = ReadonlyMap<string, number>;

/** `roots`: name → process id. Seconds so far. */
export function readCpu(roots: ReadonlyMap<string, number>): CpuReading {
  const stats = new Map<number, Stat>();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readStat(pid);
    if (stat) stats.set(Number(pid), stat);
  }
  return new Map([...roots].map(([name, pid]) => [name, treeSeconds(pid, stats)]));
}

/** Microseconds a job, by process. */
export function cpuPerJob(before: CpuReading, after: CpuReading, jobs: number): Map<string, number> {
  return new Map(
    [...after].map(([name, seconds]) => [name, ((seconds - (before.get(name) ?? 0)) * 1e6) / Math.max(1, jobs)]),
  );
}

function readStat(pid: string): Stat | null {
  try {
    // The command's name may hold spaces and brackets; what follows its last bracket does not. proc(5).
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { ppid: Number(fields[1]), cpu_s: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S };
  } catch {
    return null;
  }
}

/** CPU seconds of a process and all that descend from it; `dead` children of living parents are not counted. */
function treeSeconds(root: number, stats: ReadonlyMap<number, Stat>): number {
  const children = [...stats].filter(([, stat]) => stat.ppid === root).map(([pid]) => pid);
  return (stats.get(root)?.cpu_s ?? 0) + children.reduce((sum, pid) => sum + treeSeconds(pid, stats), 0);
}
