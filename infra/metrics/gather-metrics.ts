// One place to read the metrics of all services: asks each and merges what they say into one exposition (Prometheus
// text format 0.0.4, where a family's samples stand together under one HELP and TYPE).
import { type Listening, listen } from '@countersign/platform/http';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const ASK_MS = 2_000;

type Family = { head: string[]; samples: string[] };

/** `# HELP` or `# TYPE`: a family has one of each, also while two versions of a service describe it differently. */
const kindOf = (line: string): string => line.split(' ', 2).join(' ');

/** Merges expositions; samples differ by their label `service`. */
export function mergeExpositions(texts: readonly string[]): string {
  const families = new Map<string, Family>();
  for (const text of texts) {
    let family: Family | undefined;
    for (const line of text.split('\n')) {
      const named = /^# HELP (\S+)/.exec(line);
      if (named) {
        family = families.get(named[1]!) ?? { head: [], samples: [] };
        families.set(named[1]!, family);
      }
      if (line === '' || !family) continue;
      if (!line.startsWith('#')) family.samples.push(line);
      else if (!family.head.some((known) => kindOf(known) === kindOf(line))) family.head.push(line);
    }
  }
  return [...families.values()].map(({ head, samples }) => [...head, ...samples, ''].join('\n')).join('\n');
}

async function ask(health_url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${health_url}/metrics`, { signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

/** A service that does not answer is missing from the page and named in its last comment. */
export const serveMetrics = (port: number, health_urls: readonly string[], host = '127.0.0.1'): Promise<Listening> =>
  listen(
    async (request) => {
      if (new URL(request.url).pathname !== '/metrics') return new Response('see /metrics\n', { status: 404 });
      const texts = await Promise.all(health_urls.map(ask));
      const silent = health_urls.filter((_, i) => texts[i] === null);
      const note = silent.length > 0 ? `# no answer from ${silent.join(', ')}\n` : '';
      const merged = mergeExpositions(texts.filter((text) => text !== null));
      return new Response(`${merged}${note}`, { headers: { 'content-type': CONTENT_TYPE } });
    },
    port,
    host,
  );
