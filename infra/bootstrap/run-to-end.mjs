// Runs the command that the bootstrap was there for, in the person's terminal. Neither outlives the other: a launcher
// that is killed takes the command with it.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { BootstrapError } from './say.mjs';

export const PROJECT_DIR = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const WATCHER = readFileSync(new URL('../die-with-launcher.sh', import.meta.url), 'utf8');
const GRACE_SECONDS = 40;
const PARENT_CHECK_MS = 500;

/** Resolves with the exit code, as a shell would give it. */
export function runToEnd(command, args, { env, cwd = PROJECT_DIR }) {
  return new Promise((resolve, reject) => {
    const watched = ['TERM', String(GRACE_SECONDS), command, ...args];
    const child = spawn('/bin/sh', ['-c', 'eval "$DIE_WITH_LAUNCHER"', 'die-with-launcher', ...watched], {
      cwd,
      env: { ...env, DIE_WITH_LAUNCHER: WATCHER },
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    });
    const release = passOnEndings(child);
    child.once('error', (error) => {
      release();
      reject(new BootstrapError(`${command} can't be run: ${error.message}`));
    });
    child.once('exit', (code, signal) => {
      release();
      child.stdio[3].on('error', () => {}).end('ended\n');
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}

function passOnEndings(child) {
  // A terminal signals the command itself, too; a second signal would mean impatience.
  const passOn = (signal) => (signal === 'SIGINT' && process.stdin.isTTY ? undefined : child.kill(signal));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, passOn);
  const parent = process.ppid;
  // npm starts the bootstrap and may be killed alone. Started by hand, a launcher may well outlive its shell.
  const byNpm = process.env.npm_lifecycle_event !== undefined;
  const check = setInterval(() => byNpm && process.ppid !== parent && child.kill('SIGTERM'), PARENT_CHECK_MS);
  return () => {
    clearInterval(check);
    for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, passOn);
  };
}
