/** `/kpis`: what people steer by. */

import { CountersignError } from '@countersign/contracts/errors';
import { issueWords } from '@countersign/contracts/issue-words';
import { kpiQuery, kpiQuestion, kpis } from '@countersign/contracts/kpis';
import type { Bus } from '@countersign/platform/bus';
import { type Route, route } from './route.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

export function kpiRoutes(bus: Bus): Route[] {
  return [
    route({
      method: 'get',
      path: '/kpis',
      summary: 'Rates of denials, constraints, redactions; times of approvals; completeness of evidence',
      permissions: ['kpis:read'],
      query: kpiQuery,
      answers: { 200: { says: 'Of the days asked for, in UTC', schema: kpis } },
      gives: async ({ caller, query, traceparent }) => {
        const to = query.to ?? dayOf(Date.now());
        const from = query.from ?? dayOf(Date.parse(to) - (DEFAULT_DAYS - 1) * DAY_MS);
        const asked = kpiQuestion.safeParse({ tenant: caller.tenant, from, to });
        if (!asked.success)
          throw new CountersignError('query_invalid', issueWords(asked.error.issues[0]!), { at: 'from' });
        return bus.call('audit.kpis', asked.data, { traceparent });
      },
    }),
  ];
}

function dayOf(time_ms: number): string {
  return new Date(time_ms).toISOString().slice(0, 10);
}
