// Explains a decision by making it: the same path as enforcement with a listener, so an explanation can't drift from
// what is enforced. Findings show as type and place, never as text.
import { type DecideItem, finalDecision } from '@countersign/contracts/decision';
import type { CompiledPolicy } from './compile-policy.ts';
import { type DecideContext, type DecideOutcome, decide } from './decide.ts';
import type { TraceStep } from './evaluate-rules.ts';

export type Explanation = { outcome: DecideOutcome; steps: TraceStep[]; text: string };

export function explain(policy: CompiledPolicy, item: DecideItem, context: DecideContext): Explanation {
  const steps: TraceStep[] = [];
  // The facts hold the whole payload, which no explanation repeats.
  const outcome = decide(policy, item, { ...context, trace: ({ facts: _, ...step }) => steps.push(step) });
  return { outcome, steps, text: tell(policy, item, outcome, steps) };
}

/** A text that a person can read aloud. */
function tell(policy: CompiledPolicy, item: DecideItem, outcome: DecideOutcome, steps: readonly TraceStep[]): string {
  const asked = `${item.actor.id} asks for ${item.request.topic} at the ${item.gate} gate, under policy version ${policy.version}.`;
  const told = steps.map(
    ({ step, outcome: result, rule_id, detail }) =>
      `- ${step}${rule_id === null ? '' : ` ${rule_id}`}: ${result}; ${detail}`,
  );
  return [asked, ...told, verdict(outcome)].join('\n');
}

function verdict(outcome: DecideOutcome): string {
  if (!outcome.ok) return `The request is refused: ${outcome.failure.detail}.`;
  const { decision, reason, findings, obligations } = finalDecision(outcome.answer);
  const found = findings.map(
    ({ scanner, type, place, count }) => `${scanner}/${type} ${count} times at ${place || 'the top'}`,
  );
  const stages = obligations.approval?.stages.map(({ group, count }) => `${count} of ${group}`);
  return [
    `The decision is ${decision}: ${reason}.`,
    ...(found.length === 0 ? [] : [`Found: ${found.join('; ')}.`]),
    ...(stages === undefined ? [] : [`Needs: ${stages.join(' and ')}.`]),
    ...(outcome.skipped.length === 0 ? [] : [`Not checked without a payload: ${outcome.skipped.join(', ')}.`]),
  ].join(' ');
}
