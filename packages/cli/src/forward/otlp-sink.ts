/**
 * Sends the traces of jobs that have ended to an OpenTelemetry collector (OTLP/HTTP, JSON encoding, version 1.x). It remembers the
 * entries of jobs that are under way as they pass, and asks for the chain of those it has not seen from the beginning.
 */
import type { Client } from '@countersign/client/create-client';
import { followEntries } from '@countersign/client/follow-entries';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { Receiver } from './forward-entries.ts';
import { type HttpTarget, postJson, Refused } from './http-sink.ts';
import { type Attributes, endsJob, jobSpans, type Span } from './job-spans.ts';

/** Jobs whose entries are kept in memory; of those beyond, the chain is asked for. */
const REMEMBERED = 5_000;
/** What the protocol lets a client try again; anything else was refused for good. */
const TRY_AGAIN: ReadonlySet<number> = new Set([429, 502, 503, 504]);

type Source = { client: Pick<Client, 'entries'>; query: EvidenceQuery };

/** `dropped`: so many spans were refused for good, and why. */
export function openOtlp(source: Source, target: HttpTarget, dropped: (spans: number, why: string) => void): Receiver {
  const open = new Map<string, ShownEntry[]>();
  return {
    async send(entries, last) {
      const spans: Span[] = [];
      for (const entry of entries) {
        const seen = remember(open, entry);
        if (!endsJob(entry)) continue;
        spans.push(...jobSpans(isWhole(seen, entry) ? seen : await readChain(source, entry)));
        open.delete(entry.chain);
      }
      if (spans.length > 0) await post(target, spans, dropped);
      return last;
    },
  };
}

/** `ExportTraceServiceRequest`. Trace and span ids are hex, 64-bit numbers are texts (OTLP, JSON Protobuf encoding). */
export function otlpRequest(spans: readonly Span[]): object {
  const resource = { attributes: attributesOf({ 'service.name': 'countersign' }) };
  const scope = { name: 'countersign.ledger' };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: spans.map(spanOf) }] }] };
}

function spanOf({ trace_id, span_id, parent, name, kind, from, to, attributes, error }: Span): object {
  return {
    traceId: trace_id,
    spanId: span_id,
    ...(parent !== null && { parentSpanId: parent }),
    ...{ name, kind, startTimeUnixNano: String(from), endTimeUnixNano: String(to) },
    attributes: attributesOf(error === null ? attributes : { ...attributes, 'error.type': error }),
    status: error === null ? { code: 0 } : { code: 2, message: error },
  };
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [{ key, value: anyValue(value) }],
  );
}

function anyValue(value: NonNullable<Attributes[string]>): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  return { arrayValue: { values: value.map((each) => ({ stringValue: each })) } };
}

async function post(
  target: HttpTarget,
  spans: readonly Span[],
  dropped: (spans: number, why: string) => void,
): Promise<void> {
  try {
    const { partialSuccess } = parse(await postJson(target, otlpRequest(spans)));
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    if (rejected > 0) dropped(rejected, 'the collector refused a part');
  } catch (thrown) {
    if (!(thrown instanceof Refused) || TRY_AGAIN.has(thrown.status)) throw thrown;
    dropped(spans.length, thrown.message);
  }
}

function parse(text: string): { partialSuccess?: { rejectedSpans?: string | number } } {
  try {
    return (JSON.parse(text) ?? {}) as ReturnType<typeof parse>;
  } catch {
    return {};
  }
}

/** The job that was heard of longest ago is forgotten first. */
function remember(open: Map<string, ShownEntry[]>, entry: ShownEntry): ShownEntry[] {
  if (!entry.chain.startsWith('job:')) return [];
  const seen = [...(open.get(entry.chain) ?? []).filter(({ seq }) => seq < entry.seq), entry];
  open.delete(entry.chain);
  open.set(entry.chain, seen);
  if (open.size > REMEMBERED) open.delete(open.keys().next().value!);
  return seen;
}

function isWhole(seen: readonly ShownEntry[], { seq }: ShownEntry): boolean {
  return seen.length === seq && seen.every((entry, i) => entry.seq === i + 1);
}

async function readChain({ client, query }: Source, { chain }: ShownEntry): Promise<ShownEntry[]> {
  const { tenants } = query;
  const found: ShownEntry[] = [];
  for await (const entry of followEntries(client, { query: { chain, ...(tenants && { tenants }) } })) found.push(entry);
  return found;
}
