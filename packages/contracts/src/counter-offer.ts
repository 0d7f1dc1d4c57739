/** A counter-offer: an approver's no, with what would be agreed to instead. It is a remediation that the requester may take. */
import { z } from 'zod';
import { remediation } from './decision.ts';
import { LIMITS } from './limits.ts';
import { digest, principalId, uuid } from './names.ts';

/** What would be otherwise: `payload` is a merge patch (RFC 7396), constraints can only tighten what the policy says. */
export const offeredChange = remediation
  .omit({ id: true, applied: true })
  .refine((change) => Object.keys(change).length > 0, 'offers nothing else');
export type OfferedChange = z.infer<typeof offeredChange>;

/** `digest` is the approval's own, of what was looked at. The reason is shown with the offer and never enters the ledger. */
export const counterOffer = z.strictObject({
  digest,
  change: offeredChange,
  reason: z.string().min(1).max(LIMITS.reason_chars),
});
export type CounterOffer = z.infer<typeof counterOffer>;

/** As it stands with its approval, which gives the offer its id. */
export const madeOffer = z.object({
  offer_id: uuid,
  offered_by: principalId,
  reason: z.string(),
  change: remediation.omit({ id: true, applied: true }),
});
export type MadeOffer = z.infer<typeof madeOffer>;
