/**
 * How many entries a second an export is verified at, one thread, policies' signatures aside: a history of jobs as the
 * services record them, repeated under other names. `ENTRIES=200000 node test/bench/verify-evidence.ts`.
 */
import { loadavg } from 'node:os';
import { verifyEvidence } from '@countersign/cli/verify-evidence';
import { exportOf, history, LOG, logOf, type Step } from '../cases/ledger/log-history.ts';

const wanted = Number(process.env.ENTRIES ?? 100_000);
const policies = history().filter(({ kind }) => kind === 'policy_activated');
const jobs = history().filter(({ chain }) => !chain.includes('careful') && chain.startsWith('job:'));
const steps: Step[] = [...policies];
for (let i = 0; steps.length < wanted; i += 1) {
  // The length of a real body, on average.
  const padding = 'x'.repeat(600);
  steps.push(...jobs.map((step) => ({ ...step, chain: `${step.chain}-${i}`, body: { ...step.body, padding } })));
}
const { entries, leaves, note } = exportOf(logOf(steps));
const lines = [
  JSON.stringify({ type: 'header', format: 'countersign-export/1', tenants: 'all', tree_size: leaves.length }),
  ...entries.flatMap(({ time_us, ...entry }, i) => [
    ...(i % 256 === 0 ? [leavesFrom(i)] : []),
    JSON.stringify({ type: 'entry', ...entry, recorded_at: instantOf(time_us) }),
  ]),
  JSON.stringify({ type: 'checkpoint', note }),
  JSON.stringify({ type: 'end', entries: entries.length }),
];
const began = performance.now();
const cpu = process.cpuUsage();
const verdict = await verifyEvidence(lines, { log: [LOG], kept: null, witnesses: [], cosignatures: 0, root: null });
const seconds = (performance.now() - began) / 1000;
const used = process.cpuUsage(cpu);
const cpuSeconds = (used.user + used.system) / 1_000_000;
process.stdout.write(
  `${verdict.verdict}: ${verdict.entries} entries in ${seconds.toFixed(2)} s, ${Math.round(verdict.entries / seconds)} a second, ` +
    `${Math.round(verdict.entries / cpuSeconds)} a second of processor time ` +
    `(load ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')})\n`,
);

/** As an export has them: tile by tile, before their entries. */
function leavesFrom(from: number): string {
  const hashes = Buffer.from(leaves.slice(from, from + 256).join(''), 'hex').toString('base64');
  return JSON.stringify({ type: 'leaves', from, hashes });
}

function instantOf(time_us: number): string {
  return `${new Date(time_us / 1000).toISOString().slice(0, -1)}${String(time_us % 1000).padStart(3, '0')}Z`;
}
