/**
 * Reads the files of a bundle into typed sources, or says everything that is wrong with them at once. It knows shapes
 * only; what the names mean together is checked in check-policy.ts.
 */
import { LIMITS } from '@countersign/contracts/limits';
import { tenantName } from '@countersign/contracts/names';
import { type PolicySource, policySource, type TenantSource, tenantSource } from '@countersign/contracts/policy';
import { type Pool, poolsSource } from '@countersign/contracts/policy-pools';
import { type PolicyTests, policyTests } from '@countersign/contracts/policy-tests';
import { type OwnRules, type ScannersSource, scannersSource } from '@countersign/contracts/scanner-rules';
import { parseStrict } from '@countersign/ledger/canonical-json';
import type { z } from 'zod';
import { SCANNERS_FILE, settleOwnRules } from './own-rules.ts';
import { faultAt, type Path, type Place, type PolicyFault, TOP } from './policy-fault.ts';
import { readYaml, type YamlFile } from './read-yaml.ts';
import { issueFaults, withoutFaultyParts } from './shape-faults.ts';

export const POLICY_FILE = 'policy.yaml';
export const POOLS_FILE = 'pools.yaml';

export type BundleSources = {
  policy: PolicySource;
  /** Null without `pools.yaml`: then capabilities aren't checked. */
  pools: readonly Pool[] | null;
  /** By path, e.g. `schemas/deploy.json`. */
  schemas: ReadonlyMap<string, unknown>;
  tests: ReadonlyMap<string, PolicyTests>;
  /** By tenant, in the order of their names. */
  tenants: ReadonlyMap<string, TenantSource>;
  /** The operator's own scanner rules, those of gitleaks files included. */
  own: OwnRules | undefined;
  /** `within`: characters into the value at `path`, where it is a text on one line. */
  locate: (file: string, path: Path, within?: number) => Place;
};
/** With faults of shape the rest may still be checked: `sources` is then what could be read. */
export type ParseBundleResult =
  | { ok: true; sources: BundleSources; faults: [] }
  | { ok: false; sources: BundleSources | null; faults: PolicyFault[] };

const KNOWN_FILES =
  'policy.yaml, pools.yaml, scanners.yaml, *.toml, schemas/*.json, tests/*.yaml and tenants/<tenant>.yaml';
const SCHEMA_PATH = /^schemas\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.json$/;
const TENANT_PATH = /^tenants\/([a-z0-9_-]{1,64})\.yaml$/;
const TOML_PATH = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.toml$/;
const TESTS_PATH = /^tests\/[a-z0-9_-]+(\.[a-z0-9_-]+)*\.yaml$/;

export type ReadTests = { file: string; tests: PolicyTests; locate: (path: Path) => Place };

class BundleReader {
  private readonly faults: PolicyFault[] = [];
  private readonly yamls = new Map<string, YamlFile>();
  private readonly schemas = new Map<string, unknown>();
  private readonly tests = new Map<string, PolicyTests>();
  private readonly tenants = new Map<string, TenantSource>();
  private policy: PolicySource | null = null;
  private pools: readonly Pool[] | null = null;
  private scanners: ScannersSource | null = null;
  private readonly tomls = new Map<string, string>();
  private sawPolicy = false;

  read(file: string, text: string): void {
    const tenant = TENANT_PATH.exec(file)?.[1];
    if (file === POLICY_FILE) {
      this.sawPolicy = true;
      this.policy = this.readTyped(file, text, policySource);
    } else if (file === POOLS_FILE) this.pools = this.readTyped(file, text, poolsSource)?.pools ?? null;
    else if (file === SCANNERS_FILE) this.scanners = this.readTyped(file, text, scannersSource);
    else if (TOML_PATH.test(file)) this.tomls.set(file, text);
    else if (tenant !== undefined && tenantName.safeParse(tenant).success) {
      const own = this.readTyped(file, text, tenantSource);
      if (own !== null) this.tenants.set(tenant, own);
    } else if (SCHEMA_PATH.test(file)) this.readSchema(file, text);
    else if (TESTS_PATH.test(file)) {
      const tests = this.readTyped(file, text, policyTests);
      if (tests !== null) this.tests.set(file, tests);
    } else this.faults.push(faultAt('file_unknown', file, TOP, `a bundle has ${KNOWN_FILES}`));
  }

  finish(): ParseBundleResult {
    const { policy, pools, schemas, tests, yamls, faults } = this;
    if (!this.sawPolicy) faults.push(faultAt('file_missing', POLICY_FILE, TOP, 'a bundle needs policy.yaml'));
    if (policy === null) return { ok: false, sources: null, faults };
    const locate = (file: string, path: Path, within?: number): Place => yamls.get(file)?.locate(path, within) ?? TOP;
    const tenants = new Map([...this.tenants].sort(([a], [b]) => (a < b ? -1 : 1)));
    const { own, faults: unfit } = settleOwnRules(this.scanners, this.tomls, (path) => locate(SCANNERS_FILE, path));
    faults.push(...unfit);
    const sources = { policy, pools, schemas, tests, tenants, own, locate };
    return faults.length === 0 ? { ok: true, sources, faults: [] } : { ok: false, sources, faults };
  }

  private readTyped<T extends z.ZodType>(file: string, text: string, shape: T): z.output<T> | null {
    const typed = readTyped(file, text, shape);
    if (typed.yaml !== null) this.yamls.set(file, typed.yaml);
    if (!typed.ok) this.faults.push(...typed.faults);
    return typed.value;
  }

  private readSchema(file: string, text: string): void {
    const parsed = parseStrict(text, { max_bytes: LIMITS.policy_file_bytes, max_depth: LIMITS.json_depth });
    if (parsed.ok) this.schemas.set(file, parsed.value);
    else {
      this.faults.push(faultAt('json_malformed', file, jsonPlace(parsed.at), parsed.detail));
      // Present, though unreadable: who refers to it has made no mistake of their own.
      this.schemas.set(file, true);
    }
  }
}

/** `value` with `ok: false`: what is left when the faulty parts are taken out, where something can be left. */
type Typed<T> =
  | { ok: true; value: T; yaml: YamlFile }
  | { ok: false; value: T | null; faults: PolicyFault[]; yaml: YamlFile | null };

export function tenantFile(tenant: string): string {
  return `tenants/${tenant}.yaml`;
}

/** Keys are paths inside the bundle, e.g. `policy.yaml`; values are the files' texts. */
export function parseBundle(files: Readonly<Record<string, string>>): ParseBundleResult {
  const tooLarge = sizeFault(files);
  if (tooLarge !== null) return { ok: false, sources: null, faults: [tooLarge] };
  const reader = new BundleReader();
  for (const [file, text] of Object.entries(files)) reader.read(file, text);
  return reader.finish();
}

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

function readTyped<T extends z.ZodType>(file: string, text: string, shape: T): Typed<z.output<T>> {
  const read = readYaml(file, text);
  if (!read.ok) return { ok: false, value: null, faults: read.faults, yaml: null };
  const parsed = shape.safeParse(read.yaml.value);
  if (parsed.success) return { ok: true, value: parsed.data, yaml: read.yaml };
  const { issues } = parsed.error;
  const faults = issues.slice(0, LIMITS.policy_faults).flatMap((issue) => issueFaults(read.yaml, issue));
  const repaired = shape.safeParse(withoutFaultyParts(read.yaml.value, issues));
  return { ok: false, value: repaired.success ? repaired.data : null, faults, yaml: read.yaml };
}

function jsonPlace(at: string): Place {
  const found = /\(line (\d+), column (\d+)\)/.exec(at);
  return found === null ? TOP : { line: Number(found[1]), column: Number(found[2]) };
}
