/**
 * Screens an artifact as results are screened, in one pass over its parts that also computes its digest: text as a whole where it
 * fits, so that what is found can be taken out, else window by window; what is no text only where the policy lets such out.
 */
import { createHash } from 'node:crypto';
import type { Finding } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import { BINARY_RULE, isStricter } from '@countersign/contracts/output';
import type { ActivePolicy } from '../active-policies.ts';
import type { Screen } from '../screen-apart.ts';
import { quarantine, type Screening } from '../screen-output.ts';
import type { SealedParts } from './sealed-parts.ts';
import type { ArtifactRow, Verdict } from './store-artifacts.ts';
import { textWindows } from './text-windows.ts';

type ScreeningParts = { parts: SealedParts; screen: Screen; policy: ActivePolicy; onPart(): Promise<void> };

/** Null where the bytes are not those of the digest. Throws `artifacts_unavailable`. */
export async function screenArtifact(row: ArtifactRow, own: ScreeningParts): Promise<Verdict | null> {
  const whole = row.bytes <= LIMITS.artifact_whole_bytes;
  const hash = createHash('sha256');
  const screenings: Screening[] = [];
  const windows = textWindows(whole);
  const screen = async (text: string): Promise<void> => {
    if (windows.isText() || letsOut(own)) screenings.push(await screenText(row, own, text, screenings.length === 0));
  };
  for (const blob of row.blobs) {
    const bytes = await own.parts.get(row, blob);
    hash.update(bytes);
    for (const text of windows.push(bytes)) await screen(text);
    await own.onPart();
  }
  for (const text of windows.end()) await screen(text);
  if (`sha256:${hash.digest('hex')}` !== row.digest) return null;
  return toVerdict(row, own, judge(own, screenings, { whole, text: windows.isText() }));
}

/** The name goes with the first text: it is content as well. */
function screenText(
  row: ArtifactRow,
  { screen, policy }: ScreeningParts,
  text: string,
  first: boolean,
): Promise<Screening> {
  const output = first ? { name: row.name!, text } : { text };
  const { tenant, topic, capability } = row;
  return screen.screen(policy.compiled, { output, text: JSON.stringify(output), tenant, topic, capability });
}

function judge(
  { policy }: ScreeningParts,
  screenings: readonly Screening[],
  { whole, text }: { whole: boolean; text: boolean },
): Screening {
  const findings = together(screenings);
  if (!text && !letsOut({ policy }))
    return quarantine('the artifact is no text, and the policy lets none out', findings, BINARY_RULE);
  const worst = screenings.reduce((a, b) => (isStricter(b.decision, a.decision) ? b : a));
  const fail_mode = screenings.some((each) => each.fail_mode === 'open') ? 'open' : null;
  if (worst.decision === 'redact' && !(whole && text))
    return quarantine(
      text
        ? 'the artifact is too large for what was found to be taken out'
        : 'nothing can be taken out of what is no text',
      findings,
      worst.rule_id,
    );
  return { ...worst, findings, fail_mode: worst.decision === 'quarantine' ? null : fail_mode };
}

/** What is no text. */
function letsOut({ policy: { compiled } }: Pick<ScreeningParts, 'policy'>): boolean {
  return compiled !== null && (!compiled.enabled || compiled.binary === 'allow');
}

/** Those alike count as one; where they are too many, the ones found first stay. */
function together(screenings: readonly Screening[]): Finding[] {
  const alike = new Map<string, Finding>();
  for (const each of screenings.flatMap(({ findings }) => findings)) {
    const kind = `${each.scanner} ${each.type} ${each.place} ${each.severity} ${each.confidence} ${each.why}`;
    const known = alike.get(kind);
    alike.set(kind, known === undefined ? each : { ...known, count: known.count + each.count });
  }
  return [...alike.values()].slice(0, LIMITS.artifact_findings);
}

async function toVerdict(row: ArtifactRow, { parts, policy }: ScreeningParts, judged: Screening): Promise<Verdict> {
  const { decision, rule_id, reason, findings, fail_mode, released } = judged;
  const said = { decision, rule_id, reason, findings, fail_mode, policy_epoch: policy.active?.epoch ?? null };
  if (decision === 'quarantine')
    return { ...said, shown_blobs: [], shown_name: null, shown_digest: null, shown_bytes: null };
  if (decision === 'allow')
    return { ...said, shown_blobs: row.blobs, shown_name: row.name, shown_digest: row.digest, shown_bytes: row.bytes };
  const copy = JSON.parse(released!) as { name: string; text: string };
  const bytes = Buffer.from(copy.text, 'utf8');
  const shown_digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  const shown_blobs = [await parts.put(row, bytes)];
  return { ...said, shown_blobs, shown_name: copy.name, shown_digest, shown_bytes: bytes.length };
}
