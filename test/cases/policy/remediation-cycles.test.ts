/** Circles of rewrites are found when the policy is compiled, where they are certain. */
import { compilePolicy } from '@countersign/policy/compile-policy';
import { describe, expect, it } from 'vitest';
import { SNAPSHOT } from './ask-policy.ts';

function turn(id: string, match: string, rewrite: string, more = ''): string {
  return `  - { id: ${id}, match: ${match}, ${more}decision: remediate, remediation: { id: to-${id}, ${rewrite} } }\n`;
}

function faults(...rules: string[]): string[] {
  const result = compilePolicy({ 'policy.yaml': `rules:\n${rules.join('')}` }, { version: 1, snapshot: SNAPSHOT });
  return result.ok ? [] : result.faults.map(({ code, line, detail }) => `${code} ${line} ${detail.split(': ')[1]}`);
}
const A = turn('a', '{ topics: [job.a] }', 'topic: job.b');
const B = turn('b', '{ topics: [job.b] }', 'topic: job.a');

describe('a circle', () => {
  it.each([
    ['of two', [A, B], 'a, b, a'],
    ['of one', [turn('a', '{ topics: ["job.a.*"] }', 'topic: job.a.b')], 'a, a'],
    ['that changes no more than labels', [turn('a', '{}', 'labels: { set: { x: y } }')], 'a, a'],
    ['through a pattern', [A, turn('b', '{ topics: ["job.*"] }', 'topic: job.a')], 'a, b, a'],
    [
      'of four',
      [A, ...'bcd'.split('').map((id, i) => turn(id, `{ topics: [job.${id}] }`, `topic: job.${'cda'[i]}`))],
      '',
    ],
  ])('%s', (_, rules, names) => {
    const found = faults(...rules);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^remediation_cycle 2 /);
    expect(found[0]).toContain(names);
  });

  it.each([
    ['a denial ends it', [A, B, '  - { id: no, match: { topics: [job.b] }, decision: deny }\n']],
    ['another rule decides first', [A, '  - { id: yes, match: { topics: [job.b] }, decision: allow }\n', B]],
    ['a label that it sets ends it', [turn('a', '{ not: { labels: { x: y } } }', 'labels: { set: { x: y } }')]],
    ['a label that it removes ends it', [turn('a', '{ labels: { x: y } }', 'labels: { remove: [x] }')]],
    ['the payload that it patches may end it', [turn('a', '{ keywords: [drop] }', 'payload: { text: null }')]],
    ['a condition may end it', [turn('a', '{}', 'payload: { n: 5 }', 'when: payload.n > 5.0, ')]],
    ['it goes on to somewhere else', [A, turn('b', '{ topics: [job.b] }', 'topic: job.c')]],
  ])('is none where %s', (_, rules) => {
    expect(faults(...rules)).toEqual([]);
  });
});

it('is at most three rewrites long', () => {
  const chain = (length: number): string[] =>
    Array.from({ length }, (_, i) => turn(`r${i}`, `{ topics: [job.t${i}] }`, `topic: job.t${i + 1}`));
  expect(faults(...chain(3))).toEqual([]);
  expect(faults(...chain(4))).toEqual(['remediation_too_long 2 r0, r1, r2, r3']);
});
