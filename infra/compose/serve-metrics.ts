// The metrics of all services at one place, inside docker-compose.yml.
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { serveMetrics } from '../metrics/gather-metrics.ts';
import { waitForStop } from '../wait-for-stop.ts';
import { HEALTH_PORT, METRICS_PORT } from './compose-files.ts';

const urls = SERVICES.map((service) => `http://${service}:${HEALTH_PORT}`);
const listening = await serveMetrics(METRICS_PORT, urls, '0.0.0.0');
await waitForStop();
await listening.close();
