/** Whether the countries that content is scanned for exist. One that nothing knows would look for nothing. */
import { isKnownCountry } from '@countersign/scanners/phones';
import { type BundleSources, POLICY_FILE, tenantFile } from './parse-bundle.ts';
import type { Report } from './report-faults.ts';

export function checkScanning({ policy, tenants }: BundleSources, report: Report): void {
  const check = (file: string, countries: readonly string[] = []): void => {
    countries.forEach((country, i) => {
      const at = { file, path: ['scanning', 'countries', i] };
      if (!isKnownCountry(country))
        report('country_unknown', at, `nothing knows how ${country} numbers its telephones`);
      else if (countries.indexOf(country) < i)
        report('id_duplicate', at, `${country} stands twice`, 'keep one of the two');
    });
  };
  check(POLICY_FILE, policy.scanning?.countries);
  for (const [tenant, { scanning }] of tenants) check(tenantFile(tenant), scanning?.countries);
}
