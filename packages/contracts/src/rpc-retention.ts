/** The verbs of retention, legal holds and erasure, which the scheduler keeps: it knows every job. */
import { z } from 'zod';
import { tenantName, token } from './names.ts';
import {
  erasureList,
  erasureView,
  holdList,
  holdView,
  keepChange,
  keepList,
  keepView,
  liftedHold,
  liftHold,
  newErasure,
  newHold,
} from './retention.ts';
import { verb } from './rpc-verb.ts';

const ofTenant = z.strictObject({ tenant: tenantName });
type Tenant = { tenant: string };
const areTenants = ({ tenant }: Tenant, rows: readonly Tenant[]): boolean => rows.every((row) => row.tenant === tenant);

/** `principal`: as every verb that changes something has it. */
export function retentionVerbs<P extends z.ZodType>(principal: P) {
  const row = { service: 'scheduler', callers: ['ingress'] } as const;
  return {
    'scheduler.retention': verb({
      ...row,
      request: ofTenant,
      answer: keepList,
      repeatable: true,
      matches: (asked, { retention }) => areTenants(asked, retention),
    }),
    'scheduler.keep': verb({
      ...row,
      request: ofTenant.extend({ ...keepChange.shape, principal }),
      answer: keepView,
      repeatable: false,
      matches: ({ tenant, content, days }, kept) =>
        kept.tenant === tenant && kept.content === content && kept.days === days,
    }),
    'scheduler.holds': verb({
      ...row,
      request: ofTenant,
      answer: holdList,
      repeatable: true,
      matches: (asked, { holds }) => areTenants(asked, holds),
    }),
    'scheduler.hold': verb({
      ...row,
      request: ofTenant.extend({ ...newHold.shape, hold_id: token, principal }),
      answer: holdView,
      repeatable: false,
      matches: ({ tenant, hold_id }, held) => held.tenant === tenant && held.hold_id === hold_id,
    }),
    'scheduler.lift_hold': verb({
      ...row,
      request: ofTenant.extend({ ...liftHold.shape, hold_id: token, principal }),
      answer: liftedHold,
      repeatable: false,
      matches: (asked, { hold_id }) => hold_id === asked.hold_id,
    }),
    'scheduler.erasures': verb({
      ...row,
      request: ofTenant,
      answer: erasureList,
      repeatable: true,
      matches: (asked, { erasures }) => areTenants(asked, erasures),
    }),
    'scheduler.erase': verb({
      ...row,
      request: ofTenant.extend({ ...newErasure.shape, principal }),
      answer: erasureView,
      repeatable: false,
      matches: ({ tenant, job_id = null, subject = null }, asked) =>
        asked.tenant === tenant && asked.job_id === job_id && asked.subject === subject,
    }),
  };
}
