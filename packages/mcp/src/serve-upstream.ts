/** A server of the file as an address, with its credentials read from where they are. None is ever in a message. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { tellFileFault } from '@countersign/contracts/file-fault';
import type { Environment } from '@countersign/platform/environment';
import type { Secret, Served } from './serve-settings.ts';
import type { UpstreamAddress } from './upstream.ts';

export type Surroundings = {
  environment: Environment;
  /** What paths of the file are relative to. */
  folder: string;
};

/** `at`: where in the file it stands, e.g. `servers.git`. Throws TypeError. */
export function upstreamOf(server: Served, at: string, around: Surroundings): UpstreamAddress {
  const read = (value: string | Secret, place: string): string =>
    typeof value === 'string' ? value : readSecret(value, `${at}.${place}`, around);
  const readAll = (values: Readonly<Record<string, string | Secret>>, place: string): Record<string, string> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, read(value, `${place}.${name}`)]));
  if (server.url !== undefined)
    return { url: server.url, headers: readAll(server.headers, 'headers'), era: server.era ?? 'auto' };
  const [command, ...args] = server.command!.map((value, i) => read(value, `command.${i}`)) as [string, ...string[]];
  const cwd = server.cwd === undefined ? {} : { cwd: resolve(around.folder, server.cwd) };
  return { command, args, env: readAll(server.env, 'env'), era: server.era ?? 'legacy', ...cwd };
}

function readSecret({ env, file }: Secret, at: string, { environment, folder }: Surroundings): string {
  const value = env !== undefined ? environment[env] : readTextAt(resolve(folder, file!), at).replace(/\r?\n$/, '');
  if (value === undefined || value === '') throw new TypeError(`${at}: ${env ?? file} is not set, or empty`);
  return value;
}

/** `at`: what names the file, e.g. `listen.tls.key`. Throws TypeError. */
export function readTextAt(path: string, at: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    throw new TypeError(`${at}: ${tellFileFault(path, (thrown as { code?: string }).code)}`);
  }
}
