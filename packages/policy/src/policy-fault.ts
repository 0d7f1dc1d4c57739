/**
 * A fault in a policy: what, where in the author's own file, and how to fix it. A fault names fields and ids; it
 * is shown to people, never acted on by text.
 */

/** Every mistake that the compiler knows, and what its author should do. */
const FIXES = {
  file_missing: 'add the file',
  file_unknown: 'move it out of the folder, or give it one of the names that a bundle has',
  file_too_large: 'split it, or drop what is not needed',
  bundle_too_large: 'drop what is not needed, or split the scope into two bundles',
  yaml_malformed: 'fix the YAML at this place',
  yaml_alias: 'write the value out',
  yaml_tag: 'take the tag away; quote the value if it is meant as text',
  yaml_several_documents: 'keep one document and take the line --- away',
  yaml_duplicate_key: 'keep one of the two',
  yaml_key_forbidden: 'rename the key',
  yaml_value_forbidden: 'write a value that JSON can carry; quote it if it is meant as text',
  yaml_too_deep: 'nest it less',
  toml_malformed: 'fix the TOML at this place',
  json_malformed: 'fix the JSON at this place',
  field_unknown: 'remove it, or spell it as the language does',
  field_invalid: 'write a value of the kind that is asked for',
  not_enforced: 'remove it: nothing would hold it',
  field_misplaced: 'remove it, or choose the decision that it belongs to',
  id_duplicate: 'give one of the two another id',
  group_unknown: 'add it to groups, or name one that stands there',
  owner_missing: 'name the capability’s owner under owners, or name a group instead of owner',
  scanner_unknown: 'name a scanner that exists',
  country_unknown: 'name a country that has a numbering plan',
  scanning_unused: 'add a rule that looks at findings of pii, or remove it',
  output_unscanned: 'let something look at outputs, or leave the field out',
  pattern_invalid: 'write it in the syntax of RE2: no look-around, no references back',
  own_rule_unfit: 'ask for characters that a secret has',
  own_rule_too_costly: 'use smaller counts in braces, fewer alternatives, or fewer rules',
  example_failed: 'fix the rule or the example',
  own_rule_unused: 'add a rule of the policy that looks at it, or remove it',
  type_unknown: 'name a type of finding that exists',
  capability_unknown: 'give the capability to a pool, or fix its spelling',
  run_undeclared: 'say at the top which jobs are one run: run: { by: run }, or { by: agent, within: 8h }',
  data_unknown: 'name a class under data of a topic, or fix its spelling',
  match_empty: 'say what should match, or remove the field',
  when_invalid: 'fix the condition at this place',
  when_too_costly: 'say it more simply, or in several rules',
  schema_missing: 'add the file under schemas, or fix the reference',
  schema_invalid: 'use the supported keywords of draft 2020-12 alone',
  version_missing: 'state version in policy.yaml, or hand it to the build',
  version_mismatch: 'take version out of the file, or make both the same',
  remediation_cycle: 'rewrite to a topic that another rule decides',
  remediation_too_long: 'rewrite to the last topic at once',
  tenant_crosses: 'delegate the topic in policy.yaml, or restrict with deny, a tier or an input rule',
  tenant_out_of_scope: 'add the tenant to the scope of the bundle, or remove its file',
  rule_shadowed: 'move the narrower rule up, or remove it: no decision would be another',
  rule_swallowed: 'narrow the deny rule with not, or remove this one',
  rule_floored: 'narrow the tier, or decide deny here',
  rule_always_allows: 'say which topics it is for',
  rule_unreached: 'fix its match, list the topic, or remove the rule',
  star_too_short: 'add a pattern for each length, end it with *, or match a capability or label instead',
  tier_unreached: 'fix its match, or remove it',
  topic_uncovered: 'add a tier for it, so that its floor is a choice',
  topic_unlisted: 'list it under topics, so that the submitter’s word is not taken for it',
  grant_field_excluded: 'name a field that the jobs have: otherwise each takes a yes of its own',
  quorum_unreachable: 'ask for fewer votes, or add people to the group',
  constraint_unenforced: 'add the name to the enforces of the pool that should run it',
  pool_missing: 'give a pool what the topic needs, or stop letting it through',
  label_chosen: 'match the values that it may have, derive it from the payload, or count by agent',
  run_incomplete: 'add run to the required_labels of these topics',
  tenant_confusable: 'rename one of the two, or be sure that both exist',
  when_untyped: 'give the topic a schema that says which type it has',
  lint_incomplete: 'split the policy; the rest was not looked at',
} as const;

export type FaultCode = keyof typeof FIXES;

/** Line and column count from 1; both are 1 where the whole file is meant. `fix` says what to do. */
export type PolicyFault = { code: FaultCode; file: string; line: number; column: number; detail: string; fix: string };

export type Place = { line: number; column: number };
export const TOP: Place = { line: 1, column: 1 };
export type Path = readonly PropertyKey[];

/** `fix` only where there is more to say than the code does. */
export function faultAt(
  code: FaultCode,
  file: string,
  place: Place,
  detail: string,
  fix: string = FIXES[code],
): PolicyFault {
  return { code, file, line: place.line, column: place.column, detail, fix };
}

/** By file and place; the order in which an author fixes them. */
export function byPlace(a: PolicyFault, b: PolicyFault): number {
  return a.file === b.file ? a.line - b.line || a.column - b.column : a.file < b.file ? -1 : 1;
}

/** `policy.yaml:7:3 field_unknown: …; do …`, one line for a person. */
export function describeFault(fault: PolicyFault): string {
  return `${fault.file}:${fault.line}:${fault.column} ${fault.code}: ${fault.detail}; ${fault.fix}`;
}
