/** One policy for all servers that are tried: the starter templates as they are, but for names of rules, which have to differ. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_DIR } from '@countersign/infra/project-folders';
import { parse } from 'yaml';
import type { Subject } from './subjects.ts';

type Policy = { topics: Record<string, unknown>; rules: { id: string }[] };

/** Writes it into `dir`, an empty folder. */
export function makeBundle(dir: string, subjects: readonly Subject[]): void {
  const policies = subjects.map((subject) => named(subject.name, read(subject)));
  const topics = Object.assign({}, ...policies.map((policy) => policy.topics));
  const rules = policies.flatMap((policy) => policy.rules);
  const pools = subjects.flatMap((subject) => poolsOf(subject));
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, 'policy.yaml'),
    JSON.stringify({ default_decision: 'deny', topics, groups: ['approvers'], rules }),
  );
  writeFileSync(join(dir, 'pools.yaml'), JSON.stringify({ pools }));
}

function read({ template }: Subject): Policy {
  return typeof template === 'string' ? readTemplate(template, 'policy.yaml') : (template as Policy);
}

function poolsOf({ name, template }: Subject): unknown[] {
  if (typeof template === 'string') return readTemplate<{ pools: unknown[] }>(template, 'pools.yaml').pools;
  return [{ id: `mcp-${name}`, capabilities: [`mcp-${name}.use`], tenants: ['default'], concurrency: 16 }];
}

function readTemplate<T>(template: string, file: string): T {
  return parse(readFileSync(join(PROJECT_DIR, 'examples/policies', template, file), 'utf8'));
}

function named(name: string, { topics, rules }: Policy): Policy {
  return { topics, rules: rules.map((rule) => ({ ...rule, id: `${name}-${rule.id}` })) };
}
