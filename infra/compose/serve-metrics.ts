/**
 * The metrics of all services at one place, inside docker-compose.yml. A service that was scaled has one address for each
 * of its containers.
 */
import { lookup } from 'node:dns/promises';
import { SERVICES, type ServiceName } from '@countersign/contracts/ledger-entry';
import { type MetricsPart, serveMetrics, servicePart } from '../metrics/gather-metrics.ts';
import { waitForStop } from '../wait-for-stop.ts';
import { HEALTH_PORT, METRICS_PORT } from './compose-files.ts';

const listening = await serveMetrics(METRICS_PORT, async () => (await Promise.all(SERVICES.map(instancesOf))).flat(), {
  host: '0.0.0.0',
});
await waitForStop();
await listening.close();

/** Without any container the name leads nowhere, and the service is shown as one part that does not answer. */
async function instancesOf(service: ServiceName): Promise<MetricsPart[]> {
  const found = await lookup(service, { all: true, family: 4 }).catch(() => []);
  if (found.length === 0) return [servicePart(service, service, `http://${service}:${HEALTH_PORT}`)];
  return found.map(({ address }) => servicePart(service, address, `http://${address}:${HEALTH_PORT}`));
}
