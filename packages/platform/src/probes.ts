/** `/livez`, `/readyz` and `/metrics` of one service. Ready means that work goes round, not that a socket is open. */
import type { BaseConfig } from './config.ts';
import { listen } from './http.ts';
import type { Metrics } from './metrics.ts';

export type Probes = {
  url: string;
  ready(name: string, check: () => Promise<void>): void;
  /** Until this is called nothing is ready, whatever the checks say: a part of them may not have been named yet. */
  started(): void;
  draining(): void;
  close(): Promise<void>;
};

const CHECK_MS = 2_000;

export async function openProbes(config: BaseConfig, metrics: Metrics): Promise<Probes> {
  const checks = new Map<string, () => Promise<void>>();
  let starting = true;
  let draining = false;
  const readyz = async (): Promise<Response> => {
    // Looked at before the checks are: one that is named while others run would be missing from the answer.
    const whole = !starting;
    const outcomes = await Promise.all([...checks].map(async ([name, check]) => [name, await passes(check)] as const));
    const ready = whole && !draining && outcomes.every(([, ok]) => ok);
    return json(ready ? 200 : 503, { ready, starting: !whole, draining, checks: Object.fromEntries(outcomes) });
  };
  const route = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/livez') return json(200, { live: true });
    if (pathname === '/readyz') return readyz();
    if (pathname === '/metrics')
      return new Response(await metrics.text(), {
        headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
      });
    return json(404, { code: 'not_found', detail: 'this port serves /livez, /readyz and /metrics' });
  };
  const listening = await listen(route, config.HEALTH_PORT, config.HEALTH_HOST);
  return {
    url: listening.url,
    ready: (name, check) => void checks.set(name, check),
    started: () => {
      starting = false;
    },
    draining: () => {
      draining = true;
    },
    close: () => listening.close(),
  };
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too slow')), CHECK_MS);
  });
  try {
    await Promise.race([check(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function json(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });
}
