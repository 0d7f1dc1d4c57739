/**
 * Whether the servers under the services answer, as parts of the gathered metrics. They have no exposition of their own.
 */
import pg from 'pg';
import type { MetricsPart } from './gather-metrics.ts';

const ASK_MS = 2_000;

export function postgresPart(admin_url: string): MetricsPart {
  return {
    service: 'postgres',
    instance: 'Postgres',
    async read() {
      const client = new pg.Client({
        connectionString: admin_url,
        connectionTimeoutMillis: ASK_MS,
        query_timeout: ASK_MS,
      });
      // A connection that breaks while it is being made reports here too; the rejection says it already.
      client.on('error', () => {});
      try {
        await client.connect();
        await client.query('SELECT 1');
        return '';
      } catch {
        return null;
      } finally {
        void client.end().catch(() => {});
      }
    },
  };
}

export function natsPart(monitor_url: string): MetricsPart {
  return {
    service: 'nats',
    instance: 'nats-server',
    async read() {
      const answer = await fetch(`${monitor_url}/healthz`, { signal: AbortSignal.timeout(ASK_MS) });
      await answer.body?.cancel();
      return answer.ok ? '' : null;
    },
  };
}
