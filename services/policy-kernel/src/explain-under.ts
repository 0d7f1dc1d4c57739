/** Explains what `decide-under.ts` decides, by the same path. No decision that binds is made here, or waits for words. */
import { type DecideItem, finalDecision } from '@countersign/contracts/decision';
import { ERRORS } from '@countersign/contracts/errors';
import { type Explanation, explain } from '@countersign/policy-author/explain';
import { type Asked, contextOf, hasEnded, refuseEnded, settle, type When } from './decide-under.ts';

const MODEL_SAYS = {
  answered: 'it answered',
  failed_open: 'it gave no answer, and nothing waited for one',
  failed_closed: 'it gave no answer, so findings are not known',
} as const;

export function explainUnder(asked: Asked, item: DecideItem, when: When): Explanation {
  const context = contextOf(asked, when);
  if (hasEnded(asked, when.now)) {
    const outcome = refuseEnded(asked, item, context);
    return { outcome, steps: [], text: `Nothing is decided: ${ERRORS.policy_expired.says}.` };
  }
  const explanation = explain(asked.policy, item, context);
  const outcome = settle(asked, item, context, explanation.outcome);
  const model = outcome.ok ? finalDecision(outcome.answer).model : undefined;
  if (model === undefined) return { ...explanation, outcome };
  return {
    ...explanation,
    text: `${explanation.text}\nA model was asked about the content: ${MODEL_SAYS[model]}.`,
    outcome,
  };
}
