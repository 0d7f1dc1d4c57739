/** `countersign audit forward`: a process of its own that hands the evidence on to a SIEM or a collector of traces. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { clientOf, type Output, print } from '../context.ts';
import { wholeNumber } from '../whole-number.ts';
import { openCursor } from './forward-cursor.ts';
import { forwardEntries, type Part } from './forward-entries.ts';
import { openReceiver } from './receivers.ts';

type Options = {
  to: string;
  state: string;
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
    .option('--from <leaf>', 'where to begin without a state', wholeNumber, 0)
    .option('--once', 'end with what is recorded now')
    .option('--all-tenants', 'of every tenant; needs evidence:all')
    .option('--max-bytes <n>', 'of a file, before it is set aside', wholeNumber, MAX_BYTES)
    .option('--keep <n>', 'full files that stay', wholeNumber, KEEP)
    .option('--metrics-port <port>', 'serves /metrics on 127.0.0.1', wholeNumber)
    .action((options: Options, command: Command) => forward(output, options, command));
}

async function forward(output: Output, options: Options, command: Command): Promise<void> {
  // No other command needs them.
  const [{ createMetrics }, { listen }] = await Promise.all([
    import('@countersign/platform/metrics'),
    import('@countersign/platform/http'),
  ]);
  const { to, state, once = false, allTenants = false, maxBytes, keep, metricsPort } = options;
  const client = clientOf(command);
  const query = allTenants ? { tenants: 'all' as const } : {};
  const metrics = createMetrics('forward', 'countersign_', [
    'forward_entries_total',
    'forward_dropped_spans_total',
    'forward_waiting_leaves',
  ]);
  const total = { entries: 0, failures: 0, dropped_spans: 0, waiting_leaves: 0 };
  const say = sayOnce(output);
  const receiver = openReceiver(to, {
    ...{ client, query, token: process.env.FORWARD_TOKEN, bounds: { max_bytes: maxBytes, keep } },
    dropped: (spans, why) => {
      total.dropped_spans += spans;
      metrics.count('forward_dropped_spans_total', {}, spans);
      say('receiver', why);
    },
  });
  const cursor = openCursor(state, `${allTenants ? 'all' : 'own'} ${to}`, options.from);
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort());
  const page =
    metricsPort === undefined
      ? null
      : await listen(async () => new Response(await metrics.text(), { headers: TEXT }), metricsPort, '127.0.0.1');
  try {
    await forwardEntries({
      ...{ client, query, receiver, cursor, once, signal: stop.signal },
      sent: (entries, waiting) => {
        total.entries += entries;
        total.waiting_leaves = waiting;
        metrics.count('forward_entries_total', {}, entries);
        metrics.set('forward_waiting_leaves', {}, waiting);
        say(null, '');
      },
      failed: (part, thrown) => {
        total.failures += 1;
        metrics.count('forward_failures_total', { part });
        say(part, thrown instanceof Error ? thrown.message : String(thrown));
      },
      pause: (ms) => wait(ms, undefined, { signal: stop.signal }).catch(() => undefined),
    });
    print(output, command, total, ({ entries, failures }) => `${entries} entries handed on, ${failures} failures`);
  } finally {
    cursor.close();
    await page?.close();
  }
}

const TEXT = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' };

/** One line when something begins to fail, and one when it works again. */
function sayOnce(output: Output): (part: Part | null, why: string) => void {
  let failing: Part | null = null;
  return (part, why) => {
    if (part === failing) return;
    output.writeError(part === null ? 'handing on again\n' : `${part}: ${why}\n`);
    failing = part;
  };
}
