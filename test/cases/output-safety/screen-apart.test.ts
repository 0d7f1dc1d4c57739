import { LIMITS } from '@countersign/contracts/limits';
import { openScreen } from '@countersign/output-safety/screen-apart';
import { screenOutput } from '@countersign/output-safety/screen-output';
import type { Metrics } from '@countersign/platform/metrics';
import { compileOutputPolicy } from '@countersign/policy/decide-output';
import { describe, expect, it } from 'vitest';

const counted: string[] = [];
const metrics = { count: (name: string, labels: object) => void counted.push(`${name} ${JSON.stringify(labels)}`) };
const policyOf = (fail_mode: 'closed' | 'open') => compileOutputPolicy({ enabled: true, fail_mode });
const subjectOf = (output: unknown) => {
  const text = JSON.stringify(output);
  return { output, text, tenant: 'default', topic: 'job.a', capability: null };
};
const large = subjectOf({
  note: 'ssn 123-45-6789 on file',
  filler: 'words and words '.repeat(LIMITS.inline_scan_bytes / 16),
});

describe('screening apart', () => {
  it('says of a large output what screening it here says', async () => {
    const screen = openScreen(metrics as unknown as Metrics);
    const policy = policyOf('closed');
    const here = screenOutput(policy, large);
    expect(here.decision).toBe('redact');
    expect(await screen.screen(policy, large)).toEqual(here);
    expect(await screen.screen(policy, subjectOf('fine'))).toMatchObject({ decision: 'allow' });
    await screen.stop();
  });

  it.each([
    ['closed', 'quarantine', null],
    ['open', 'allow', 'open'],
  ] as const)(
    'takes a screening that hangs for a failed scan under fail_mode %s',
    async (fail_mode, decision, marked) => {
      counted.length = 0;
      const screen = openScreen(metrics as unknown as Metrics, new URL('./screen-hangs.ts', import.meta.url), 300);
      expect(await screen.screen(policyOf(fail_mode), large)).toMatchObject({
        decision,
        fail_mode: marked,
        findings: [],
      });
      expect(counted).toEqual(['scans_failed_total {"gate":"output","fault":"deadline"}']);
      await screen.stop();
    },
  );
});
