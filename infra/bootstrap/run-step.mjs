// Runs a long step quietly: one line when it begins, one now and then while it lasts, its own words only if it fails.
import { spawn } from 'node:child_process';
import { BootstrapError, say } from './say.mjs';

const STILL_RUNNING_EVERY_MS = 15_000;
const KEPT_OUTPUT_CHARACTERS = 20_000;

/** Rejects with a BootstrapError that ends with `advice`. */
export function runStep(label, command, args, { cwd, env, advice }) {
  say(`${label} …`);
  const begin = performance.now();
  const seconds = () => Math.round((performance.now() - begin) / 1000);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_OUTPUT_CHARACTERS);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const heartbeat = setInterval(() => say(`… still at it after ${seconds()} s`), STILL_RUNNING_EVERY_MS);
    const fail = (why) => reject(new BootstrapError(`${output.trim()}\n\n${label}: ${why}. ${advice}`.trimStart()));
    child.once('error', (error) => {
      clearInterval(heartbeat);
      fail(error.code === 'ENOENT' ? `there is no ${command}` : error.message);
    });
    child.once('close', (code, signal) => {
      clearInterval(heartbeat);
      if (code !== 0) return fail(`failed (${signal ?? `exit code ${code}`})`);
      say(`… done in ${seconds()} s`);
      resolve();
    });
  });
}
