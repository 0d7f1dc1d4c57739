/**
 * `npm run bench:beside -- <commit>`: the CPU of one governed job, this tree beside an earlier commit. Both systems are up at
 * once, each with a Postgres and a nats-server of its own, and take turns under the same loads, so that what else the
 * machine does falls on both. Without a commit: the walk of 46 statements. BESIDE_ROUNDS, BESIDE_SECONDS.
 */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import type { Cost, Load } from './held-system.ts';

const OLD_WALK = '1128a81';
const HELD = 'test/bench/beside/held-system.ts';
const LOADS = { 'at 200 jobs/s': { rate: 200, clients: 0 }, 'full load': { rate: 0, clients: 64 } };

const commit = process.argv[2] ?? OLD_WALK;
const rounds = Number(process.env.BESIDE_ROUNDS ?? 5);
const seconds = Number(process.env.BESIDE_SECONDS ?? 4);

type Held = { measure(load: Load): Promise<Cost>; stop(): Promise<void> };

const tree = mkdtempSync(join(tmpdir(), 'countersign-earlier-'));
try {
  checkOut(tree);
  const earlier = await start(tree);
  const now = await start(PROJECT_DIR);
  for (const system of [earlier, now]) await system.measure({ rate: 0, clients: 16, seconds: 4 });
  for (const [name, load] of Object.entries(LOADS)) await compare(name, { ...load, seconds }, earlier, now);
  await Promise.all([earlier.stop(), now.stop()]);
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', tree], { cwd: PROJECT_DIR });
  rmSync(tree, { recursive: true, force: true });
}

function checkOut(folder: string): void {
  execFileSync('git', ['worktree', 'add', '--detach', folder, commit], { cwd: PROJECT_DIR, stdio: 'ignore' });
  execFileSync('node', ['infra/bootstrap.mjs', 'exec', 'node', '--version'], { cwd: folder, stdio: 'ignore' });
  for (const file of withImports(HELD)) cpSync(join(PROJECT_DIR, file), join(folder, file));
}

/** A file of the project and what it takes by relative paths, which an earlier commit may not have. */
function withImports(file: string): string[] {
  const text = readFileSync(join(PROJECT_DIR, file), 'utf8');
  const taken = text.matchAll(/ from '(\.[^']+)';$/gm);
  return [file, ...[...taken].flatMap(([, path]) => withImports(join(dirname(file), path!)))];
}

async function start(folder: string): Promise<Held> {
  const child = spawn(process.execPath, [join(folder, HELD)], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the system in ${folder} ended`);
    return JSON.parse(value) as T;
  };
  await next();
  return {
    measure(load) {
      child.stdin.write(`${JSON.stringify(load)}\n`);
      return next<Cost>();
    },
    stop() {
      child.stdin.end();
      return ended;
    },
  };
}

async function compare(name: string, load: Load, earlier: Held, now: Held): Promise<void> {
  const costs: { earlier: Cost; now: Cost }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Whoever comes first changes from round to round.
    const first = await (round % 2 === 0 ? earlier : now).measure(load);
    const second = await (round % 2 === 0 ? now : earlier).measure(load);
    costs.push(round % 2 === 0 ? { earlier: first, now: second } : { earlier: second, now: first });
  }
  const ratios = costs.map((each) => all(each.now) / all(each.earlier));
  say('');
  say(`${name}: CPU of a job, ${rounds} rounds of ${load.seconds} s in turns, this tree beside ${commit}`);
  say(`  ${median(ratios).toFixed(3)} × (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)})`);
  const row = (label: string, of: (cost: Cost) => number, unit: string): void => {
    const [was, is] = [median(costs.map((each) => of(each.earlier))), median(costs.map((each) => of(each.now)))];
    say(`  ${label.padEnd(22)} ${was.toFixed(1).padStart(9)} ${is.toFixed(1).padStart(9)} ${unit}`);
  };
  row('all', all, 'µs');
  for (const process of Object.keys(costs[0]!.now.cpu_us)) row(process, (cost) => cost.cpu_us[process] ?? 0, 'µs');
  row('admitted to ended, p50', (cost) => median(cost.ended_ms), 'ms');
  row('jobs', (cost) => cost.jobs, '');
}

function all(cost: Cost): number {
  return Object.values(cost.cpu_us).reduce((sum, each) => sum + each, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}
