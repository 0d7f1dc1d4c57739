/** Subjects, verbs, streams and kinds of evidence: all that crosses the bus. */
import { ENTRY_KINDS } from '@countersign/contracts/ledger-entry';
import { RPC } from '@countersign/contracts/rpc';
import { HINTS, intakeConsumer, intakeStream, poolConsumer, STREAMS } from '@countersign/contracts/streams';
import { subjects } from '@countersign/contracts/subjects';
import { code, codes, page, table } from './render-table.ts';
import { shapeOf } from './subject-shape.ts';

const subjectRows = Object.entries(subjects).map(([name, build]) => [code(name), code(shapeOf(build))]);

const verbRows = Object.entries(RPC).map(([verb, { service, callers, repeatable }]) => [
  code(`rpc.${verb}${(callers as readonly string[]).includes('worker') ? '.<pool>.<worker>' : ''}`),
  service,
  callers.join(', '),
  repeatable ? 'yes' : 'no',
]);

const streamRows = [intakeStream('tenant'), ...STREAMS].map((stream) => [
  forEach(stream.name),
  codes(stream.subjects.map(forEach)),
  stream.retention,
  stream.discard === 'new' ? 'refuses the newest' : 'drops the oldest',
  mebibytes(stream.max_bytes),
  stream.durable ? 'yes' : 'no',
]);

const hintRows = HINTS.map((hint) => [
  code(hint.subject),
  hint.from,
  'every' in hint ? `every ${hint.to}` : hint.to,
  hint.swept,
]);

const consumerRows = [intakeConsumer('tenant'), poolConsumer('pool')].map((consumer) => [
  forEach(consumer.stream),
  code(consumer.durable.replace(/^pool-(.*)/, 'pool-<$1>')),
  code(forEach(consumer.filter).replace(/^(job\.dispatch\.)(\w+)/, '$1<$2>')),
  String(consumer.ack_wait_ms),
  String(consumer.max_ack_pending),
]);

export function renderSubjects(): string {
  return page(
    'Subjects and streams',
    'A topic is `job.<tail>`, e.g. `job.deploy.apply`; the same tail rides on every stage. A token matches ' +
      '`^[a-z0-9_-]{1,64}$`. Built and read in `packages/contracts/src/subjects.ts` alone.',
    `## Subjects\n\n${table(['name', 'subject'], subjectRows)}`,
    `## Verbs\n\nRequests with an answer. Only the named callers may ask, services under their own inbox and workers from their pool's account. What may be repeated is asked again of another instance while the first one is silent.\n\n${table(['subject', 'answered by', 'asked by', 'repeated'], verbRows)}`,
    `## Hints\n\nPlain messages with keys in them, never stored. One that gets lost costs time only.\n\n${table(['subject', 'sent by', 'heard by', 'its sweep looks for'], hintRows)}`,
    `## Streams\n\n${table(['stream', 'subjects', 'retention', 'when full', 'size', 'survives power loss'], streamRows)}`,
    `## Durable consumers\n\n${table(['stream', 'durable', 'subjects', 'ack wait (ms)', 'outstanding'], consumerRows)}`,
    `## Kinds of evidence\n\nEach is published as \`audit.<tenant>.<kind>.<tail>\`. The database lets only its writer record it.\n\n${table(
      ['kind', 'recorded by'],
      Object.entries(ENTRY_KINDS).map(([kind, service]) => [code(kind), service]),
    )}`,
  );
}

function mebibytes(bytes: number): string {
  return `${bytes / 1024 / 1024} MiB`;
}

/** Of any tenant's. */
function forEach(text: string): string {
  return text.replace(/([_.])tenant\b/g, '$1<tenant>');
}
