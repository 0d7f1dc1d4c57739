/**
 * Says in the author's words where a document has not the shape that its schema asks for, and takes the faulty parts out
 * so that the rest can be checked in the same run.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { IS_MISSING, shapeFaults } from '@countersign/contracts/shape-fault';
import type { z } from 'zod';
import { fieldNames } from './field-names.ts';
import { unenforcedField } from './not-enforced.ts';
import { faultAt, type Path, type PolicyFault } from './policy-fault.ts';
import type { YamlFile } from './read-yaml.ts';
import { suggestName } from './suggest-name.ts';

type Issue = z.core.$ZodIssue;

/** Sections whose items stand alone: without one of them the others mean what they meant. */
const ITEMS: ReadonlySet<PropertyKey> = new Set(['rules', 'input_rules', 'tiers']);

export function issueFaults(yaml: YamlFile, issue: Issue): PolicyFault[] {
  const { locate, file } = yaml;
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, LIMITS.reported_faults).map((key) => {
      const path = [...issue.path, key];
      const unenforced = unenforcedField(path);
      if (unenforced !== null) return faultAt('not_enforced', file, locate(path), unenforced.says, unenforced.fix);
      return faultAt(
        'field_unknown',
        file,
        locate(path),
        `${path.join('.')} is not a field`,
        suggestName(key, fieldNames()),
      );
    });
  }
  return placedFaults(issue, yaml, 'the document');
}

/** `whole`: what the document itself is called. */
export function placedFaults(issue: Issue, { file, value, locate }: YamlFile, whole: string): PolicyFault[] {
  return shapeFaults(issue, value).map(({ code, path, says }) => {
    const fix = says === IS_MISSING ? 'add it' : undefined;
    return faultAt(code, file, locate(path), `${path.join('.') || whole}${says}`, fix);
  });
}

/** A copy. An unknown field goes alone; an item with a wrong one makes way for one that says nothing. */
export function withoutFaultyParts(value: unknown, issues: readonly Issue[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) removeAt(copy, issue.path, key);
    else blankItem(copy, issue.path);
  }
  return copy;
}

function removeAt(root: unknown, path: Path, key: string): void {
  const parent = path.reduce<unknown>((at, step) => (isHolder(at) ? at[step as string] : undefined), root);
  if (!isHolder(parent)) return;
  delete parent[key];
  // A clause emptied by earlier faults would be called empty, though its author wrote something.
  if (Object.keys(parent).length === 0) blankItem(root, path);
}

function isHolder(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Stays in its place, so that the places of the others stay theirs. */
function blankItem(root: unknown, [section, position]: Path): void {
  if (!isHolder(root) || section === undefined || !ITEMS.has(section)) return;
  const items = root[section as string];
  if (!Array.isArray(items) || typeof position !== 'number') return;
  const id = `faulty-${position}`;
  if (section === 'tiers') items[position] = { id, match: {}, floor: { rollback: 'none' } };
  else items[position] = { id, match: {}, decision: 'deny' };
}
