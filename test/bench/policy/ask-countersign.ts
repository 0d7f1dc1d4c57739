/** The engine of this project, from YAML text to a decision, whole and in its parts. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { type DecideContext, decide } from '@countersign/policy/decide';
import { judgeRequest } from '@countersign/policy/judge-request';
import { describeFault } from '@countersign/policy/policy-fault';
import { stringify } from 'yaml';
import type { Engine } from './engine.ts';
import type { BenchPolicy, BenchQuestion } from './make-policy.ts';

const CONTEXT: DecideContext = {
  now: '2026-06-01T12:00:00.000000Z',
  epoch: 1,
  decisionId: () => '00000000-0000-7000-8000-000000000001',
};
const BINDING = {
  gate: 'submit' as const,
  job_hash: `sha256:${'1'.repeat(64)}`,
  salt: Buffer.alloc(16, 7).toString('base64url'),
  min_epoch: 0,
};

/** Ceiling, facts, rules, floors, obligations: everything that decides. */
export const countersign: Engine = {
  name: 'Countersign',
  memory: true,
  prepare: (policy) => {
    const text = policyText(policy);
    return () => {
      const compiled = compileText(text);
      return {
        ask: ({ request, actor }) => {
          const judged = judgeRequest(compiled, { gate: 'submit', request, actor }, CONTEXT);
          if (!judged.ok) throw new Error(judged.failure.detail);
          return judged.final.standing;
        },
      };
    };
  },
};

/** The same, and the decision written down: canonical text and salted digest of what will run. */
export const countersignBound: Engine = {
  name: 'with its digest',
  memory: true,
  prepare: (policy) => {
    const text = policyText(policy);
    return () => {
      const compiled = compileText(text);
      return { ask: (question) => decided(compiled, question) };
    };
  },
};

/** One rule per line, as a policy of thousands would be kept. */
function policyText(policy: BenchPolicy): string {
  const flow = {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    aliasDuplicateObjects: false,
    lineWidth: 0,
  } as const;
  const lines = (items: readonly object[]): string => items.map((item) => `  - ${stringify(item, flow)}`).join('');
  const { rules, tiers, topics } = policy;
  return `groups: [sre, security]\ntopics: ${stringify(topics, flow)}tiers:\n${lines(tiers)}rules:\n${lines(rules)}`;
}

function compileText(text: string): CompiledPolicy {
  const compiled = compilePolicy({ 'policy.yaml': text }, { version: 1, snapshot: `sha256:${'5'.repeat(64)}` });
  if (!compiled.ok) throw new Error(compiled.faults.slice(0, 3).map(describeFault).join('\n'));
  return compiled.policy;
}

function decided(policy: CompiledPolicy, { request, actor }: BenchQuestion) {
  const outcome = decide(policy, { ...BINDING, request, actor }, CONTEXT);
  if (!outcome.ok) throw new Error(outcome.failure.detail);
  return outcome.answer.decisions[0]!;
}
