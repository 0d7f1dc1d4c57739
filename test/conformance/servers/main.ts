/**
 * `npm run conformance:servers [names…]`: six public MCP servers, offline once they are installed, bare and behind `countersign mcp wrap`,
 * and one behind `mcp serve`, with four clients. Prints a table for docs/conformance/servers.md. Exit 1: something was not as it must be.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readServeFile } from '@countersign/cli/mcp/read-serve-file';
import { startServe } from '@countersign/mcp/start-serve';
import { createLogger } from '@countersign/platform/logger';
import { SERVER_TOOLS } from '../../cases/policy/server-tools.ts';
import { countersignCommand } from '../../harness/mcp-client.ts';
import { installPackages } from '../install-packages.ts';
import type { DriverName, Server } from './clients.ts';
import { type Judged, judge } from './judge.ts';
import { makeBundle } from './make-bundle.ts';
import { type Plane, startPlane } from './start-plane.ts';
import { CHROMIUM, PACKAGES, SUBJECTS, type Subject } from './subjects.ts';

type Tool = { name: string; annotations?: { readOnlyHint?: boolean } };

const DRIVERS: readonly DriverName[] = ['sdk-2025', 'sdk-2026', 'inspector-2025', 'inspector-2026'];
/** How long a call waits before it is told that it is held. */
const WAIT_MS = 1_500;
const SERVED = 'memory';

const named = process.argv.slice(2);
const chosen = SUBJECTS.filter(({ name }) => named.length === 0 || named.includes(name));
const skipped = chosen.filter(({ name }) => name === 'playwright' && CHROMIUM === undefined);
const installed = await installPackages('servers', PACKAGES);
const dir = mkdtempSync('/tmp/countersign-conformance-');
let failed = 0;
try {
  await using owned = new AsyncDisposableStack();
  const bundle = join(dir, 'bundle');
  makeBundle(bundle, SUBJECTS);
  const plane = await startPlane(dir, bundle, owned);
  for (const subject of chosen.filter((each) => !skipped.includes(each))) {
    await withProxyFile(plane, subject);
    reportTools(subject);
    for (const name of DRIVERS) await report(plane, subject, name, 'wrap', wrapped(subject));
  }
  const served = chosen.find(({ name }) => name === SERVED);
  if (served) await serveAndReport(plane, served);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
for (const { name } of skipped) say(`${name}\tskipped: no Chromium on this machine`);
say(failed === 0 ? 'all as it must be' : `${failed} not as they must be`);
process.exitCode = failed === 0 ? 0 : 1;

function commandOf(subject: Subject, { place }: Plane): string[] {
  const bin = join(installed, 'node_modules/.bin', subject.bin);
  return [
    process.execPath,
    join(import.meta.dirname, 'count-calls.ts'),
    countedBy(subject),
    bin,
    ...subject.args(place),
  ];
}

function countedBy({ name }: Subject): string {
  return join(dir, `${name}.calls.ndjson`);
}

function fileOf({ name }: Subject): string {
  return join(dir, `${name}.json`);
}

async function withProxyFile(plane: Plane, subject: Subject): Promise<void> {
  await subject.reset(plane.place);
  const of = ['--server', subject.name, '--file', fileOf(subject)];
  const key = ['--scheduler-key', plane.keys.warrant.public_key];
  const command = commandOf(subject, plane);
  await plane.countersign('mcp', 'add', '--owner', 'admin', ...key, ...of, '--', ...command);
  const file = JSON.parse(readFileSync(fileOf(subject), 'utf8'));
  writeFileSync(fileOf(subject), JSON.stringify({ ...file, wait_ms: WAIT_MS, env: subject.env?.(plane.place) ?? {} }));
  await plane.countersign('mcp', 'tools', 'review', '--accept-all', '--by', 'alice', ...of, '--', ...command);
}

/** What the templates are written for has to be what the server lists. */
function reportTools(subject: Subject): void {
  const known = SERVER_TOOLS[subject.name];
  if (known === undefined) return;
  const { tools } = JSON.parse(readFileSync(fileOf(subject).replace('.json', '.tools.json'), 'utf8'));
  const readOnly = (tool: { definition: Tool }) => tool.definition.annotations?.readOnlyHint === true;
  const listed = (which: boolean): string =>
    tools
      .filter((tool: { definition: Tool }) => readOnly(tool) === which)
      .map((tool: { definition: Tool }) => tool.definition.name)
      .sort()
      .join(', ');
  if (listed(true) === known.reads.join(', ') && listed(false) === known.others.join(', ')) return;
  failed += 1;
  say(`${subject.name}\tits tools are others: reads ${listed(true)}; others ${listed(false)}`);
}

function wrapped(subject: Subject): (plane: Plane) => Server {
  return (plane) => ({
    command: countersignCommand(
      'mcp',
      'wrap',
      '--server',
      subject.name,
      '--file',
      fileOf(subject),
      '--',
      ...commandOf(subject, plane),
    ),
    env: {},
  });
}

async function report(plane: Plane, subject: Subject, name: DriverName, by: string, proxied: (plane: Plane) => Server) {
  const bare = { command: commandOf(subject, plane), env: subject.env?.(plane.place) ?? {} };
  const { place, asked, vote } = plane;
  const trial = {
    subject,
    place,
    inspector: installed,
    counted: countedBy(subject),
    bare,
    proxied: proxied(plane),
    asked,
    vote,
  };
  const judged: Judged = await judge(trial, name).catch((thrown: Error) => ({ run: `not so: ${thrown.message}` }));
  const wrong = Object.entries(judged).filter(([, said]) => said !== 'ok');
  failed += wrong.length;
  say(`${subject.name}\t${by}\t${name}\t${Object.keys(judged).length - wrong.length} of ${Object.keys(judged).length}`);
  for (const [what, said] of wrong) say(`  ${what}: ${said}`);
}

async function serveAndReport(plane: Plane, subject: Subject): Promise<void> {
  const { name } = subject;
  const ceiling = { topics: [`job.mcp.${name}.*`], capabilities: [`mcp-${name}.*`], environments: [] };
  const admin = plane.keys.api_keys.admin;
  await plane.api(admin, 'POST', '/agents', { id: 'ana', owner: 'admin', ceiling });
  const { key } = await plane.api(admin, 'POST', '/keys', { principal: 'ana', role: 'agent' });
  const worker = JSON.parse(readFileSync(fileOf(subject), 'utf8')).worker;
  writeFileSync(join(dir, 'served.worker.json'), JSON.stringify(worker), { mode: 0o600 });
  const served = {
    command: commandOf(subject, plane),
    env: subject.env?.(plane.place) ?? {},
    worker: 'served.worker.json',
    wait_ms: WAIT_MS,
  };
  const file = join(dir, 'serve.yaml');
  writeFileSync(
    file,
    JSON.stringify({ listen: { port: 0 }, plane: plane.url, state: 'state', servers: { [name]: served } }),
  );
  await plane.countersign('mcp', 'tools', 'review', '--serve', file, '--server', name, '--accept-all', '--by', 'alice');
  await using serving = await startServe({
    ...readServeFile(file),
    environment: {},
    log: createLogger('mcp', 'silent'),
  });
  for (const driver of DRIVERS)
    await report(plane, subject, driver, 'serve', () => ({ url: `${serving.url}/${name}`, key }));
}

function say(text: string): void {
  void process.stdout.write(`${text}\n`);
}
