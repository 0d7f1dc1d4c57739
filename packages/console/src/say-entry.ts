/** One ledger entry as a line of a timeline: where on the way of a job it stands, and what it says in words. */
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import { html, type View } from './html.ts';
import { decisionLine } from './say-decision.ts';
import { seen } from './show-text.ts';

type Stage = 'door' | 'gate' | 'people' | 'worker' | 'screening' | 'end';

const STAGES: readonly [RegExp, Stage][] = [
  [/^job_admitted$/, 'door'],
  [/^(approval_|job_cancel_requested|job_followed|dead_letter_)/, 'people'],
  [/^(job_running|attempt_)/, 'worker'],
  [/^(output_|result_|quarantine_)/, 'screening'],
  [/^job_(held|parked|cleared|dispatched)$/, 'gate'],
  [/^job_/, 'end'],
];

export function stageOf(kind: string): Stage {
  return STAGES.find(([pattern]) => pattern.test(kind))?.[1] ?? 'gate';
}

export function titleOf({ kind, body }: ShownEntry): string {
  if (kind === 'job_succeeded' && body.released === true) return 'job succeeded, result released';
  return kind.replaceAll('_', ' ');
}

/** What an entry says beside its kind; names of fields as the evidence has them. */
const SAID = ['voter', 'delegated_by', 'vote', 'group', 'pool', 'worker', 'attempt', 'status', 'output_decision'];
const REASONS = ['reason', 'code'];

export function entrySays({ body }: ShownEntry): View {
  const decided = Array.isArray(body.decisions) ? body.decisions : [body.decision];
  const lines = decided.filter((each) => typeof each === 'object' && each !== null);
  const said = [...SAID, ...(lines.length > 0 ? [] : REASONS)].flatMap((name) => word(name, body[name]));
  const by = principalOf(body.by);
  return html`${lines.map((each) => html`<p>${decisionLine(each)}</p>`)}
    ${(said.length > 0 || by !== '') && html`<p>${seen([...said, ...(by === '' ? [] : [`by ${by}`])].join(' · '))}</p>`}`;
}

function word(name: string, value: unknown): string[] {
  return typeof value === 'string' || typeof value === 'number' ? [`${name.replaceAll('_', ' ')} ${value}`] : [];
}

function principalOf(by: unknown): string {
  if (typeof by === 'string') return by;
  return typeof by === 'object' && by !== null && 'id' in by ? String(by.id) : '';
}
