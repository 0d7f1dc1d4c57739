import type { DecideItem } from '@countersign/contracts/decision';
import { LIMITS } from '@countersign/contracts/limits';
import type { Metrics } from '@countersign/platform/metrics';
import { openScans } from '@countersign/policy-kernel/scan-apart';
import { describe, expect, it } from 'vitest';

const counted: string[] = [];
const metrics = { count: (name: string, labels: object) => void counted.push(`${name} ${JSON.stringify(labels)}`) };
const itemOf = (prompt: string, payload?: object): DecideItem =>
  ({ gate: 'submit', request: { prompt, ...(payload !== undefined && { payload }) } }) as unknown as DecideItem;
const PLAIN = { countries: [] };
const filler = 'words and words '.repeat(LIMITS.inline_scan_bytes / 16);

/** What is found does not depend on how fast the machine is. */
const openPatient = () => openScans(metrics as unknown as Metrics, undefined, 30_000);

describe('scanning apart', () => {
  it('looks at large contents alone, and says what they hold', async () => {
    const scans = openPatient();
    const small = itemOf('ssn 123-45-6789');
    const large = itemOf(`ssn 123-45-6789 ${filler}`);
    const wide = itemOf('', { many: Array.from({ length: 9_000 }, (_, i) => `member ${i}`), ssn: '123-45-6789' });
    await scans.look([small, large, wide], () => PLAIN);
    expect(scans.of(small)).toBeUndefined();
    expect(scans.of(large)).toMatchObject({ findings: [{ type: 'us_ssn', place: '/prompt' }] });
    expect(scans.of(wide)).toMatchObject({ findings: [{ type: 'us_ssn', place: '/payload/ssn' }] });
    expect(counted).toEqual([]);
    await scans.stop();
  });

  it('scans with the settings of the policy that it will be decided by, and remembers which', async () => {
    const scans = openPatient();
    const german = { countries: ['DE'] };
    const [asked, plain, orphan] = [0, 1, 2].map(() => itemOf(`reach us, 030 901 820 11, any day ${filler}`));
    await scans.look([asked!], () => german);
    await scans.look([plain!], () => PLAIN);
    await scans.look([orphan!], () => null);
    expect(scans.of(asked!)).toMatchObject({ settings: german, findings: [{ type: 'phone' }] });
    expect(scans.of(asked!)?.settings).toBe(german);
    expect(scans.of(plain!)).toMatchObject({ findings: [] });
    expect(scans.of(orphan!)).toBeUndefined();
    await scans.stop();
  });

  it.each([
    ['hangs', 'deadline', 300],
    ['crashes', 'crash', 30_000],
  ])('remembers as failed what %s', async (kind, fault, deadline_ms) => {
    counted.length = 0;
    const scans = openScans(metrics as unknown as Metrics, new URL(`./scan-${kind}.ts`, import.meta.url), deadline_ms);
    const item = itemOf(filler + filler);
    await scans.look([item], () => PLAIN);
    expect(scans.of(item)).toMatchObject({ findings: null });
    expect(counted).toEqual([`scans_failed_total {"gate":"submit","fault":"${fault}"}`]);
    await scans.stop();
  });
});
