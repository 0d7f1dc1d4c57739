/**
 * Which meanings, one after another, are a signal that text wants to instruct a model, and how much each weighs. One of
 * weight 1 is enough; weaker ones add up where they are close and share no words.
 */
import type { FindingTypeName } from './finding-types.ts';
import {
  ACT,
  ADDRESS,
  ALL,
  BECOME,
  CODED,
  DROP,
  EARLIER,
  FIRST,
  FOLLOW,
  HIDDEN,
  MACHINE,
  NEW,
  ORDERS,
  OUGHT,
  OUTSIDE,
  PERSONA,
  REFUSE,
  RULES,
  RUN,
  SEND,
  SILENT,
  TELL,
  TEXT,
  TOLD,
  TOOL,
  UNBOUND,
  VALUABLE,
  VERBATIM,
  VOID,
  YOUR,
} from './injection-vocabulary.ts';

/** Steps follow each other with at most `gap` words between two; bits of which a word has to have one. */
export type Signal = {
  readonly name: string;
  readonly type: FindingTypeName;
  readonly weight: number;
  /** Words that may stand before the second step, and before each later one. */
  readonly gap: number | readonly [number, number];
  readonly steps: readonly number[];
};

export const SIGNALS: readonly Signal[] = [
  signal('drop earlier orders', 'override', 1, 4, DROP, EARLIER | ALL | YOUR, ORDERS),
  signal('drop orders above', 'override', 1, 4, DROP, ORDERS, EARLIER | TOLD),
  signal('drop your rules', 'override', 1, 3, DROP, YOUR, RULES | ORDERS),
  signal('drop rules you were given', 'override', 1, 4, DROP, RULES, TOLD | EARLIER),
  signal('drop earlier rules', 'override', 1, 2, DROP, EARLIER, RULES),
  signal('drop hidden orders', 'override', 1, 3, DROP, HIDDEN, ORDERS | RULES),
  signal('drop all rules', 'override', 1, 2, DROP, ALL, RULES),
  signal('drop safety', 'override', 1, 1, DROP, RULES, ORDERS | RULES),
  signal('drop what was told', 'override', 1, 3, DROP, TOLD),
  signal('drop the hidden text', 'override', 1, [2, 0], DROP, HIDDEN, TEXT),
  signal('drop everything', 'override', 0.6, 2, DROP, ALL | TEXT, EARLIER | TOLD),
  signal('drop the rest', 'override', 0.5, 2, DROP, ALL),
  signal('drop orders', 'override', 0.5, 3, DROP, ORDERS),
  signal('orders are void', 'override', 0.6, 4, ORDERS | RULES, VOID),
  signal('your orders are void', 'override', 1, 4, YOUR | EARLIER | ALL, ORDERS, VOID),
  signal('your rules are void', 'override', 1, 3, YOUR, RULES, VOID),
  signal('new orders', 'override', 0.6, 1, NEW, ORDERS),
  signal('new orders to do', 'override', 1, [1, 3], NEW, ORDERS, ACT | TELL | DROP | SEND | RUN),
  signal('your new task', 'override', 0.6, 2, NEW, RULES),
  signal('new hidden orders', 'override', 1, 1, NEW, HIDDEN, ORDERS),
  signal('another persona', 'role_hijack', 0.6, 4, BECOME, PERSONA),
  signal('a persona', 'role_hijack', 0.4, 0, BECOME),
  signal('without limits', 'role_hijack', 0.5, 0, UNBOUND),
  signal('no refusal', 'role_hijack', 0.2, 0, REFUSE),
  signal('persona without limits', 'role_hijack', 1, 14, BECOME, UNBOUND),
  signal('model without limits', 'role_hijack', 0.7, 5, MACHINE | ACT | YOUR, UNBOUND),
  signal('tell hidden orders', 'prompt_leak', 1, 5, TELL, YOUR | HIDDEN, ORDERS),
  signal('tell hidden rules', 'prompt_leak', 1, 4, TELL, HIDDEN, RULES),
  signal('tell your rules', 'prompt_leak', 0.6, 2, TELL, YOUR, RULES),
  signal('tell your hidden text', 'prompt_leak', 1, 2, TELL, YOUR, HIDDEN, TEXT),
  signal('tell what stands there', 'prompt_leak', 0.6, 6, TELL, VERBATIM),
  signal('tell what was told', 'prompt_leak', 1, 5, TELL, TOLD),
  signal('tell the text above', 'prompt_leak', 0.69, 3, TELL, TEXT | ALL, EARLIER),
  signal('word for word', 'prompt_leak', 0.4, 0, VERBATIM),
  signal('tell from your beginning', 'prompt_leak', 0.6, 6, TELL, YOUR, TEXT),
  signal('your hidden orders are', 'prompt_leak', 0.6, 2, YOUR, HIDDEN, ORDERS),
  signal('send secrets away', 'data_exfiltration', 1, 9, SEND, VALUABLE, OUTSIDE),
  signal('send secrets to there', 'data_exfiltration', 0.8, 12, SEND | TELL, OUTSIDE, VALUABLE),
  signal('send to there', 'data_exfiltration', 0.31, 6, SEND, OUTSIDE),
  signal('send secrets', 'data_exfiltration', 0.31, 4, SEND, VALUABLE),
  signal('call a tool', 'tool_abuse', 0.6, 4, RUN, TOOL),
  signal('tool before an answer', 'tool_abuse', 1, [6, 4], FIRST, RUN, TOOL),
  signal('step before an answer', 'tool_abuse', 0.4, 4, FIRST, RUN | SEND | DROP),
  signal('behind the back', 'tool_abuse', 0.7, 0, SILENT),
  signal('act behind the back', 'tool_abuse', 1, 2, SILENT, SEND | RUN | DROP),
  signal('orders to a model', 'model_address', 1, [0, 5], MACHINE, OUGHT, ACT | FOLLOW | DROP | SEND | RUN | TELL),
  signal('orders for a model', 'model_address', 0.5, 4, ORDERS, MACHINE),
  signal('note to a model', 'model_address', 0.6, 1, ADDRESS, MACHINE),
  signal(
    'order to a model that reads',
    'model_address',
    1,
    [3, 6],
    MACHINE,
    ADDRESS,
    OUGHT | ACT | DROP | SEND | RUN | TELL,
  ),
  signal(
    'note to a model with an order',
    'model_address',
    1,
    [3, 6],
    ADDRESS,
    MACHINE,
    OUGHT | ACT | DROP | SEND | RUN | TELL,
  ),
  signal('speaks to a model', 'model_address', 0.5, 3, MACHINE, OUGHT),
  signal('an order', 'model_address', 0.2, 3, OUGHT, ACT),
  signal('an answer and no other', 'model_address', 0.31, 2, ACT | TELL, OUGHT),
  signal('decode and do', 'encoded_payload', 1, 8, CODED, FOLLOW),
  signal('do what is coded', 'encoded_payload', 1, 8, FOLLOW, ORDERS, CODED),
];

function signal(name: string, type: FindingTypeName, weight: number, gap: Signal['gap'], ...steps: number[]): Signal {
  return {
    name,
    type,
    weight,
    gap,
    steps,
  };
}
