/** A policy as an author has it: a folder with policy.yaml, or the bundle document that was built of one. */
import { readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { LIMITS } from '@countersign/contracts/limits';
import type { BundleDocument } from '@countersign/contracts/policy';
import { compilePolicy } from '@countersign/policy/compile-policy';
import type { CompiledPolicy } from '@countersign/policy/compiled-policy';
import { POLICY_FILE, parseBundle } from '@countersign/policy/parse-bundle';
import { faulty, readBundle } from './bundle-file.ts';
import { UsageError } from './exit-codes.ts';
import { nameOf, readText } from './read-file.ts';

export type PolicyAtHand = {
  /** As it was named on the command line. */
  name: string;
  files: Readonly<Record<string, string>>;
  /** Null for a folder. */
  document: BundleDocument | null;
  /** Of the document, or what the file states; null where neither says. */
  version: number | null;
};

/** Enough for deciding; no version has been given yet. */
export const UNVERSIONED = 1;
export const UNSIGNED = 'unsigned';

/** Throws UsageError for what is neither a folder nor a bundle. Says nothing about what the files mean. */
export function readPolicy(path: string): PolicyAtHand {
  if (path !== '-' && statSync(path).isDirectory()) {
    const files = readFolder(path);
    return { name: path, files, document: null, version: statedVersion(files) };
  }
  const document = readBundle(path);
  return { name: nameOf(path), files: document.files, document, version: document.manifest.version };
}

/** Ready to decide. Throws CommandFailure that names every fault. */
export function compileAtHand({ name, files, version }: PolicyAtHand): CompiledPolicy {
  const compiled = compilePolicy(files, { version: version ?? UNVERSIONED, snapshot: UNSIGNED });
  if (!compiled.ok) throw faulty(name, compiled.faults);
  return compiled.policy;
}

export function statedVersion(files: Readonly<Record<string, string>>): number | null {
  const parsed = parseBundle(files);
  return (parsed.ok ? parsed.sources.policy.version : undefined) ?? null;
}

/** By path within the bundle; dot files are left out. */
function readFolder(dir: string): Record<string, string> {
  const paths = filesBelow(dir).map((path) => relative(dir, path).split(sep).join('/'));
  if (!paths.includes(POLICY_FILE)) throw new UsageError(`${dir} holds no ${POLICY_FILE}; name the folder of a policy`);
  return Object.fromEntries(paths.map((path) => [path, readText(join(dir, path))]));
}

/** Stops at the first file too many: somebody who names their home folder should not wait for all of it. */
function filesBelow(dir: string): string[] {
  const found: string[] = [];
  const waiting = [dir];
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    for (const name of readdirSync(folder).sort()) {
      if (name.startsWith('.')) continue;
      const path = join(folder, name);
      if (statSync(path).isDirectory()) waiting.push(path);
      else found.push(path);
      if (found.length + waiting.length > LIMITS.bundle_files)
        throw new UsageError(`${dir} holds more than the ${LIMITS.bundle_files} files that a policy may have`);
    }
  }
  return found;
}
