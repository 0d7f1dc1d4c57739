/** `countersign drill`: tries the controls on a running system and leaves a report. */
import { spawn } from 'node:child_process';
import type { Client } from '@countersign/client/create-client';
import { printableJson } from '@countersign/contracts/printable';
import { parseVerifierKey } from '@countersign/ledger/checkpoint';
import { type Command, Option } from 'commander';
import { clientOf, clientWith, type Output, print, severalTimes } from './context.ts';
import type { DrillReport, Found } from './drill/drill-report.ts';
import { readCounters } from './drill/read-counters.ts';
import { type Drill, type DrillCases, runDrill } from './drill/run-drill.ts';
import { drillPage, showDrill } from './drill/show-drill.ts';
import type { Exercise } from './drill/stage-exercise.ts';
import { EXIT, UsageError } from './exit-codes.ts';
import { exportEvidence } from './export-evidence.ts';
import { nameOf, parseJsonObject, readBytes, writeText } from './read-file.ts';
import { verifyEvidence } from './verify-evidence.ts';

type DrillOptions = {
  approverKeys?: string;
  auditorKey?: string;
  logKey?: string;
  metrics?: string;
  outage?: string;
  restore?: string;
  failMode: 'closed' | 'open';
  exercise?: boolean;
  operatorKey?: string;
  report?: string[];
};

const CASES = ['deny', 'approval', 'allow'] as const;
const COMMAND_MS = 120_000;
const MOST_TIMES = 100;

export function addDrillCommand(program: Command, output: Output): void {
  program
    .command('drill <cases.json>')
    .description('try the controls on a running system: deny, approval, allow, outage, counters, ledger')
    .addOption(new Option('--approver-keys <keys>', 'keys of those who countersign, by commas').env('APPROVER_KEYS'))
    .addOption(new Option('--auditor-key <key>', "an auditor's key, for the ledger").env('AUDITOR_KEY'))
    .addOption(
      new Option('--log-key <key>', 'public key of the log; without it the ledger is not verified').env('LOG_VKEY'),
    )
    .addOption(new Option('--metrics <url>', 'page of metrics').env('COUNTERSIGN_METRICS_URL'))
    .option('--outage <command>', 'takes the policy kernel of a staging system down')
    .option('--restore <command>', 'brings it back')
    .addOption(new Option('--fail-mode <mode>', 'expected meanwhile').choices(['closed', 'open']).default('closed'))
    .option('--exercise', "also stage the tabletop exercise, as the file says under `exercise`; needs an auditor's key")
    .addOption(new Option('--operator-key <key>', 'who stops it then').env('OPERATOR_KEY'))
    .option('--report <file>', 'also written there, by the name: .json, .html or text; several times', severalTimes)
    .action((path: string, options: DrillOptions, command: Command) => drill(output, path, options, command));
}

async function drill(output: Output, path: string, options: DrillOptions, command: Command): Promise<void> {
  const { outage, restore } = options;
  if ((outage === undefined) !== (restore === undefined)) throw new UsageError('--outage and --restore go together');
  const report = await runDrill({
    url: command.optsWithGlobals<{ url: string }>().url,
    cases: readCases(path),
    agent: clientOf(command),
    approvers: approversOf(options, command),
    counters: options.metrics ? () => readCounters(options.metrics!) : null,
    outage: outage === undefined ? null : { begin: () => runShell(outage), end: () => runShell(restore!) },
    fail_mode: options.failMode,
    verify: verifierOf(options, command),
    ...(options.exercise === true && { exercise: exerciseOf(path, options, command) }),
  });
  for (const file of options.report ?? []) writeText(file, renderFor(file, report), { exclusive: true });
  print(output, command, report, showDrill);
  if (report.failed > 0) output.exit(EXIT.drill_failed);
}

function readCases(path: string): DrillCases {
  const cases = parseJsonObject(readBytes(path), nameOf(path));
  const missing = CASES.find((name) => typeof cases[name] !== 'object' || cases[name] === null);
  if (missing !== undefined) throw new UsageError(`${nameOf(path)} has no request under ${missing}`);
  return cases as unknown as DrillCases;
}

function exerciseOf(path: string, { auditorKey, operatorKey }: DrillOptions, command: Command): Exercise {
  if (!auditorKey) throw new UsageError('nobody looks into the exercise: set AUDITOR_KEY');
  const { exercise } = parseJsonObject(readBytes(path), nameOf(path)) as { exercise?: Partial<Exercise> };
  const { request, times } = exercise ?? {};
  if (typeof request !== 'object' || !Number.isInteger(times) || times! < 1 || times! > MOST_TIMES)
    throw new UsageError(`${nameOf(path)} has no exercise: { "request": …, "times": 1 to ${MOST_TIMES} }`);
  const operator = operatorKey ? clientWith(command, operatorKey) : null;
  return { request, times: times!, investigator: clientWith(command, auditorKey), operator };
}

function approversOf({ approverKeys }: DrillOptions, command: Command): Client[] {
  const keys = (approverKeys ?? '').split(',').filter((key) => key !== '');
  if (keys.length === 0) throw new UsageError('nobody countersigns: set APPROVER_KEYS');
  return keys.map((key) => clientWith(command, key));
}

/** What the auditor may see, exported and verified in memory. */
function verifierOf({ auditorKey, logKey }: DrillOptions, command: Command): Drill['verify'] {
  if (!logKey || !auditorKey) return null;
  const key = parseVerifierKey(logKey);
  if (key === null) throw new UsageError('--log-key is no verifier key');
  const auditor = clientWith(command, auditorKey);
  return async (): Promise<Found> => {
    const lines: string[] = [];
    await exportEvidence(auditor, false, (line) => lines.push(line.trimEnd()));
    const trust = { log: [key], kept: null, witnesses: [], cosignatures: 0, root: null };
    const verdict = await verifyEvidence(lines, trust);
    return { ok: verdict.verdict === 'holds', found: `${verdict.verdict}, ${verdict.entries} entries` };
  };
}

function renderFor(file: string, report: DrillReport): string {
  if (file.endsWith('.json')) return `${printableJson(report, 2)}\n`;
  return file.endsWith('.html') ? drillPage(report) : `${showDrill(report)}\n`;
}

/** Its own output is nobody's; it has to end by itself. */
function runShell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'ignore', timeout: COMMAND_MS });
    child.on('error', reject);
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`the command ended with ${code}`))));
  });
}
