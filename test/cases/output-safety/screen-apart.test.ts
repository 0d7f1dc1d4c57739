import { LIMITS } from '@countersign/contracts/limits';
import type { ScanSettingsByTenant } from '@countersign/contracts/policy';
import { ownRule } from '@countersign/contracts/scanner-rules';
import { openScreen } from '@countersign/output-safety/screen-apart';
import { screenOutput, screenWithin } from '@countersign/output-safety/screen-output';
import type { Metrics } from '@countersign/platform/metrics';
import { openModelCalls } from '@countersign/platform/model-calls';
import { compileOutputPolicy } from '@countersign/policy/decide-output';
import { describe, expect, it } from 'vitest';

const counted: string[] = [];
const metrics = { count: (name: string, labels: object) => void counted.push(`${name} ${JSON.stringify(labels)}`) };
const NO_SETTINGS = { countries: [], tenants: [] };

function policyOf(fail_mode: 'closed' | 'open', scanning: ScanSettingsByTenant = NO_SETTINGS) {
  return compileOutputPolicy({ enabled: true, fail_mode, scanning });
}

function subjectOf(output: unknown) {
  const text = JSON.stringify(output);
  return { output, text, tenant: 'default', topic: 'job.a', capability: null };
}
const large = subjectOf({
  note: 'ssn 123-45-6789 on file',
  filler: 'words and words '.repeat(LIMITS.inline_scan_bytes / 16),
});

const NO_MODEL = openModelCalls(metrics as unknown as Metrics, undefined);

/** What is found does not depend on how fast the machine is. */
function openPatient() {
  return openScreen(metrics as unknown as Metrics, NO_MODEL, undefined, 30_000);
}

describe('screening apart', () => {
  it('says of a large output what screening it here says', async () => {
    const screen = openPatient();
    const policy = policyOf('closed');
    const here = screenOutput(policy, large);
    expect(here.decision).toBe('redact');
    expect(await screen.screen(policy, large)).toEqual(here);
    expect(await screen.screen(policy, subjectOf('fine'))).toMatchObject({ decision: 'allow' });
    await screen.stop();
  });

  it('looks for what the settings of its tenant ask for, here and apart, and takes it out', async () => {
    const screen = openPatient();
    const policy = policyOf('closed', { countries: [], tenants: [{ tenant: 'acme', countries: ['DE'] }] });
    const note = { note: 'reach us, 030 901 820 11, any day' };
    for (const output of [note, { ...note, filler: 'words and words '.repeat(LIMITS.inline_scan_bytes / 16) }]) {
      expect(await screen.screen(policy, subjectOf(output))).toMatchObject({ decision: 'allow', findings: [] });
      const own = await screen.screen(policy, { ...subjectOf(output), tenant: 'acme' });
      expect(own).toMatchObject({ decision: 'redact', findings: [{ type: 'phone', place: '/note' }] });
      expect(own.released).toContain('reach us, [redacted:phone], any day');
    }
    await screen.stop();
  });

  it('takes own rules apart that would take much work here, and says what they find', async () => {
    const rules = ['[\\w.-]{0,50}acme[a-z.-]{0,90}=([a-f0-9]{32})'].map((regex) =>
      ownRule.parse({ type: 'custom-acme', scanner: 'secrets', severity: 'high', confidence: 'likely', regex }),
    );
    const scanning = { countries: [], own: { digest: 'screen-apart', rules }, tenants: [] };
    const policy = compileOutputPolicy({
      enabled: true,
      fail_mode: 'closed',
      scanning,
      rules: [{ id: 'hide', match: { types: ['custom-acme'] }, decision: 'redact' }],
    });
    const output = subjectOf([`${'acme.'.repeat(4_000)} acme.key=9f86d081884c7d659a2feaa0c55ad015`]);
    expect(output.text.length).toBeLessThan(LIMITS.inline_scan_bytes);
    expect(screenWithin(policy, output, LIMITS.inline_rule_work)).toBeNull();
    const screen = openPatient();
    const screened = await screen.screen(policy, output);
    expect(screened).toMatchObject({ decision: 'redact', rule_id: 'hide', findings: [{ type: 'custom-acme' }] });
    expect(screened.released).toContain('acme.key=[redacted:custom]');
    await screen.stop();
  });

  it.each([
    ['closed', 'deadline', 'quarantine', null],
    ['closed', 'crash', 'quarantine', null],
    ['closed', 'memory', 'quarantine', null],
    ['open', 'deadline', 'allow', 'open'],
  ] as const)(
    'takes under fail_mode %s a screening that fails (%s) for a failed scan, and counts it',
    async (fail_mode, fault, decision, marked) => {
      counted.length = 0;
      const deadline_ms = fault === 'deadline' ? 300 : 60_000;
      const module = new URL('./screen-fails.ts', import.meta.url);
      const screen = openScreen(metrics as unknown as Metrics, NO_MODEL, module, deadline_ms);
      const subject = subjectOf({ fault, ...(large.output as object) });
      expect(await screen.screen(policyOf(fail_mode), subject)).toMatchObject({
        decision,
        fail_mode: marked,
        findings: [],
      });
      expect(counted).toEqual([`scans_failed_total {"gate":"output","fault":"${fault}"}`]);
      await screen.stop();
    },
  );
});
