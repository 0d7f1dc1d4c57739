/**
 * An operator's own scanner rules: as `scanners.yaml` has them, and as they stand in a compiled policy, where those of a
 * gitleaks file have become the same. Every expression runs on RE2, which needs time in proportion to what it reads.
 */
import { z } from 'zod';
import { SEVERITIES } from './decision.ts';
import { LIMITS } from './limits.ts';

/** Every finding of an own rule has the type `custom-<id>`, every one of a model `model-<name>`. */
export const OWN_TYPE_PREFIX = 'custom-';
export const MODEL_TYPE_PREFIX = 'model-';
export type OwnTypeName = `custom-${string}` | `model-${string}`;

/** What a rule is worth that says nothing else. */
export const OWN_RULE_DEFAULTS = { scanner: 'secrets', severity: 'high', confidence: 'likely' } as const;

const ruleId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,47}$/, 'must match ^[a-z0-9][a-z0-9_-]{0,47}$');
const expression = z.string().min(1).max(LIMITS.own_rule_chars);
const worth = {
  scanner: z.enum(['pii', 'secrets', 'prompt_injection']),
  severity: z.enum(SEVERITIES),
  confidence: z.enum(['possible', 'likely', 'certain']),
};
const ownWorth = {
  scanner: worth.scanner.default(OWN_RULE_DEFAULTS.scanner),
  severity: worth.severity.default(OWN_RULE_DEFAULTS.severity),
  confidence: worth.confidence.default(OWN_RULE_DEFAULTS.confidence),
};

/** ASCII, since every text is also read with its look-alike letters made plain. */
export const ownKeyword = z
  .string()
  .regex(/^[\x20-\x7e]{1,64}$/, 'must be 1 to 64 printable ASCII characters')
  .transform((word) => word.toLowerCase());
const keywords = z.array(ownKeyword).max(LIMITS.own_rule_list);

/** What makes a match of a rule no finding. */
export const ownAllow = z
  .strictObject({
    /** `or`: any of what stands here; `and`: an expression and a stop word. */
    condition: z.enum(['or', 'and']).default('or'),
    /** What the expressions look at: the secret, all of the match, or the lines that it stands on. */
    target: z.enum(['secret', 'match', 'line']).default('secret'),
    regexes: z.array(expression).max(LIMITS.own_rule_list).default([]),
    /** Words that a secret may hold, whatever their case. */
    stopwords: z.array(z.string().min(1).max(128)).max(LIMITS.own_rule_list).default([]),
  })
  .refine(({ regexes, stopwords }) => regexes.length + stopwords.length > 0, 'must have regexes or stopwords');

const ruleBody = {
  regex: expression,
  /** Group of the expression that is the secret; 0 or left out: the first that is not empty, else all of the match. */
  secret_group: z.int().min(0).max(99).default(0),
  /** Bits per character that the secret must exceed; 0 asks for none. */
  entropy: z.number().min(0).max(8).default(0),
  /** The rule is tried on a text only if one of these stands in it, whatever its case; none: always. */
  keywords: keywords.default([]),
  allow: z.array(ownAllow).max(LIMITS.own_rule_allows).default([]),
};

export const ownRuleSource = z.strictObject({
  id: ruleId,
  describes: z.string().max(LIMITS.reason_chars).optional(),
  ...ownWorth,
  ...ruleBody,
  /** Texts that the compiler tries the rule on. */
  examples: z
    .strictObject({
      finds: z.array(expression).max(LIMITS.own_rule_examples).default([]),
      ignores: z.array(expression).max(LIMITS.own_rule_examples).default([]),
    })
    .optional(),
});
export type OwnRuleSource = z.infer<typeof ownRuleSource>;

/** A file as gitleaks reads it, beside `scanners.yaml`; what its rules are worth, since gitleaks has no word for that. */
export const gitleaksSource = z.strictObject({
  file: z.string().regex(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.toml$/, 'must name a file of the bundle, e.g. gitleaks.toml'),
  ...ownWorth,
  /** By id: what single rules are worth instead. */
  rules: z
    .record(
      ruleId,
      z.strictObject({
        scanner: worth.scanner.optional(),
        severity: worth.severity.optional(),
        confidence: worth.confidence.optional(),
      }),
    )
    .default({}),
});
export type GitleaksSource = z.infer<typeof gitleaksSource>;

const score = z.number().min(0).max(1);
/** The least score of a finding of each severity; below all of them it is none. */
const severities = z
  .strictObject({ low: score.optional(), medium: score.optional(), high: score.optional(), critical: score.optional() })
  .refine((stated) => Object.keys(stated).length > 0, 'must name a severity');

/** What a model is asked for that a service's settings name. Where it is, no policy says. */
export const modelSource = z.strictObject({
  name: ruleId,
  describes: z.string().max(LIMITS.reason_chars).optional(),
  scanner: worth.scanner.default('prompt_injection'),
  severities: severities.default({ medium: 0.5, high: 0.8 }),
});

export const scannersSource = z.strictObject({
  rules: z.array(ownRuleSource).max(LIMITS.own_rules).default([]),
  gitleaks: z.array(gitleaksSource).max(LIMITS.own_rule_allows).default([]),
  /** Content is sent to the detector that the service's settings name. */
  models: z.array(modelSource).max(LIMITS.models).default([]),
});
export type ScannersSource = z.infer<typeof scannersSource>;

const typeName = z.templateLiteral([OWN_TYPE_PREFIX, ruleId]);

/** A rule ready to run. */
export const ownRule = z.strictObject({ type: typeName, ...worth, ...ruleBody });
export type OwnRule = z.infer<typeof ownRule>;

export const ownModel = z.strictObject({
  type: z.templateLiteral([MODEL_TYPE_PREFIX, ruleId]),
  scanner: worth.scanner,
  severities,
});
export type OwnModel = z.infer<typeof ownModel>;

/** `digest` names the set: who has compiled it once need not do it again. */
export const ownRules = z.strictObject({
  digest: z.string(),
  rules: z.array(ownRule).readonly(),
  models: z.array(ownModel).readonly().optional(),
});
export type OwnRules = z.infer<typeof ownRules>;
export const NO_OWN_RULES: OwnRules = { digest: '', rules: [] };
