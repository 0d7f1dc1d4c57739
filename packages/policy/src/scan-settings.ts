/**
 * What a tenant's content is scanned with beyond what the scanners always know. The global part's settings hold for
 * everybody, and a tenant's own file can only add to them: no tenant makes a scan see less.
 */
import type { ScanSettings, ScanSettingsByTenant } from '@countersign/contracts/policy';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { BundleSources } from './parse-bundle.ts';

type Sources = Pick<BundleSources, 'policy' | 'tenants' | 'own'>;

const settled = new WeakMap<object, ScanSettings>();

export function scanSettingsOf({ policy, tenants, own: rules }: Sources): ScanSettingsByTenant {
  const common = policy.scanning?.countries ?? [];
  const own = [...tenants].flatMap(([tenant, { scanning }]) =>
    scanning === undefined ? [] : [{ tenant, countries: sortedOnce([...common, ...scanning.countries]) }],
  );
  return { countries: sortedOnce(common), ...(rules !== undefined && { own: rules }), tenants: own };
}

/** The same object for the same tenant, as long as the policy stands. */
export function settingsFor(settings: ScanSettingsByTenant, tenant: string): ScanSettings {
  const own = settings.tenants.find((one) => one.tenant === tenant);
  if (own === undefined) return settings;
  const known = settled.get(own) ?? { countries: own.countries, own: settings.own };
  settled.set(own, known);
  return known;
}

/** As the scanners take them. */
export function limitsOf({ countries, own }: ScanSettings) {
  return { countries, own };
}

/** What a tenant's requests are scanned for, and how. */
export function scanOf({ scanners, scanning }: Pick<CompiledPolicy, 'scanners' | 'scanning'>, tenant: string) {
  return {
    scanners,
    settings: settingsFor(scanning, tenant),
  };
}

function sortedOnce(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
