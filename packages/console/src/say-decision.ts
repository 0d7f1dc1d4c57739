/** Decisions in words: what was decided where, by which rule, and what it rests on. */
import type { Decision, Finding } from '@countersign/contracts/decision';
import type { ScreeningView } from '@countersign/contracts/output';
import { html, type View } from './html.ts';
import { facts, seen, seenJson } from './show-text.ts';

const GATES = {
  submit: 'At the door',
  dispatch: 'Again in the moment of dispatch',
  output: 'Of the output',
} as const;

/** Of the submit gate; the rest of `SAYS` is the output's. */
export const SUBMIT_DECISIONS = ['allow', 'deny', 'require_approval', 'allow_with_constraints', 'remediate'];
export const SAYS: Readonly<Record<string, string>> = {
  allow: 'allowed',
  deny: 'denied',
  require_approval: 'people have to agree',
  allow_with_constraints: 'allowed within bounds',
  remediate: 'rewritten first',
  redact: 'to be read with parts taken out',
  quarantine: 'held back',
};

export function DecisionView({ decision }: { decision: Decision | ScreeningView }): View {
  return html`<p>${GATES[decision.gate]}: <b>${SAYS[decision.decision] ?? decision.decision}</b>, by ${ruleOf(decision.rule_id)}: <q>${seen(decision.reason)}</q></p>
    ${facts([['findings', findingsLine(decision.findings)], ...(decision.gate === 'output' ? [] : restsOn(decision))])}`;
}

/** For one line of a timeline: what a recorded decision says, whatever else it lacks. */
export function decisionLine(recorded: unknown): View {
  if (typeof recorded !== 'object' || recorded === null) return '';
  const { decision, rule_id, reason } = recorded as { [name: string]: unknown };
  const says = SAYS[String(decision)] ?? String(decision);
  return html`${says}, by ${ruleOf(rule_id as string | null)}: <q>${seen(String(reason))}</q>`;
}

/** Types and places; what was matched is kept by nobody. */
export function findingsLine(findings: readonly Finding[]): View {
  const said = findings.map(({ type, place, severity, count }) => `${type} at ${place} (${severity}, ${count}x)`);
  return said.length === 0 ? 'none' : seen(said.join('; '));
}

/** Beside rule and reason; the approval that is asked for is said elsewhere. */
export function restsOn(decision: Decision): [string, View][] {
  const { approval: _, ...obligations } = decision.obligations;
  const { rule_id, matched_rules, constraints, remediation, asserted, limited, observed, fail_mode } = decision;
  const also = matched_rules.filter((rule) => rule !== rule_id).join(', ');
  return [
    ['also matched', also],
    ['on its word alone', asserted.join(', ')],
    ['constraints', unlessEmpty(constraints)],
    ['obligations', unlessEmpty(obligations)],
    ['remediation', remediation && seenJson(remediation)],
    ['limits without room', limited?.map(({ id, used, most }) => `${id}: ${used} of ${most}`).join('; ')],
    ['only observed', observed && `it would have been: ${SAYS[observed.decision]}, by ${ruleOf(observed.rule_id)}`],
    ['let through', fail_mode === 'open' && 'the policy was out of reach, and the rule says to go on'],
    ['policy', `version ${decision.policy_version}, ${decision.policy_snapshot}`],
  ];
}

function ruleOf(rule: string | null): string {
  return rule === null ? 'no rule' : `rule ${rule}`;
}

function unlessEmpty(value: object): View {
  return Object.keys(value).length > 0 && seenJson(value);
}
