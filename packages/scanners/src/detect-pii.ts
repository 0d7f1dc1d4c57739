/**
 * Finds personal data: numbers by their own arithmetic, addresses by their form, documents by the word beside them. It
 * reports places only and never keeps what it read.
 */
import type { Hits } from './anchors.ts';
import { detectEmails, detectNetworkAddresses } from './detect-contacts.ts';
import {
  DOCUMENT_ANCHORS,
  detectDocument,
  detectDocumentColumn,
  detectDocumentMember,
  detectPassportZones,
} from './detect-documents.ts';
import { detectNumbers } from './detect-numbers.ts';
import type { Context, Emit } from './emit.ts';
import type { View } from './normalise.ts';
import { namesPhone, PHONE_ANCHORS } from './phones.ts';
import type { Counter } from './scan-limits.ts';

/** Every literal that personal data is found by. */
export const PII_ANCHORS: readonly string[] = [...DOCUMENT_ANCHORS, ...PHONE_ANCHORS];

/** What a scan for personal data is told beside the text. */
export type PiiScan = {
  readonly around: Context;
  /** Countries (ISO 3166-1 alpha-2) whose national telephone numbers count without a word beside them. */
  readonly countries: readonly string[];
  /** Looks into a numbering plan that the document has left. */
  readonly plans: Counter;
  /** Index of the first of `PII_ANCHORS` among the anchors of the hits. */
  readonly firstAnchor: number;
};

/** Reports personal data in a text whose anchors were found before. */
export function detectPii(
  view: View,
  hits: Hits,
  { around, countries, plans, firstAnchor }: PiiScan,
  emit: Emit,
): void {
  const { text } = view;
  const { survey } = hits;
  if (survey.hasAt) detectEmails(text, emit);
  if (survey.hasSigns) detectNetworkAddresses(text, emit);
  if (survey.digits === 0) return;
  let tableEnd = -1;
  let hasPhoneWord = survey.needsFold || namesPhone(around.path);
  for (let i = 0; i < hits.anchors.length; i += 1) {
    const anchor = hits.anchors[i]! - firstAnchor;
    if (anchor < 0 || anchor >= PII_ANCHORS.length) continue;
    if (anchor >= DOCUMENT_ANCHORS.length) {
      hasPhoneWord = true;
      continue;
    }
    const end = hits.ends[i]!;
    detectDocument(text, anchor, end, emit);
    if (end > tableEnd) tableEnd = detectDocumentColumn(text, anchor, end, emit);
  }
  if (around.name !== '') detectDocumentMember(text, around, emit);
  detectNumbers(view, { around, countries, plans, hasPhoneWord }, emit);
  detectPassportZones(text, emit);
}
