/**
 * A request as match fields see it. Folding and scanning its content happens at most once, and only when a rule that
 * everything else already fits asks for it.
 */
import type { Decision, Finding } from '@countersign/contracts/decision';
import { chainOf } from '@countersign/contracts/delegation';
import type { Actor, NamedRequest } from '@countersign/contracts/job';
import { LIMITS } from '@countersign/contracts/limits';
import type { ScanSettings } from '@countersign/contracts/policy';
import { foldKeyword } from '@countersign/scanners/fold-keyword';
import { type ScannerName, type ScanResult, scanValue } from '@countersign/scanners/scan';
import { type Glob, splitTokens } from './match-glob.ts';
import type { RunFacts } from './match-run.ts';
import type { Subject } from './match-subject.ts';
import { limitsOf } from './scan-settings.ts';

/** `scanned`: what was found, as far as anything asked; empty when nothing did. */
export type RequestSubject = Subject & {
  scanned: () => readonly Finding[];
  /** What its run did, as far as anything asked; undefined when nothing did, null when it was not known. */
  runSeen: () => RunFacts | null | undefined;
};
/** What its run did; called at most once. */
export type ReadRun = () => RunFacts | null;

/** A content, and what it is scanned with. `scanned`: what a scan found already, so that only a model is to be asked. */
export type WantedScan = Pick<NamedRequest, 'prompt' | 'payload'> & {
  readonly settings: ScanSettings;
  readonly scanned?: readonly Finding[] | null;
};

/**
 * What a content was found to hold before it was judged, by all scanners; `findings` null: the scan failed. It counts
 * only for the very same prompt, payload and settings: what was rewritten since, or is asked by another policy, is
 * scanned anew.
 */
export type ScannedBefore = WantedScan & {
  readonly findings: readonly Finding[] | null;
  /** What became of asking a model. */
  readonly model?: Decision['model'];
};

/**
 * What must not be scanned where it is decided. `known`: what was scanned apart before. `wanted`: set when a content that is
 * large, that own rules would take too much work over, or that a model is asked about, was not among them; then the decision is worth nothing, and is
 * made again once that content has been scanned.
 */
export type ScansApart = { readonly known: readonly ScannedBefore[]; wanted: WantedScan | null };

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
  readonly on_behalf_of: readonly string[];
  private readonly request: NamedRequest;
  private readonly wanted: ScanWanted;
  private capabilityTokens: Glob | null = null;
  private texts: readonly string[] | null = null;
  private found: readonly Finding[] | null | undefined;

  private readonly scans: ScansApart | undefined;
  private readonly readRun: ReadRun;
  private facts: RunFacts | null | undefined;

  constructor(request: NamedRequest, actor: Actor, wanted: ScanWanted, readRun: ReadRun, scans?: ScansApart) {
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
    this.on_behalf_of = chainOf(request.on_behalf_of);
    this.request = request;
    this.wanted = wanted;
    this.scans = scans;
    this.readRun = readRun;
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
    const { prompt, payload } = this.request;
    const { scanners, settings } = this.wanted;
    const before = this.scans?.known.find(
      (one) => one.settings === settings && isSameContent(one, { prompt, payload }),
    );
    if (before !== undefined)
      return before.findings?.filter(({ scanner }) => scanners.some((name) => name === scanner)) ?? null;
    const content = this.content();
    if (this.scans === undefined) return findingsIn(scanValue(content, scanners, limitsOf(settings)));
    const bounds = { ...limitsOf(settings), max_rule_work: LIMITS.inline_rule_work };
    const asksModel = settings.own?.models !== undefined;
    const result = exceedsInline(content) ? null : scanValue(content, scanners, bounds);
    const isScanned = result !== null && (result.ok || result.code !== 'rules_too_costly');
    if (isScanned && !asksModel) return findingsIn(result);
    this.scans.wanted ??= { prompt, payload, settings, ...(isScanned && { scanned: findingsIn(result) }) };
    return null;
  }

  run(): RunFacts | null {
    if (this.facts === undefined) this.facts = this.readRun();
    return this.facts;
  }

  runSeen(): RunFacts | null | undefined {
    return this.facts;
  }

  scanned(): readonly Finding[] {
    return this.found ?? [];
  }

  private content(): object {
    const { prompt, payload } = this.request;
    return { ...(prompt !== undefined && { prompt }), ...(payload !== undefined && { payload }) };
  }
}

type Content = Pick<NamedRequest, 'prompt' | 'payload'>;

export function subjectOf(
  request: NamedRequest,
  actor: Actor,
  wanted: ScanWanted,
  readRun: ReadRun,
  scans?: ScansApart,
): RequestSubject {
  return new LazySubject(request, actor, wanted, readRun, scans);
}

function findingsIn(result: ScanResult): readonly Finding[] | null {
  return result.ok ? result.findings : null;
}

/** A rewrite is made anew each time that it is decided, so the same one may be another object. */
function isSameContent(a: Content, b: Content): boolean {
  return a.prompt === b.prompt && (a.payload === b.payload || JSON.stringify(a.payload) === JSON.stringify(b.payload));
}

/** Whether strings and names come to more than may be scanned inline; it stops looking as soon as they do. */
function exceedsInline(value: unknown, budget: { left: number } = { left: LIMITS.inline_scan_bytes }): boolean {
  if (typeof value === 'string') budget.left -= value.length;
  else if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value)) {
      budget.left -= name.length + 2;
      if (budget.left < 0 || exceedsInline(member, budget)) return true;
    }
  }
  return budget.left < 0;
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
