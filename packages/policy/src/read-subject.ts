// A request as match fields see it. Folding and scanning its content happens at most once, and only when a rule that
// everything else already fits asks for it.
import type { Finding } from '@countersign/contracts/decision';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { ScanSettings } from '@countersign/contracts/policy';
import { foldKeyword } from '@countersign/scanners/fold-keyword';
import { type ScannerName, scanValue } from '@countersign/scanners/scan';
import { type Glob, splitTokens } from './match-glob.ts';
import type { Subject } from './match-subject.ts';
import { limitsOf } from './scan-settings.ts';

/** `scanned`: what was found, as far as anything asked; empty when nothing did. */
export type RequestSubject = Subject & { scanned: () => readonly Finding[] };

/**
 * What a content was found to hold before it was judged, by all scanners; `findings` null: the scan failed. It counts
 * only for the very same prompt, payload and settings: what was rewritten since, or is asked by another policy, is
 * scanned anew.
 */
export type ScannedBefore = Pick<NamedRequest, 'prompt' | 'payload'> & {
  readonly findings: readonly Finding[] | null;
  readonly settings: ScanSettings;
};

export const subjectOf = (
  request: NamedRequest,
  actor: Actor,
  wanted: ScanWanted,
  before?: ScannedBefore,
): RequestSubject => new LazySubject(request, actor, wanted, before);

type ScanWanted = { scanners: readonly ScannerName[]; settings: ScanSettings };

class LazySubject implements RequestSubject {
  readonly tenant: string;
  readonly topic: Glob;
  readonly capability_name: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly label_names: readonly string[];
  readonly risk_tags: readonly string[];
  readonly requires: readonly string[];
  readonly actor_id: string;
  readonly actor_type: string;
  private readonly request: NamedRequest;
  private readonly wanted: ScanWanted;
  private capabilityTokens: Glob | null = null;
  private texts: readonly string[] | null = null;
  private found: readonly Finding[] | null | undefined;

  private readonly before: ScannedBefore | undefined;

  constructor(request: NamedRequest, actor: Actor, wanted: ScanWanted, before?: ScannedBefore) {
    const { meta } = request;
    this.tenant = request.tenant;
    this.topic = splitTokens(request.topic);
    this.capability_name = meta.capability ?? null;
    this.labels = request.labels;
    this.label_names = Object.keys(request.labels);
    this.risk_tags = meta.risk_tags;
    this.requires = meta.requires;
    this.actor_id = actor.id;
    this.actor_type = actor.type;
    this.request = request;
    this.wanted = wanted;
    this.before = before;
  }

  get capability(): Glob | null {
    if (this.capability_name !== null) this.capabilityTokens ??= splitTokens(this.capability_name);
    return this.capabilityTokens;
  }

  foldedTexts(): readonly string[] {
    this.texts ??= textsOf(this.content()).map(foldKeyword);
    return this.texts;
  }

  findings(): readonly Finding[] | null {
    if (this.found === undefined) {
      this.found = this.scan();
    }
    return this.found;
  }

  private scan(): readonly Finding[] | null {
    const { before, request } = this;
    const { scanners, settings } = this.wanted;
    const isSame = before?.prompt === request.prompt && before?.payload === request.payload;
    if (before !== undefined && isSame && before.settings === settings) {
      return before.findings?.filter(({ scanner }) => scanners.some((name) => name === scanner)) ?? null;
    }
    const result = scanValue(this.content(), scanners, limitsOf(settings));
    return result.ok ? result.findings : null;
  }

  scanned(): readonly Finding[] {
    return this.found ?? [];
  }

  private content(): object {
    const { prompt, payload } = this.request;
    return { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
  }
}

/**
 * Keys too: a word is not less said for standing in front of a colon. A list is read joined as well, as whoever runs it
 * will read it: `["rm", "-rf", "/"]` is one command.
 */
function textsOf(value: unknown, inList = false): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) {
    const texts = value.flatMap((item) => textsOf(item, true));
    // The outermost list alone, so that nesting does not multiply the text.
    return inList ? texts : [joined(value), ...texts];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

/** Lists in it are part of it; what stands inside an object is said apart. */
function joined(list: readonly unknown[]): string {
  const words = list.flat(LIMITS.json_depth).filter((item) => typeof item === 'string' || typeof item === 'number');
  return words.length < 2 ? '' : words.join(' ');
}
