/** A policy folder of a test's own: the development bundle with some of its text changed. */
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEVELOPMENT_BUNDLE_DIR } from '@countersign/infra/development-roster';
import { inject } from 'vitest';

/** For jobs with the label `counted`: what has no room waits. */
export const COUNTED_RULE: [from: string, to: string] = [
  '  - id: allow-demo-read\n',
  `  - id: counted-reads
    match: { topics: [job.demo.read], labels: { counted: "yes" } }
    decision: allow
    limits:
      - { id: reads, per: [agent], count: 10, within: 2s, exceeded: park }
      - { id: open-reads, per: [tenant], max_open: 5, exceeded: park }
      - { id: running-reads, per: [agent], max_running: 2 }
  - id: allow-demo-read
`,
];

/** For jobs with the label `asked`: one person's yes, and one of them at a time. */
export const ASKED_RULE: [from: string, to: string] = [
  '  - id: allow-demo-read\n',
  `  - id: asked-reads
    match: { topics: [job.demo.read], labels: { asked: "yes" } }
    decision: require_approval
    approval: { stages: [{ group: approvers, count: 1 }], expires_in: 1h }
    limits: [{ id: asked-at-once, per: [tenant], max_running: 1 }]
    reason: asked about
  - id: allow-demo-read
`,
];

/** Throws when the text to replace is not there: a test that changes nothing would prove nothing. */
export function editPolicy(...edits: [from: string, to: string][]): string {
  const dir = mkdtempSync(join(inject('test_stack').run_dir, 'bundle-'));
  cpSync(DEVELOPMENT_BUNDLE_DIR, dir, { recursive: true });
  const path = join(dir, 'policy.yaml');
  let text = readFileSync(path, 'utf8');
  for (const [from, to] of edits) {
    if (!text.includes(from)) throw new Error(`the development policy has no such text: ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(path, text);
  return dir;
}
