/** Runs the command in this process, and makes the small policies that these tests write, break and sign. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT } from '@countersign/cli/exit-codes';
import { runCommand } from '@countersign/cli/run-command';
import { inject } from 'vitest';

export type Ran = { out: string; error: string; code: number; json: any };

export const POLICY = `
default_decision: deny
rules:
  - id: deny-wipe
    match: { topics: ["job.disk.*"], keywords: [wipe] }
    decision: deny
    reason: nothing is wiped
  - id: allow-read
    match: { topics: ["job.disk.read"] }
    decision: allow
    reason: reading is harmless
  - id: approve-write
    match: { topics: ["job.disk.write"] }
    decision: require_approval
    reason: a person looks first
`;
export const TESTS = `
cases:
  - name: a read goes through
    request: { topic: job.disk.read }
    expect: { decision: allow, rule_id: allow-read }
  - name: a wipe does not
    request: { topic: job.disk.read, prompt: wipe it }
    expect: { decision: deny, rule_id: deny-wipe }
  - name: a write is looked at
    request: { topic: job.disk.write }
    expect: { decision: require_approval, rule_id: approve-write }
`;
export const SOUND = { 'policy.yaml': POLICY, 'tests/promises.yaml': TESTS };

/** `json` is what was printed for a program: the answer, or what went wrong. */
export async function runCli(...args: string[]): Promise<Ran> {
  const ran: Ran = { out: '', error: '', code: EXIT.done, json: undefined };
  await runCommand(args, {
    write: (text) => {
      ran.out += text;
    },
    writeError: (text) => {
      ran.error += text;
    },
    exit: (code) => {
      ran.code = code;
    },
  });
  if (args.includes('--json') && (ran.out || ran.error)) ran.json = JSON.parse(ran.out || ran.error);
  return ran;
}

/** An empty folder of this call's own. */
export function newFolder(): string {
  return mkdtempSync(join(inject('test_stack').run_dir, 'cli-'));
}

export function writeFolder(files: Readonly<Record<string, string>> = SOUND): string {
  const dir = newFolder();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  return dir;
}

export function writeOne(name: string, text: string): string {
  return join(writeFolder({ [name]: text }), name);
}
