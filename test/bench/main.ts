/**
 * `npm run bench`: the governed job beside a bare JetStream chain and pg-boss, in one run on one machine, so that the
 * ratios hold where absolute numbers drift.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderDevelopmentNats } from '@countersign/infra/development-environment';
import { loadDevelopmentKeys } from '@countersign/infra/development-keys';
import { DEVELOPMENT_ROSTER } from '@countersign/infra/development-roster';
import { findNatsServer } from '@countersign/infra/find-nats-server';
import { startLocalStack } from '@countersign/infra/local-stack';
import { renderOpenNatsConfig } from '@countersign/infra/render-open-nats-config';
import { natsProcess, runNatsServer } from '@countersign/infra/run-nats-server';
import pg from 'pg';
import { loadStatementCounter } from './count-costs.ts';
import { driveCountersign } from './drive-countersign.ts';
import { driveJetStream } from './drive-jetstream.ts';
import { driveMcp } from './drive-mcp.ts';
import { drivePgBoss } from './drive-pg-boss.ts';
import { percentile } from './percentile.ts';
import { sayMcp } from './say-mcp.ts';

const seconds = Number(process.env.BENCH_SECONDS ?? 15);
/** Rows of everything that grows, written before the first job. */
const history = Number(process.env.BENCH_HISTORY ?? 0);
const COUNTED_JOBS = 60;
const MCP_CALLS = 300;

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}

const dir = mkdtempSync(join(process.getuid?.() === 0 ? '/tmp' : tmpdir(), 'countersign-bench-'));
try {
  const keys = loadDevelopmentKeys(dir, DEVELOPMENT_ROSTER);
  await using stack = await startLocalStack({
    dir,
    fresh: false,
    mode: 'dev',
    renderNats: renderDevelopmentNats(keys),
  });
  await loadStatementCounter(stack.postgres.admin_url, async () => {
    await stack.postgres.stop();
    await stack.postgres.start();
  });
  const client = new pg.Client({ connectionString: stack.postgres.admin_url });
  await client.connect();
  await client.query('CREATE DATABASE boss');
  await client.end();
  const boss_url = stack.postgres.admin_url.replace(/\/postgres$/, '/boss');

  say(`each load runs ${seconds} s; Postgres commits durably; every service is its own process`);
  const before = await drivePgBoss(boss_url, seconds, 1);
  const tuned = await drivePgBoss(boss_url, seconds, 100);
  await using bare = await runNatsServer({
    program: natsProcess(await findNatsServer()),
    dir: join(dir, 'bare'),
    render: renderOpenNatsConfig,
  });
  const chain = await driveJetStream(bare.url, seconds);
  await bare.stop();
  const prepared = { dir, admin_url: stack.postgres.admin_url, nats_url: stack.nats.url, keys };
  const driven = await driveCountersign(stack, prepared, { seconds, counted_jobs: COUNTED_JOBS });
  // Before and after, so that what the machine does meanwhile falls on both.
  const after = await drivePgBoss(boss_url, seconds, 1);
  const boss = (before + after) / 2;
  const twice = await driveCountersign(stack, prepared, { seconds, replicas: 2 });
  const grown = history > 0 ? await driveCountersign(stack, prepared, { seconds, history }) : null;
  const mcp = await driveMcp(prepared, MCP_CALLS);

  const times = (rate: number): string => `${(driven.jobs_per_s / rate).toFixed(2)} ×`;
  say('');
  say(`Countersign, governed and proven   ${driven.jobs_per_s.toFixed(0)} jobs/s (${driven.refused} refused)`);
  const share = (twice.jobs_per_s / driven.jobs_per_s).toFixed(2);
  say(
    `  with two of every service        ${twice.jobs_per_s.toFixed(0)} jobs/s   ${share} × that (${twice.refused} refused)`,
  );
  if (grown) {
    const kept = (grown.jobs_per_s / driven.jobs_per_s).toFixed(2);
    say(`  with a history of ${String(history).padEnd(14)} ${grown.jobs_per_s.toFixed(0)} jobs/s   ${kept} × that`);
  }
  say(`bare JetStream chain of 4 hops     ${chain.toFixed(0)} chains/s   Countersign is ${times(chain)} that`);
  const each = `${before.toFixed(0)} before and ${after.toFixed(0)} after`;
  say(`pg-boss, send and work, one by one ${boss.toFixed(0)} jobs/s   Countersign is ${times(boss)} that (${each})`);
  say(`pg-boss, send and work, by hundreds ${tuned.toFixed(0)} jobs/s   Countersign is ${times(tuned)} that`);
  say('');
  const { submit_ms, released_ms } = driven.fixed;
  say(`at 200 jobs/s: accepted            p50 ${percentile(submit_ms, 0.5)}  p99 ${percentile(submit_ms, 0.99)}`);
  say(
    `               result read by poll p50 ${percentile(released_ms, 0.5)}  p99 ${percentile(released_ms, 0.99)}  (${released_ms.length} jobs)`,
  );
  say(
    `               admitted to ended   p50 ${percentile(driven.ended_ms, 0.5)}  p99 ${percentile(driven.ended_ms, 0.99)}  (by the database's clock)`,
  );
  say('');
  say(sayMcp(mcp));
  const { per_job, idle_per_s } = driven.counted!;
  const shown = (value: number | null): string => (value === null ? 'not counted' : value.toFixed(1));
  say('one job that shares no batch, by the servers’ own counts   and an idle system, a second');
  for (const name of ['statements', 'commits', 'wal_bytes', 'messages'] as const)
    say(`  ${name.padEnd(16)} ${shown(per_job[name]).padStart(12)} ${shown(idle_per_s[name]).padStart(32)}`);
  say('');
  const sum = (account: ReadonlyMap<string, number>): string =>
    [...account.values()].reduce((total, each) => total + each, 0).toFixed(0);
  say('CPU of one job, the client left out           full load     at 200 jobs/s (small batches)');
  say(`  ${'all'.padEnd(16)} ${sum(driven.cpu_us).padStart(32)} µs ${sum(driven.cpu_us_fixed).padStart(12)} µs`);
  for (const [name, us] of [...driven.cpu_us].sort((a, b) => b[1] - a[1])) {
    const fixed = driven.cpu_us_fixed.get(name) ?? 0;
    say(`  ${name.padEnd(16)} ${us.toFixed(0).padStart(32)} µs ${fixed.toFixed(0).padStart(12)} µs`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
