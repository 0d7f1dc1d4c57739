/** `countersign doctor`: whether a running system is well, by its API and its metrics. */
import { ApiError } from '@countersign/client/api-error';
import { type Finding, finding, hasFault, ok, showFindings } from '@countersign/contracts/finding';
import { LIMITS } from '@countersign/contracts/limits';
import { VERSION } from '@countersign/contracts/version';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print, refuseUrl } from '../context.ts';
import { everyPage } from '../every-page.ts';
import { EXIT } from '../exit-codes.ts';
import { examineSamples, SOON_DAYS } from './examine-samples.ts';
import { readSamples } from './metric-samples.ts';

const METRICS_URL = 'http://127.0.0.1:9090/metrics';
const ASK_MS = 10_000;

export function addDoctorCommand(program: Command, output: Output): void {
  program
    .command('doctor')
    .description(
      'versions, clocks, policies and keys near their end, streams, lag, workers: what is wrong, and what to do',
    )
    .addOption(metricsOption())
    .action(async ({ metrics }: { metrics: string }, command: Command) => {
      const { url } = command.optsWithGlobals<{ url: string }>();
      refuseUrl(url);
      refuseUrl(metrics);
      const looks = [lookAtApi(url), lookAtKeys(command), lookAtMetrics(metrics)];
      const findings = (await Promise.all(looks)).flat();
      print(output, command, { findings }, () => showFindings(findings));
      if (hasFault(findings)) output.exit(EXIT.faults_found);
    });
}

export function metricsOption(): Option {
  return new Option('--metrics <url>', 'page of metrics of all services')
    .env('COUNTERSIGN_METRICS_URL')
    .default(METRICS_URL);
}

async function lookAtApi(url: string): Promise<Finding[]> {
  try {
    const answer = await fetch(new URL('/openapi.json', url), { signal: AbortSignal.timeout(ASK_MS) });
    await answer.body?.cancel();
    if (!answer.ok) return [finding('fault', 'API', `answers ${answer.status}`, 'see whether --url is the API')];
    const off = Math.abs(Date.now() - Date.parse(answer.headers.get('date') ?? ''));
    // The header counts in whole seconds.
    return off > LIMITS.token_skew_ms + 1_000
      ? [finding('fault', 'clock of the API', `${Math.round(off / 1000)} s from this machine's`, 'set both by NTP')]
      : [ok('API', 'answers')];
  } catch {
    return [finding('fault', 'API', 'does not answer', 'start ingress, or correct --url')];
  }
}

async function lookAtKeys(command: Command): Promise<Finding[]> {
  const advice = 'give COUNTERSIGN_API_KEY a key of the role operator, auditor or admin';
  if (command.optsWithGlobals<{ key?: string }>().key === undefined)
    return [finding('unknown', 'keys', 'not looked at: no API key', advice)];
  const client = clientOf(command);
  try {
    const soon = await everyPage((cursor) => client.keys({ ...cursor, expiring_in_days: SOON_DAYS }), 'keys');
    if (soon.length === 0) return [ok('keys', `none ends within ${SOON_DAYS} days`)];
    return soon.map(({ key_id, principal, expires_at }) =>
      finding(
        'warning',
        `key ${key_id}`,
        `of ${principal}, ends at ${expires_at}`,
        `countersign keys rotate ${key_id}`,
      ),
    );
  } catch (thrown) {
    if (!(thrown instanceof ApiError)) throw thrown;
    return [finding('unknown', 'keys', `not looked at: ${thrown.code}`, advice)];
  }
}

async function lookAtMetrics(url: string): Promise<Finding[]> {
  try {
    return examineSamples(await readSamples(url), Date.now() / 1000, VERSION);
  } catch (thrown) {
    const says = `not read: ${(thrown as Error).message}`;
    // Where almost nothing could be looked at, a script must not read that all is well.
    return [
      finding('fault', 'metrics', says, 'give --metrics or COUNTERSIGN_METRICS_URL the page that gathers all services'),
    ];
  }
}
