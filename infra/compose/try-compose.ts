/**
 * `npm run test:compose`: builds the image, brings the whole of docker-compose.yml up under a name and ports of its own,
 * has a job allowed and run and one denied, stops and starts it all, and takes everything down. Skips, and says why,
 * where no engine answers.
 */
import { spawn } from 'node:child_process';
import { parseEnv } from 'node:util';
import { SERVICES } from '@countersign/contracts/ledger-entry';
import { findFreePort } from '../find-free-port.ts';
import { PROJECT_DIR } from '../project-folders.ts';
import { reportLine } from '../report-step.ts';
import { SetUpError } from '../set-up-error.ts';
import { waitForStop } from '../wait-for-stop.ts';
import { waitUntil } from '../wait-until.ts';
import { type Compose, findCompose } from './find-compose.ts';

const HEALTHY_WITHIN_MS = 180_000;
const ENDED_WITHIN_MS = 30_000;

type Output = 'shown' | 'kept';
type RunCompose = (args: readonly string[], output?: Output) => Promise<string>;
type Answer = { status: number; body: Record<string, unknown> };

/** Aborts when the trial is told to stop. */
const stopping = new AbortController();
const compose = await findCompose();
if ('missing' in compose) reportLine(`test:compose is skipped: ${compose.missing}`);
else process.exitCode = await tryAndTakeDown(compose);

async function tryAndTakeDown(found: Compose): Promise<number> {
  reportLine(`trying docker-compose.yml on Docker ${found.engine_version}`);
  void waitForStop().then((reason) => stopping.abort(new SetUpError(`stopped by ${reason}`)));
  const env = await ownEnvironment();
  // Told to stop, it still takes down what it brought up.
  const takeDown = composeRunner(found, env);
  try {
    await tryCompose(composeRunner(found, env, stopping.signal));
    reportLine('test:compose passed');
    return 0;
  } catch (error) {
    await takeDown(['ps']).catch(() => {});
    await takeDown(['logs', '--tail', '15']).catch(() => {});
    reportLine(`test:compose failed: ${error instanceof SetUpError ? error.message : (error as Error).stack}`);
    return 1;
  } finally {
    await takeDown(['down', '--volumes', '--remove-orphans'], 'kept');
  }
}

/** Its own project and ports: a system that somebody uses on this machine is left alone. */
async function ownEnvironment(): Promise<NodeJS.ProcessEnv> {
  const ports = { PORT: await findFreePort(), METRICS_PORT: await findFreePort(), NATS_PORT: await findFreePort() };
  return {
    ...process.env,
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
    COMPOSE_PROJECT_NAME: `countersign-try-${process.pid}`,
  };
}

function composeRunner({ command, args: before }: Compose, env: NodeJS.ProcessEnv, signal?: AbortSignal): RunCompose {
  return (args, output = 'shown') => runCommand(command, [...before, ...args], { env, signal, output });
}

async function tryCompose(runCompose: RunCompose): Promise<void> {
  await runCompose(['build', 'make-keys'], 'kept');
  reportLine('the image is built; starting');
  await bringUp(runCompose);
  const keys = parseEnv(await runCompose(['run', '--rm', '--no-deps', '-T', 'show-keys'], 'kept'));
  const call = caller(keys as Record<string, string>);
  const job_id = await tryAllowed(call);
  await tryDenied(call);
  await tryMetrics(keys.COUNTERSIGN_METRICS_URL!);

  reportLine('stopping and starting again, with two of each');
  await runCompose(['stop'], 'kept');
  await bringUp(runCompose, TWO_OF_EACH);
  const kept = await call('GET', `/jobs/${job_id}/result`);
  require(kept.status === 200, `the first job's result was answered with ${kept.status} after the restart`);
  await tryAllowed(call);
}

/** Ingress publishes one port here, so there is one of it. */
const TWO_OF_EACH = SERVICES.filter((service) => service !== 'ingress').flatMap((service) => [
  '--scale',
  `${service}=2`,
]);

async function bringUp(runCompose: RunCompose, scale: readonly string[] = []): Promise<void> {
  await runCompose(['up', '--detach', '--no-build', ...scale], 'kept');
  await waitForHealth(runCompose);
}

async function waitForHealth(runCompose: RunCompose): Promise<void> {
  const ids = (await runCompose(['ps', '--quiet'], 'kept')).split('\n').filter(Boolean);
  await waitUntil(
    'every container is healthy',
    async () => {
      const said = await inspectContainers(ids);
      return said
        .trim()
        .split('\n')
        .every((line) => / (healthy|running|exited)$/.test(line));
    },
    { timeout_ms: HEALTHY_WITHIN_MS, every_ms: 500 },
  );
}

type Call = (method: string, path: string, body?: object) => Promise<Answer>;

function caller(keys: Record<string, string>): Call {
  return async (method, path, body) => {
    const headers = { 'x-api-key': keys.AGENT_KEY!, 'x-tenant-id': keys.COUNTERSIGN_TENANT! };
    const answer = await fetch(`${keys.COUNTERSIGN_URL}/api/v1${path}`, {
      method,
      headers: body ? { ...headers, 'content-type': 'application/json' } : headers,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
}

/** Returns the job's id once its result is released. */
async function tryAllowed(call: Call): Promise<string> {
  const { status, body } = await call('POST', '/jobs', { topic: 'job.demo.read', prompt: 'status' });
  require(status === 202, `job.demo.read was answered with ${status}`);
  const job_id = body.job_id as string;
  await waitUntil(
    'the allowed job succeeds',
    async () => (await call('GET', `/jobs/${job_id}`)).body.state === 'succeeded',
    { timeout_ms: ENDED_WITHIN_MS, every_ms: 100 },
  );
  const result = await call('GET', `/jobs/${job_id}/result`);
  require(result.status === 200, `its result was answered with ${result.status}`);
  reportLine('a job was allowed, run by a worker, screened and released');
  return job_id;
}

async function tryDenied(call: Call): Promise<void> {
  const { status, body } = await call('POST', '/jobs', { topic: 'job.exec.shell', prompt: 'rm -rf /' });
  require(status === 403, `job.exec.shell was answered with ${status}`);
  const decisions = await call('GET', `/jobs/${body.job_id}/decisions`);
  require(decisions.status === 200, `the decisions on it were answered with ${decisions.status}`);
  reportLine('a job was denied, and its decision can be read');
}

async function tryMetrics(url: string): Promise<void> {
  const page = await (await fetch(url)).text();
  require(!page.includes('no answer from'), 'a service is missing from the metrics page');
  reportLine('the metrics page has every service');
}

function require(holds: boolean, otherwise: string): void {
  if (!holds) throw new SetUpError(otherwise);
}

/** One line for each container: its name, and its health or, where nothing checks that, its state. */
function inspectContainers(ids: string[]): Promise<string> {
  const state = '{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}';
  const options: CommandOptions = { env: process.env, signal: stopping.signal, output: 'kept' };
  return runCommand('docker', ['inspect', '--format', state, ...ids], options);
}

type CommandOptions = { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined; output: Output };

/** Resolves with standard output, and only when the command has ended. Rejects with SetUpError that holds what it said. */
function runCommand(command: string, args: string[], { env, signal, output }: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stdio = output === 'shown' ? ('inherit' as const) : ('pipe' as const);
    const child = spawn(command, args, { cwd: PROJECT_DIR, env, signal, stdio: ['ignore', stdio, stdio] });
    let stdout = '';
    let all = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      all += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      all += text;
    });
    // An abort reports here before the command is gone.
    child.once('error', (error) => {
      all += error.message;
    });
    child.once('close', (code) => {
      if (code === 0) resolve(stdout);
      else if (signal?.aborted) reject(signal.reason);
      else reject(new SetUpError(`${command} ${args.join(' ')} ended with ${code}\n${all.slice(-4_000)}`));
    });
  });
}
