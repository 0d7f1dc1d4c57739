// What is wrong with a policy and where, in the author's own file. A fault names fields and ids; it is shown to people,
// never acted on by text.

export const FAULT_CODES = [
  'file_missing',
  'file_unknown',
  'file_too_large',
  'bundle_too_large',
  'yaml_malformed',
  'yaml_alias',
  'yaml_tag',
  'yaml_several_documents',
  'yaml_duplicate_key',
  'yaml_key_forbidden',
  'yaml_value_forbidden',
  'yaml_too_deep',
  'json_malformed',
  'field_unknown',
  'field_invalid',
  'field_misplaced',
  'id_duplicate',
  'group_unknown',
  'owner_missing',
  'scanner_unknown',
  'capability_unknown',
  'match_empty',
  'when_invalid',
  'when_too_costly',
  'schema_missing',
  'schema_invalid',
  'version_missing',
  'version_mismatch',
] as const;
export type FaultCode = (typeof FAULT_CODES)[number];

/** Line and column count from 1; both are 1 where the whole file is meant. */
export type PolicyFault = { code: FaultCode; file: string; line: number; column: number; detail: string };

export type Place = { line: number; column: number };
export type Path = readonly PropertyKey[];

export const faultAt = (code: FaultCode, file: string, place: Place, detail: string): PolicyFault => ({
  code,
  file,
  line: place.line,
  column: place.column,
  detail,
});

/** `policy.yaml:7:3 field_unknown: …`, one line for a person. */
export const describeFault = (fault: PolicyFault): string =>
  `${fault.file}:${fault.line}:${fault.column} ${fault.code}: ${fault.detail}`;
