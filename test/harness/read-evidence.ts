/** What a test looks up past every service: a job's entries, and every row and message that the system holds. */
import { intakeConsumer, isIntake, poolConsumer } from '@countersign/contracts/streams';
import { developmentPools } from '@countersign/infra/development-roster';
import { waitUntil } from '@countersign/infra/wait-until';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import type { TestSystem } from './start-system.ts';

type Entry = { kind: string; body: Record<string, any> };

const TABLES = `
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
 WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`;

/** When a credential was last used, a worker last seen, and what KPIs count, is noted in its own time, whatever became of what was asked. */
const NOTED_LATER = /^(identity\.uses|scheduler\.worker_sightings|kpi\..*)$/;

/** In the order in which they were recorded. */
export async function entriesOf(system: TestSystem, job_id: string): Promise<Entry[]> {
  const rows = await system.sql<{ kind: string; body: string }>(
    'SELECT kind, body FROM ledger.entries WHERE chain = $1 ORDER BY seq',
    [`job:${system.tenant}:${job_id}`],
  );
  return rows.map(({ kind, body }) => ({ kind, body: JSON.parse(body) }));
}

export async function kindsOf(system: TestSystem, job_id: string): Promise<string[]> {
  return (await entriesOf(system, job_id)).map((entry) => entry.kind);
}

/** Rows of every table there is, whoever owns it. */
export async function countRows(system: TestSystem): Promise<Record<string, number>> {
  const tables = await system.sql<{ name: string }>(TABLES);
  const counts = tables.map(({ name }) => `SELECT '${name}' AS name, count(*)::int AS rows FROM ${name}`);
  const rows = await system.sql<{ name: string; rows: number }>(counts.join(' UNION ALL '));
  return Object.fromEntries(rows.map((row) => [row.name, row.rows]));
}

/** How many messages of others than its owner each stream has ever taken: delivered and to be delivered. */
async function countPublished(system: TestSystem): Promise<Record<string, number>> {
  const connection = await connect({
    servers: system.nats.url,
    inboxPrefix: '_INBOX_provisioner',
    authenticator: nkeyAuthenticator(new TextEncoder().encode(system.keys.nats.provisioner!.seed)),
  });
  try {
    const { streams, consumers } = await jetstreamManager(connection, { checkAPI: false });
    const counts: Record<string, number> = { AUDIT: (await streams.info('AUDIT')).state.last_seq };
    for (const { stream, durable } of [intakeConsumer(system.tenant), ...developmentPools().map(poolConsumer)]) {
      const { delivered, num_pending } = await consumers.info(stream, durable);
      const name = isIntake(stream) ? 'INTAKE' : stream;
      counts[name] = (counts[name] ?? 0) + delivered.consumer_seq + num_pending;
    }
    return counts;
  } finally {
    await connection.close();
  }
}

/** Everything held, once the sealer, the checkpoints and the evidence stream have caught up with the ledger. */
export async function countEverything(system: TestSystem) {
  await waitUntil('the evidence is sealed and published', async () => {
    const [row] = await system.sql<{ even: boolean }>(
      `SELECT (SELECT count(*) FROM ledger.entries) = (SELECT count(*) FROM ledger.leaves)
          AND (SELECT count(*) FROM ledger.leaves) = (SELECT next_leaf FROM ledger.published)
          AND (SELECT count(*) FROM ledger.leaves) = (SELECT coalesce(max(tree_size), 0) FROM ledger.checkpoints) AS even`,
    );
    return row!.even;
  });
  const rows = Object.entries(await countRows(system)).filter(([table]) => !NOTED_LATER.test(table));
  return { rows: Object.fromEntries(rows), published: await countPublished(system) };
}
