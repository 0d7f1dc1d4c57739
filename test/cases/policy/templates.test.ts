/**
 * The templates to copy: each compiles without a lint, keeps what its own tests promise, and leaves no rule untested.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { compilePolicy } from '@countersign/policy/compile-policy';
import { describeFault } from '@countersign/policy/policy-fault';
import { lintFiles } from '@countersign/policy-author/lint-files';
import { runPolicyTests } from '@countersign/policy-author/run-policy-tests';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ask, finalOf, SNAPSHOT } from './ask-policy.ts';
import { SERVER_TOOLS } from './server-tools.ts';

const TEMPLATES = ['four-tiers', 'support-desk', 'ci-agent', 'chatops', 'own-scanner-rules', 'customer-data'];
/** For MCP servers behind the proxy. */
const SERVERS = Object.keys(SERVER_TOOLS).map((server) => `mcp-${server}`);
/** Two people in each group, so that nobody is asked for whom there is not. */
const PEOPLE = { approvers: 2, sre: 2, security: 2, maintainers: 2, finance: 2 };

function filesOf(template: string): Record<string, string> {
  const folder = new URL(`../../../examples/policies/${template}/`, import.meta.url).pathname;
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map(({ parentPath, name }) => `${parentPath}/${name}`.replaceAll('//', '/'));
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length), readFileSync(path, 'utf8')]));
}

function compiledTemplate(template: string) {
  const options = { strict: true, people: PEOPLE };
  const { ok, faults, lints, policy } = lintFiles(filesOf(template), { version: 1, snapshot: SNAPSHOT }, options);
  if (!ok || policy === null) throw new Error([...faults, ...lints].map(describeFault).join('\n'));
  return policy;
}

describe.each([...TEMPLATES, ...SERVERS])('%s', (template) => {
  it('compiles under strict, and its tests pass and reach every rule', () => {
    const { cases, coverage } = runPolicyTests(compiledTemplate(template));
    expect(cases.length).toBeGreaterThan(8);
    expect(cases.filter(({ ok }) => !ok)).toEqual([]);
    expect(Object.values(coverage).flatMap((rules) => rules.filter(({ reached }) => !reached))).toEqual([]);
  });
});

describe.each(Object.entries(SERVER_TOOLS))('the tools of %s', (server, { reads, others, off = [], looks = [] }) => {
  const { topics, rules } = parse(filesOf(`mcp-${server}`)['policy.yaml']!) as {
    topics: Record<string, { capability: string }>;
    rules: { match: { topics: string[] } }[];
  };
  const prefix = `job.mcp.${server}.`;
  const named = [...Object.keys(topics), ...rules.flatMap(({ match }) => match.topics)]
    .map((topic) => topic.slice(prefix.length))
    .filter((tool) => tool !== '*' && !tool.startsWith('resources.'));

  it('are each named by the template or off, and it names none that there is not', () => {
    const all = [...reads, ...others];
    expect([...new Set(named)].sort()).toEqual(all.filter((tool) => !off.includes(tool)).sort());
    expect(all).toEqual(expect.arrayContaining([...off, ...looks]));
  });

  it('are read with only where their server says so, or it is written down why', () => {
    const readable = Object.keys(topics).filter((topic) => topics[topic]!.capability === `mcp-${server}.read`);
    const tools = readable.map((topic) => topic.slice(prefix.length)).filter((tool) => !tool.startsWith('resources.'));
    expect(tools.filter((tool) => !reads.includes(tool)).sort()).toEqual([...looks].sort());
  });
});

describe('the matrix of four tiers', () => {
  /** Rules that grant everything: what is left standing are the floors. */
  const lax = (() => {
    const files = filesOf('four-tiers');
    const policy = files['policy.yaml']!;
    const rules = policy.slice(policy.indexOf('\nrules:'), policy.indexOf('\ninput_rules:'));
    const all = '\nrules:\n  - { id: lax, match: {}, decision: allow }\n';
    const { 'tests/matrix.yaml': _, ...others } = files;
    const build = (text: string) => {
      const result = compilePolicy(
        { ...others, 'policy.yaml': policy.replace(rules, text) },
        { version: 1, snapshot: SNAPSHOT },
      );
      if (!result.ok) throw new Error(result.faults.map(describeFault).join('\n'));
      return result.policy;
    };
    return build(all);
  })();
  const payload = { targets: ['web'], version: '1' };
  const deploy = (env: string, more = {}) => ({ topic: 'job.deploy.apply', labels: { env }, payload, ...more });

  it('holds under rules that allow everything', () => {
    expect(finalOf(ask(lax, { topic: 'job.read.x' }))).toMatchObject({
      decision: 'allow_with_constraints',
      constraints: { timeout_ms: 60_000, max_output_bytes: 262_144 },
    });
    const compensation = { topic: 'job.deploy.apply', payload };
    expect(finalOf(ask(lax, deploy('staging', { compensation })))).toMatchObject({
      decision: 'allow_with_constraints',
      constraints: { max_attempts: 3 },
      obligations: { rollback: 'required' },
    });
    expect(finalOf(ask(lax, deploy('staging')))).toMatchObject({ decision: 'deny', rule_id: 'nonprod-write' });
    expect(finalOf(ask(lax, deploy('prod')))).toMatchObject({
      decision: 'require_approval',
      constraints: { max_attempts: 1 },
      obligations: { approval: { stages: [{ group: 'sre', count: 1 }] } },
    });
    expect(finalOf(ask(lax, { topic: 'job.access.x', payload: { principal: 'a', role: 'b' } }))).toMatchObject({
      decision: 'require_approval',
      constraints: { max_attempts: 1 },
      obligations: {
        approval: {
          stages: [
            { group: 'approvers', count: 1 },
            { group: 'security', count: 2 },
          ],
        },
      },
    });
  });
});
