/** `countersign audit forward`: a process of its own that hands the evidence on to a SIEM or a collector of traces. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Listening } from '@countersign/platform/http';
import type { Metrics } from '@countersign/platform/metrics';
import { type Command, Option } from 'commander';
import { clientOf, type Output, print } from '../context.ts';
import { wholeNumber } from '../whole-number.ts';
import { openCursor } from './forward-cursor.ts';
import { type Forwarding, forwardEntries, type Part } from './forward-entries.ts';
import { openReceiver } from './receivers.ts';

type Options = {
  to: string;
  state: string;
  token?: string;
  from: number;
  once?: boolean;
  allTenants?: boolean;
  maxBytes: number;
  keep: number;
  metricsPort?: number;
};

const MAX_BYTES = 64 * 1024 * 1024;
const KEEP = 7;

export function addForwardCommand(audit: Command, output: Output): void {
  audit
    .command('forward')
    .description('hand the evidence on: OCSF events to a SIEM, or traces to a collector')
    .requiredOption(
      '--to <address>',
      'file:///…, syslog+tls://host, syslog+tcp://host, https://… or otlp+https://host:4318',
    )
    .requiredOption('--state <file>', 'where it remembers how far the receiver has heard')
    .addOption(new Option('--token <token>', 'goes along over HTTP; better in the environment').env('FORWARD_TOKEN'))
    .option('--from <leaf>', 'where to begin without a state', wholeNumber, 0)
    .option('--once', 'end with what is recorded now')
    .option('--all-tenants', 'of every tenant; needs evidence:all')
    .option('--max-bytes <n>', 'of a file, before it is set aside', wholeNumber, MAX_BYTES)
    .option('--keep <n>', 'full files that stay', wholeNumber, KEEP)
    .option('--metrics-port <port>', 'serves /metrics on 127.0.0.1', wholeNumber)
    .action((options: Options, command: Command) => forward(output, options, command));
}

async function forward(output: Output, options: Options, command: Command): Promise<void> {
  const { to, state, token, once = false, allTenants = false, maxBytes, keep } = options;
  const client = clientOf(command);
  const query = allTenants ? { tenants: 'all' as const } : {};
  const tally = await openTally(output, options.metricsPort);
  const stop = new AbortController();
  const end = (): void => stop.abort();
  for (const name of SIGNALS) process.once(name, end);
  try {
    const receiver = openReceiver(to, {
      ...{ client, query, token, bounds: { max_bytes: maxBytes, keep } },
      dropped: tally.dropped,
    });
    const cursor = openCursor(state, `${allTenants ? 'all' : 'own'} ${to}`, options.from);
    try {
      const pause = (ms: number): Promise<void> => wait(ms, undefined, { signal: stop.signal }).catch(() => undefined);
      const { sent, failed } = tally;
      await forwardEntries({ client, query, receiver, cursor, once, signal: stop.signal, sent, failed, pause });
      print(output, command, tally.total, ({ entries, failures }) => `${entries} entries sent, ${failures} failures`);
    } finally {
      cursor.close();
    }
  } finally {
    for (const name of SIGNALS) process.off(name, end);
    await tally.close();
  }
}

type Tally = Pick<Forwarding, 'sent' | 'failed'> & {
  total: { entries: number; failures: number; dropped_spans: number; waiting_leaves: number };
  dropped(spans: number, why: string): void;
  close(): Promise<void>;
};

/** Counts, says when something begins to fail, and serves the counters where a port was given. */
async function openTally(output: Output, port: number | undefined): Promise<Tally> {
  // No other command needs them.
  const { createMetrics } = await import('@countersign/platform/metrics');
  const metrics = createMetrics('forward', 'countersign_', COUNTED);
  const page = port === undefined ? null : await serveMetrics(metrics, port);
  const total = { entries: 0, failures: 0, dropped_spans: 0, waiting_leaves: 0 };
  const say = sayOnce(output);
  return {
    total,
    sent: (entries, waiting, noted) => {
      total.entries += entries;
      total.waiting_leaves = waiting;
      metrics.count('forward_entries_total', {}, entries);
      metrics.set('forward_waiting_leaves', {}, waiting);
      if (noted) say(null, '');
    },
    failed: (part, thrown, waiting) => {
      total.failures += 1;
      // Behind is what it falls while nothing is sent: a gauge that only sending moved would say that all is well.
      if (waiting !== null) metrics.set('forward_waiting_leaves', {}, waiting);
      metrics.count('forward_failures_total', { part });
      say(part, thrown instanceof Error ? thrown.message : String(thrown));
    },
    dropped: (spans, why) => {
      total.dropped_spans += spans;
      metrics.count('forward_dropped_spans_total', {}, spans);
      output.writeError(`${spans} spans dropped: ${why}\n`);
    },
    close: async () => page?.close(),
  };
}

async function serveMetrics(metrics: Metrics, port: number): Promise<Listening> {
  const { listen } = await import('@countersign/platform/http');
  const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };
  return listen(async () => new Response(await metrics.text(), { headers }), port, '127.0.0.1');
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
const COUNTED = ['forward_entries_total', 'forward_dropped_spans_total', 'forward_waiting_leaves'] as const;

/** One line when something begins to fail, and one when it works again. */
function sayOnce(output: Output): (part: Part | null, why: string) => void {
  let failing: Part | null = null;
  return (part, why) => {
    if (part === failing) return;
    output.writeError(part === null ? 'sending again\n' : `${part}: ${why}\n`);
    failing = part;
  };
}
