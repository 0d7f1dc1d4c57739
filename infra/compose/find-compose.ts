/**
 * Finds a Docker engine that answers and a compose command that talks to it: the plugin (`docker compose`) or the older
 * program of its own (`docker-compose`), which understand the same file.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export type Compose = { command: string; args: readonly string[]; engine_version: string };
type NoCompose = { missing: string };

const ANSWER_MS = 10_000;
const run = promisify(execFile);

const COMMANDS = [
  { command: 'docker', args: ['compose'] },
  { command: 'docker-compose', args: [] },
] as const;

/** Or the one line that says why not. */
export async function findCompose(): Promise<Compose | NoCompose> {
  const engine = await answer('docker', ['version', '--format', '{{.Server.Version}}']);
  if ('missing' in engine) return { missing: `no Docker engine answers: ${engine.missing}` };
  for (const { command, args } of COMMANDS) {
    if ('said' in (await answer(command, [...args, 'version']))) return { command, args, engine_version: engine.said };
  }
  return { missing: 'neither `docker compose` nor `docker-compose` is installed' };
}

async function answer(command: string, args: readonly string[]): Promise<{ said: string } | NoCompose> {
  try {
    return { said: (await run(command, [...args], { timeout: ANSWER_MS })).stdout.trim() };
  } catch (error) {
    const { code, stderr, message } = error as { code?: unknown; stderr?: string; message: string };
    if (code === 'ENOENT') return { missing: `there is no ${command} command` };
    return { missing: (stderr?.trim() || message).split('\n')[0]! };
  }
}
