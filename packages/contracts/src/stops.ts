/** Stops as they are set, lifted and shown. What a stop stops is `control.ts`. */
import { z } from 'zod';
import { controlSwitch, SWITCH_KINDS } from './control.ts';
import { LIMITS } from './limits.ts';
import { instant, labelValue, token } from './names.ts';

const stopReason = z.string().min(1).max(LIMITS.reason_chars);
const TOPIC_PATTERN = /^(\*|job(\.([a-z0-9_-]{1,64}|\*)){1,8})$/;
const CAPABILITY_PATTERN = /^([a-z0-9_-]{1,64}|\*)(\.([a-z0-9_-]{1,64}|\*)){0,7}$/;

/** What `target` is: of `all` it is left out; of the others a name, or a pattern as policies have it. */
const isTarget: Readonly<Record<(typeof SWITCH_KINDS)[number], (target: string) => boolean>> = {
  all: (target) => target === '*',
  tenant: (target) => token.safeParse(target).success,
  pool: (target) => token.safeParse(target).success,
  agent: (target) => target.length <= 128,
  run: (target) => labelValue.safeParse(target).success,
  topic: (target) => TOPIC_PATTERN.test(target),
  capability: (target) => CAPABILITY_PATTERN.test(target),
};

export const LIFTS = ['one_person', 'two_person'] as const;

export const newStop = z
  .strictObject({
    kind: z.enum(SWITCH_KINDS),
    target: z.string().min(1).max(256).default('*'),
    reason: stopReason,
    /** Of every tenant, not of the own one alone. */
    everywhere: z.boolean().default(false),
    /** Seconds after which it ends by itself, by the database's clock; left out: it stands until it is lifted. */
    expires_in: z
      .int()
      .min(1)
      .max(LIMITS.stop_expires_ms / 1000)
      .optional(),
    /** Who lifts it: `two_person` takes a second one, who confirms. */
    lift: z.enum(LIFTS).default('one_person'),
  })
  .refine(({ kind, target }) => isTarget[kind](target), {
    path: ['target'],
    message: 'is nothing that this kind stops',
  })
  .refine(({ kind, everywhere }) => kind !== 'run' || !everywhere, {
    path: ['everywhere'],
    message: 'is not for a run, which is one tenant’s',
  });
export type NewStop = z.input<typeof newStop>;

export const lift = z.strictObject({ reason: stopReason });
/** `lifted` false: it takes two people, and this was the first; until another one lifts it as well, it stands. */
export const lifted = z.object({ switch_id: token, lifted: z.boolean() });
export type Lifted = z.infer<typeof lifted>;

/** One from before this version says neither since when nor by whom. */
export const stopView = controlSwitch.extend({
  set_at: instant.nullable(),
  set_by: z.string().nullable(),
  /** It holds until its end is recorded, within a second of this. */
  expires_at: instant.nullable(),
  lift: z.enum(LIFTS),
  lift_requested_at: instant.nullable(),
  lift_requested_by: z.string().nullable(),
});
export type StopView = z.infer<typeof stopView>;
export const stopList = z.object({ stops: z.array(stopView) });
export type StopList = z.infer<typeof stopList>;
