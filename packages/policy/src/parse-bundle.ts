// Reads the files of a bundle into typed sources, or says everything that is wrong with them at once. It knows shapes
// only; what the names mean together is checked in check-policy.ts.
import { LIMITS } from '@countersign/contracts/limits';
import { type PolicySource, type Pool, policySource, poolsSource } from '@countersign/contracts/policy';
import { type PolicyTests, policyTests } from '@countersign/contracts/policy-tests';
import { parseStrict } from '@countersign/ledger/canonical-json';
import type { z } from 'zod';
import { type FaultCode, faultAt, type Path, type Place, type PolicyFault } from './policy-fault.ts';
import { readYaml, type YamlFile } from './read-yaml.ts';

export const POLICY_FILE = 'policy.yaml';
export const POOLS_FILE = 'pools.yaml';

export type BundleSources = {
  policy: PolicySource;
  /** Null without `pools.yaml`: then capabilities aren't checked. */
  pools: readonly Pool[] | null;
  /** By path, e.g. `schemas/deploy.json`. */
  schemas: ReadonlyMap<string, unknown>;
  tests: ReadonlyMap<string, PolicyTests>;
  locate: (file: string, path: Path) => Place;
};
export type ParseBundleResult = { ok: true; sources: BundleSources } | { ok: false; faults: PolicyFault[] };

const TOP: Place = { line: 1, column: 1 };
const SCHEMA_PATH = /^schemas\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.json$/;
const TESTS_PATH = /^tests\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.yaml$/;

/** Keys are paths inside the bundle, e.g. `policy.yaml`; values are the files' texts. */
export function parseBundle(files: Readonly<Record<string, string>>): ParseBundleResult {
  const tooLarge = sizeFault(files);
  if (tooLarge !== null) return { ok: false, faults: [tooLarge] };
  const reader = new BundleReader();
  for (const [file, text] of Object.entries(files)) reader.read(file, text);
  return reader.finish();
}

export type ReadTests = { file: string; tests: PolicyTests; locate: (path: Path) => Place };

/** Tests from outside the bundle; path → YAML. Size and shape are bounded as in a bundle. */
export function readTests(files: Readonly<Record<string, string>>): { read: ReadTests[]; faults: PolicyFault[] } {
  const tooLarge = sizeFault(files);
  if (tooLarge !== null) return { read: [], faults: [tooLarge] };
  const read: ReadTests[] = [];
  const faults: PolicyFault[] = [];
  for (const [file, text] of Object.entries(files)) {
    const typed = readTyped(file, text, policyTests);
    if (typed.ok) read.push({ file, tests: typed.value, locate: typed.yaml.locate });
    else faults.push(...typed.faults);
  }
  return { read, faults };
}

function sizeFault(files: Readonly<Record<string, string>>): PolicyFault | null {
  const texts = Object.values(files);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (texts.length <= LIMITS.bundle_files && bytes <= LIMITS.bundle_bytes) return null;
  const detail = `a bundle has at most ${LIMITS.bundle_files} files and ${LIMITS.bundle_bytes} bytes`;
  return faultAt('bundle_too_large', POLICY_FILE, TOP, detail);
}

class BundleReader {
  private readonly faults: PolicyFault[] = [];
  private readonly yamls = new Map<string, YamlFile>();
  private readonly schemas = new Map<string, unknown>();
  private readonly tests = new Map<string, PolicyTests>();
  private policy: PolicySource | null = null;
  private pools: readonly Pool[] | null = null;
  private sawPolicy = false;

  read(file: string, text: string): void {
    if (file === POLICY_FILE) {
      this.sawPolicy = true;
      this.policy = this.readTyped(file, text, policySource);
    } else if (file === POOLS_FILE) this.pools = this.readTyped(file, text, poolsSource)?.pools ?? null;
    else if (SCHEMA_PATH.test(file)) this.readSchema(file, text);
    else if (TESTS_PATH.test(file)) {
      const tests = this.readTyped(file, text, policyTests);
      if (tests !== null) this.tests.set(file, tests);
    } else
      this.faults.push(
        faultAt('file_unknown', file, TOP, 'a bundle has policy.yaml, pools.yaml, schemas/*.json, tests/*.yaml'),
      );
  }

  finish(): ParseBundleResult {
    const { policy, pools, schemas, tests, yamls, faults } = this;
    if (!this.sawPolicy) faults.push(faultAt('file_missing', POLICY_FILE, TOP, 'a bundle needs policy.yaml'));
    if (policy === null || faults.length > 0) return { ok: false, faults };
    const locate = (file: string, path: Path): Place => yamls.get(file)?.locate(path) ?? TOP;
    return { ok: true, sources: { policy, pools, schemas, tests, locate } };
  }

  private readTyped<T extends z.ZodType>(file: string, text: string, shape: T): z.output<T> | null {
    const typed = readTyped(file, text, shape);
    if (typed.yaml !== null) this.yamls.set(file, typed.yaml);
    if (typed.ok) return typed.value;
    this.faults.push(...typed.faults);
    return null;
  }

  private readSchema(file: string, text: string): void {
    const parsed = parseStrict(text, { max_bytes: LIMITS.policy_file_bytes, max_depth: LIMITS.json_depth });
    if (parsed.ok) this.schemas.set(file, parsed.value);
    else this.faults.push(faultAt('json_malformed', file, jsonPlace(parsed.at), parsed.detail));
  }
}

type Typed<T> = { ok: true; value: T; yaml: YamlFile } | { ok: false; faults: PolicyFault[]; yaml: YamlFile | null };

function readTyped<T extends z.ZodType>(file: string, text: string, shape: T): Typed<z.output<T>> {
  const read = readYaml(file, text);
  if (!read.ok) return { ok: false, faults: read.faults, yaml: null };
  const parsed = shape.safeParse(read.yaml.value);
  if (parsed.success) return { ok: true, value: parsed.data, yaml: read.yaml };
  const faults = parsed.error.issues.flatMap((issue) => issueFaults(read.yaml, issue));
  return { ok: false, faults, yaml: read.yaml };
}

function issueFaults(yaml: YamlFile, issue: z.core.$ZodIssue): PolicyFault[] {
  const report = (code: FaultCode, path: Path, detail: string): PolicyFault =>
    faultAt(code, yaml.file, yaml.locate(path), detail);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) =>
      report('field_unknown', [...issue.path, key], `${[...issue.path, key].join('.')} is not a field`),
    );
  }
  return [report('field_invalid', issue.path, `${issue.path.join('.') || 'the document'}: ${issue.message}`)];
}

function jsonPlace(at: string): Place {
  const found = /\(line (\d+), column (\d+)\)/.exec(at);
  return found === null ? TOP : { line: Number(found[1]), column: Number(found[2]) };
}
