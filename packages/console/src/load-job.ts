/** Gathers all of a job that whoever asks may see: its state, its evidence, its decisions, its result once that is released. */
import type { DecisionList, ShownJob } from '@countersign/contracts/http';
import type { ShownEntry } from '@countersign/contracts/ledger-entry';
import type { ResultView } from '@countersign/contracts/output';
import { type Ask, may, type Person, type Told } from './api.ts';

export type WholeJob = {
  job: ShownJob;
  timeline: Told<ShownEntry[]>;
  decisions: Told<DecisionList>;
  /** Null for whoever may not read results. */
  result: Told<ResultView> | null;
};

export async function loadJob(ask: Ask, id: string, person: Person): Promise<Told<WholeJob>> {
  const path = `/jobs/${encodeURIComponent(id)}`;
  const told = await ask<ShownJob>(path);
  if (!told.ok) return told;
  const isOwn = may(person, 'jobs:read:own') && told.value.actor === person.principal;
  const [timeline, decisions, result] = await Promise.all([
    ask<ShownEntry[]>(`${path}/timeline`),
    ask<DecisionList>(`${path}/decisions`),
    isOwn || may(person, 'results:read') ? ask<ResultView>(`${path}/result`) : null,
  ]);
  return { ok: true, value: { job: told.value, timeline, decisions, result } };
}
