/**
 * One place to read the metrics of all services: asks each and merges what they say into one exposition (Prometheus
 * text format 0.0.4, where a family's samples stand together under one HELP and TYPE).
 */
import { METRICS, type MetricName } from '@countersign/contracts/metrics';
import { type Listening, listen } from '@countersign/platform/http';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const ASK_MS = 2_000;
const PREFIX = 'countersign_';

/** One instance of one part of the system. */
export type MetricsPart = {
  service: string;
  /** Tells instances of one service apart: `scheduler-2`, or an address. */
  instance: string;
  /** Its exposition, empty when it has none of its own; null when it does not answer. */
  read(): Promise<string | null>;
};

/** Facts about a part, from whoever keeps it running. */
type Kept = { name: string; restarts: number; given_up: boolean };

type GatherOptions = { host?: string; kept?: () => readonly Kept[] };

type Family = { head: string[]; samples: string[] };

/** Merges expositions; samples must differ by their labels. */
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

/** Names the instance in every sample: two of one service would otherwise be one series with two values. */
export function nameInstance(text: string, instance: string): string {
  const label = `instance=${JSON.stringify(instance)}`;
  return text.replaceAll(/^([a-zA-Z_:][\w:]*)(?:\{([^\n]*)\})? /gm, (_, name: string, labels?: string) =>
    labels ? `${name}{${label},${labels}} ` : `${name}{${label}} `,
  );
}

/** A service of the project's, by its probes. */
export function servicePart(service: string, instance: string, health_url: string): MetricsPart {
  return {
    service,
    instance,
    async read() {
      try {
        const answer = await fetch(`${health_url}/metrics`, { signal: AbortSignal.timeout(ASK_MS) });
        return answer.ok ? await answer.text() : null;
      } catch {
        return null;
      }
    },
  };
}

/** A part that does not answer is `up` 0, and named in the page's last comment. `parts` is asked at each request. */
export function serveMetrics(
  port: number,
  parts: () => readonly MetricsPart[] | Promise<readonly MetricsPart[]>,
  { host = '127.0.0.1', kept = () => [] }: GatherOptions = {},
): Promise<Listening> {
  return listen(
    async (request) => {
      if (new URL(request.url).pathname !== '/metrics') return new Response('see /metrics\n', { status: 404 });
      return new Response(await gather(await parts(), kept()), { headers: { 'content-type': CONTENT_TYPE } });
    },
    port,
    host,
  );
}

function family(name: MetricName, samples: readonly (readonly [Record<string, string>, number])[]): string {
  const { help, kind } = METRICS[name];
  const lines = samples.map(([labels, value]) => {
    const inside = Object.entries(labels).map(([key, text]) => `${key}=${JSON.stringify(text)}`);
    return `${PREFIX}${name}{${inside.join(',')}} ${value}`;
  });
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${kind}`, ...lines, ''].join('\n');
}

/** `# HELP` or `# TYPE`: a family has one of each, also while two versions of a service describe it differently. */
function kindOf(line: string): string {
  return line.split(' ', 2).join(' ');
}

async function gather(parts: readonly MetricsPart[], kept: readonly Kept[]): Promise<string> {
  const answers = await Promise.all(
    parts.map(async (part) => ({ ...part, text: await part.read().catch(() => null) })),
  );
  const silent = answers.filter(({ text }) => text === null).map(({ instance }) => instance);
  const note = silent.length > 0 ? `# no answer from ${silent.join(', ')}\n` : '';
  const merged = mergeExpositions([
    ...answers.flatMap(({ text, instance }) => (text === null ? [] : [nameInstance(text, instance)])),
    family(
      'up',
      answers.map(({ service, instance, text }) => [{ service, instance }, text === null ? 0 : 1]),
    ),
    ...(kept.length > 0 ? tellKept(kept) : []),
  ]);
  return `${merged}${note}`;
}

function tellKept(kept: readonly Kept[]): string[] {
  return [
    family(
      'restarts_total',
      kept.map(({ name, restarts }) => [{ instance: name }, restarts]),
    ),
    family(
      'given_up',
      kept.map(({ name, given_up }) => [{ instance: name }, Number(given_up)]),
    ),
  ];
}
