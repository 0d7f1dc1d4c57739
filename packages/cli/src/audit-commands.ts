/** `countersign audit`: what an auditor does, from following the ledger to proving an export without anybody's word. */
import { createPublicKey } from 'node:crypto';
import { closeSync, createReadStream, unlinkSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Client } from '@countersign/client/create-client';
import { followEntries } from '@countersign/client/follow-entries';
import type { EvidenceQuery } from '@countersign/contracts/evidence';
import { instant } from '@countersign/contracts/names';
import { type TrustRoot, trustRoot } from '@countersign/contracts/policy';
import { printable, printableJson } from '@countersign/contracts/printable';
import { formatVerifierKey, type NoteKey, parseVerifierKey } from '@countersign/ledger/checkpoint';
import { parseWitnessKey } from '@countersign/ledger/cosignature';
import { microsecondsOf } from '@countersign/ledger/log-window';
import { type Command, Option } from 'commander';
import { attest } from './attest-record.ts';
import { clientOf, isJson, type Output, print, severalTimes } from './context.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { exportEvidence, exportTable } from './export-evidence.ts';
import { addForwardCommand } from './forward/forward-command.ts';
import { issueReceipt } from './issue-receipt.ts';
import { openToWrite, parseJson, readText, refusedFile } from './read-file.ts';
import { readShape } from './read-shape.ts';
import { showTimeline } from './show.ts';
import { type EvidenceTrust, type EvidenceVerdict, verifyEvidence } from './verify-evidence.ts';
import { wholeNumber } from './whole-number.ts';

type Which = {
  topic?: string;
  kind?: string;
  actor?: string;
  job?: string;
  chain?: string;
  since?: string;
  until?: string;
  from?: string;
  allTenants?: boolean;
};

type WindowOptions = { since?: string; until?: string };
type ExportOptions = WindowOptions & {
  out: string;
  format: 'ndjson' | 'csv';
  allTenants?: boolean;
  from?: number;
  to?: number;
};

type VerifyOptions = WindowOptions & {
  logKey: string[];
  trustRoot?: string;
  table?: string;
  kept?: string;
  witnessKey?: string[];
  cosignatures?: number;
};

export function addAuditCommands(program: Command, output: Output): void {
  const audit = program.command('audit').description('follow, replay, export and prove the evidence');
  withWhich(audit.command('tail').description('entries as they are recorded')).action(
    (options: Which, command: Command) => follow(output, options, command, true),
  );
  withWhich(audit.command('replay').description('entries from any point on, as often as wanted')).action(
    (options: Which, command: Command) => follow(output, options, command, false),
  );
  addForwardCommand(audit, output);
  addReceiptCommand(audit, output);
  audit
    .command('export')
    .description('the ledger as a file that can be verified without the server')
    .requiredOption('--out <file>', 'where to; never overwritten')
    .addOption(new Option('--format <format>').choices(['ndjson', 'csv']).default('ndjson'))
    .option('--all-tenants', 'of every tenant, provably complete; needs evidence:all')
    .addOption(new Option('--since <time>', 'recorded from then on (RFC 3339 in UTC)').conflicts(['from', 'to']))
    .addOption(new Option('--until <time>', 'recorded up to then').conflicts(['from', 'to']))
    .option('--from <leaf>', 'from this leaf of the log on', wholeNumber)
    .option('--to <leaf>', 'before this leaf', wholeNumber)
    .action((options: ExportOptions, command: Command) => writeExport(output, options, command));
  audit
    .command('verify <file>')
    .description('proves an export with public keys alone, and names the first bad entry')
    .requiredOption(
      '--log-key <vkey>',
      "the log's public key, as `countersign audit key` prints it; several times",
      severalTimes,
    )
    .option('--trust-root <file>', 'who may sign policies: then every activation must have been signed')
    .option('--kept <file>', 'a checkpoint from before: then nothing before it was rewritten')
    .option('--witness-key <vkey>', 'public key of a witness that must have cosigned; several times', severalTimes)
    .option('--cosignatures <count>', 'how many of them; all when left out', wholeNumber)
    .option(
      '--table <file>',
      'a table of the same entries (CSV): each row must be that of an entry, and none may lack one',
    )
    .option('--since <time>', 'the export must hold everything from then on')
    .option('--until <time>', 'the export must hold everything up to then')
    .action((path: string, options: VerifyOptions, command: Command) => verify(output, path, options, command));
  audit
    .command('checkpoint')
    .description('the last signed checkpoint, to be kept for a later verification')
    .action(async (_: object, command: Command) =>
      print(output, command, await clientOf(command).checkpoint(), ({ note }) => note.trimEnd()),
    );
  audit
    .command('key <file>')
    .description("a log's verifier key (vkey) from its key file, private or public")
    .requiredOption('--origin <name>', 'the name of the log, as LOG_ORIGIN has it')
    .action((path: string, { origin }: { origin: string }, command: Command) =>
      print(output, command, { vkey: vkeyOf(origin, path) }, ({ vkey }) => vkey),
    );
  audit
    .command('attest <job_id>')
    .description('the run record as an in-toto Statement in a DSSE envelope')
    .requiredOption('--signing-key <file>', 'Ed25519 private key (PKCS#8 PEM) that signs it')
    .action(async (job_id: string, { signingKey }: { signingKey: string }, command: Command) => {
      const record = await clientOf(command).record(job_id);
      output.write(`${printableJson(attest(record, readText(signingKey)))}\n`);
    });
}

type ReceiptOptions = { signingKey: string; issuer: string; logKey: string[]; out: string };

function addReceiptCommand(audit: Command, output: Output): void {
  audit
    .command('receipt <job_id>')
    .description("that the job's last entry is in the log, as a COSE receipt (RFC 9942)")
    .requiredOption('--signing-key <file>', 'Ed25519 private key (PKCS#8 PEM) that signs it')
    .requiredOption('--issuer <name>', 'who stands behind it')
    .requiredOption(
      '--log-key <vkey>',
      "the log's public key, several times; nothing is signed that they do not bear out",
      severalTimes,
    )
    .requiredOption('--out <file>', 'where to; never overwritten')
    .action(async (job_id: string, options: ReceiptOptions, command: Command) => {
      const log = options.logKey.map((line) => keyIn(line, parseVerifierKey));
      const issuer = { name: options.issuer, pem: readText(options.signingKey), log };
      const { receipt, ...said } = await issueReceipt(clientOf(command), job_id, issuer);
      const file = openToWrite(options.out, { mode: 0o600, exclusive: true });
      writeSync(file, receipt);
      closeSync(file);
      print(output, command, said, ({ entry, leaf_index, tree_size }) =>
        [`entry ${entry}`, `leaf ${leaf_index} of ${tree_size}`, `receipt in ${options.out}`].join('\n'),
      );
    });
}

function withWhich(command: Command): Command {
  return command
    .option('--topic <pattern>', 'of this topic, e.g. job.deploy.*')
    .option('--kind <kind>', 'of this kind, e.g. job_dispatched')
    .option('--actor <id>', 'that this actor caused')
    .option('--job <job_id>', 'of this job')
    .option('--chain <chain>', 'of this chain, e.g. control, policy:*, identity:alice')
    .option('--since <time>', 'from then on (RFC 3339 in UTC)')
    .option('--until <time>', 'up to then')
    .option('--from <leaf>', 'from this leaf of the log on')
    .option('--all-tenants', 'of every tenant; needs evidence:all');
}

async function follow(output: Output, options: Which, command: Command, live: boolean): Promise<void> {
  for await (const entry of followEntries(clientOf(command), { query: queryOf(options), live })) {
    output.write(`${isJson(command) ? printableJson(entry) : printable(`${showTimeline([entry])}  ${entry.chain}`)}\n`);
  }
}

function queryOf({ topic, kind, actor, job, chain, since, until, from, allTenants }: Which): EvidenceQuery {
  return {
    ...{ topic, kind, actor, job_id: job, chain, since, until, from },
    ...(allTenants ? { tenants: 'all' as const } : {}),
  };
}

async function writeExport(output: Output, options: ExportOptions, command: Command): Promise<void> {
  const client: Client = clientOf(command);
  const file = openToWrite(options.out, { mode: 0o600, exclusive: true });
  try {
    const run = options.format === 'csv' ? exportTable : exportEvidence;
    const { from, to, since, until } = options;
    const window = {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(since === undefined ? {} : { since: readShape(instant, since, '--since') }),
      ...(until === undefined ? {} : { until: readShape(instant, until, '--until') }),
    };
    const done = await run(client, options.allTenants === true, (line) => void writeSync(file, line), window);
    print(
      output,
      command,
      done,
      ({ entries, leaves, policies }) =>
        `${entries} entries of ${leaves} leaves and ${policies} policies are in ${options.out}`,
    );
  } catch (thrown) {
    // Half an export is none.
    unlinkSync(options.out);
    throw thrown;
  } finally {
    closeSync(file);
  }
}

async function verify(output: Output, path: string, options: VerifyOptions, command: Command): Promise<void> {
  const witnesses = (options.witnessKey ?? []).map((line) => keyIn(line, parseWitnessKey));
  const trust = {
    log: options.logKey.map((line) => keyIn(line, parseVerifierKey)),
    kept: options.kept === undefined ? null : readText(options.kept),
    witnesses,
    cosignatures: options.cosignatures ?? witnesses.length,
    root: options.trustRoot === undefined ? null : readRoot(options.trustRoot),
    ...askedOf(options),
    ...(options.table !== undefined && { table: linesOf(options.table) }),
  };
  const lines = linesOf(path);
  const verdict = await verifyEvidence(lines, trust).catch((thrown: unknown) => {
    if (thrown instanceof TypeError) throw new UsageError(`${path}: ${thrown.message}`);
    throw thrown;
  });
  print(output, command, verdict, showVerdict);
  if (verdict.verdict === 'broken') output.exit(EXIT.broken);
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (thrown) {
    throw refusedFile(path, thrown);
  }
}

function askedOf({ since, until }: WindowOptions): Pick<EvidenceTrust, 'asked'> {
  if (since === undefined && until === undefined) return {};
  const at = (time: string | undefined, name: string): number | null =>
    time === undefined ? null : microsecondsOf(readShape(instant, time, name));
  return { asked: { since_us: at(since, '--since'), until_us: at(until, '--until') } };
}

function keyIn(line: string, parse: (line: string) => NoteKey | null): NoteKey {
  const key = parse(line);
  if (key === null) throw new UsageError(`no verifier key: ${line.slice(0, 80)}`);
  return key;
}

function readRoot(path: string): TrustRoot {
  return readShape(trustRoot, parseJson(readText(path), path), `${path} is no trust root`);
}

function showVerdict(verdict: EvidenceVerdict): string {
  const { entries, leaves, kept_size, cosigned_by, complete, faults, window, within, derived, table_rows, population } =
    verdict;
  const [first] = faults;
  if (first !== undefined)
    return `broken at ${first.at}: ${first.code}${faults.length > 1 ? `, and ${faults.length - 1} more` : ''}`;
  return [
    `holds: ${entries} entries, ${leaves} leaves under the log's signature`,
    ...(window === null ? [] : [`${within} entries in the window; leaves ${window.from} to ${window.to - 1}`]),
    ...(derived ? [] : ['not derived: what these steps stand on was recorded before the window']),
    complete
      ? `complete: every leaf${window === null ? '' : ' of the window'} has its entry`
      : population === null
        ? 'one part of the log: chains are whole, whole chains may be missing'
        : `complete for tenant ${population}, by the signed word of the log: no chain of its is missing`,
    ...(table_rows === undefined ? [] : [`the table has these entries and no others: ${table_rows} rows`]),
    kept_size > 0
      ? `nothing before leaf ${kept_size} was rewritten`
      : 'without a checkpoint from elsewhere, the log itself could have rewritten it',
    ...(cosigned_by.length > 0 ? [`cosigned by ${cosigned_by.join(', ')}`] : []),
  ].join('\n');
}

function vkeyOf(name: string, path: string): string {
  try {
    const { x } = createPublicKey(readText(path)).export({ format: 'jwk' });
    return formatVerifierKey({ name, public_key: Buffer.from(x ?? '', 'base64url') });
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`${path} holds no Ed25519 key in PEM`);
  }
}
