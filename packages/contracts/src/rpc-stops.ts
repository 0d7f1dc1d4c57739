/** The verbs of stops, which the scheduler sets and lifts for whoever a door has authenticated. */
import { z } from 'zod';
import { controlSwitch } from './control.ts';
import { tenantName, token } from './names.ts';
import { verb } from './rpc-verb.ts';
import { LIFTS, lifted, stopList, stopView } from './stops.ts';

/** `principal`: as every verb that changes something has it. */
export function stopVerbs<P extends z.ZodType>(principal: P) {
  return {
    'scheduler.stops': verb({
      service: 'scheduler',
      callers: ['ingress'],
      /** `all`: also those that reach only other tenants. */
      request: z.strictObject({ tenant: tenantName, all: z.boolean() }),
      answer: stopList,
      repeatable: true,
      matches: ({ tenant, all }, { stops }) =>
        all || stops.every((stop) => stop.tenant === null || stop.tenant === tenant),
    }),
    'scheduler.stop': verb({
      service: 'scheduler',
      callers: ['ingress'],
      /** `tenant`: whose jobs it stops; null for every tenant's. */
      request: controlSwitch.extend({ expires_ms: z.int().min(1).nullable(), lift: z.enum(LIFTS), principal }),
      answer: stopView,
      /** Each time is an entry. */
      repeatable: false,
      matches: (asked, { switch_id, tenant }) => switch_id === asked.switch_id && tenant === asked.tenant,
    }),
    'scheduler.lift': verb({
      service: 'scheduler',
      callers: ['ingress'],
      /** `tenant`: whose stops alone may be lifted; null for any. */
      request: z.strictObject({ switch_id: token, tenant: tenantName.nullable(), reason: z.string(), principal }),
      answer: lifted,
      repeatable: false,
      matches: (asked, { switch_id }) => switch_id === asked.switch_id,
    }),
  };
}
