/** Stops as they are set, lifted and shown. What a stop stops is `control.ts`. */
import { z } from 'zod';
import { controlSwitch, SWITCH_KINDS } from './control.ts';
import { LIMITS } from './limits.ts';
import { instant, token } from './names.ts';

const stopReason = z.string().min(1).max(LIMITS.reason_chars);
const TOPIC_PATTERN = /^(\*|job(\.([a-z0-9_-]{1,64}|\*)){1,8})$/;
const CAPABILITY_PATTERN = /^([a-z0-9_-]{1,64}|\*)(\.([a-z0-9_-]{1,64}|\*)){0,7}$/;

/** What `target` is: of `all` it is left out; of the others a name, or a pattern as policies have it. */
const isTarget: Readonly<Record<(typeof SWITCH_KINDS)[number], (target: string) => boolean>> = {
  all: (target) => target === '*',
  tenant: (target) => token.safeParse(target).success,
  pool: (target) => token.safeParse(target).success,
  agent: (target) => target.length <= 128,
  topic: (target) => TOPIC_PATTERN.test(target),
  capability: (target) => CAPABILITY_PATTERN.test(target),
};

export const newStop = z
  .strictObject({
    kind: z.enum(SWITCH_KINDS),
    target: z.string().min(1).max(256).default('*'),
    reason: stopReason,
    /** Of every tenant, not of the own one alone. */
    everywhere: z.boolean().default(false),
  })
  .refine(({ kind, target }) => isTarget[kind](target), {
    path: ['target'],
    message: 'is nothing that this kind stops',
  });
export type NewStop = z.input<typeof newStop>;

export const lift = z.strictObject({ reason: stopReason });

/** One from before this version says neither since when nor by whom. */
export const stopView = controlSwitch.extend({ set_at: instant.nullable(), set_by: z.string().nullable() });
export type StopView = z.infer<typeof stopView>;
export const stopList = z.object({ stops: z.array(stopView) });
export type StopList = z.infer<typeof stopList>;
