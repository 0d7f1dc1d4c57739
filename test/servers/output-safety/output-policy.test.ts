/** Which output policy holds for a result, and that nothing leaves where none can be read. */
import { ownModel, ownRule } from '@countersign/contracts/scanner-rules';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningOutputSafety, runOutputSafety } from './run-output-safety.ts';

let run: RunningOutputSafety;
beforeAll(async () => {
  run = await runOutputSafety();
  await run.activate('*', {});
});
afterAll(() => run[Symbol.asyncDispose]());

const SSN = '536-90-4399';

describe('policy', () => {
  const policyOf = async (job_id: string, tenant: string) => (await run.entries(job_id, tenant))[0]!.body.policy_epoch;

  test('a new one holds for the next result, though the old one was in memory', async () => {
    await run.activate('turner', {});
    const before = await run.run('turn-1', { tenant: 'turner' });
    expect(await run.screened(before, SSN)).toMatchObject({ output_decision: 'redact' });
    await run.activate('turner', { rules: [{ id: 'no-pii', match: { scanners: ['pii'] }, decision: 'quarantine' }] });
    const after = await run.run('turn-2', { tenant: 'turner' });
    expect(await run.screened(after, SSN)).toMatchObject({ output_decision: 'quarantine', rule_id: 'no-pii' });
    expect(await policyOf('turn-2', 'turner')).not.toBe(await policyOf('turn-1', 'turner'));
  });

  test('its countries are looked for, those of a tenant beside them', async () => {
    const scanning = { countries: ['DE'], tenants: [{ tenant: 'dialler', countries: ['DE', 'FR'] }] };
    await run.activate('dialler', { scanning });
    await run.activate('caller', { scanning });
    const paris = 'reach us, 01 42 68 53 00, any day';
    const own = await run.run('dial-1', { tenant: 'dialler' });
    expect(await run.screened(own, paris)).toMatchObject({ output_decision: 'redact' });
    const other = await run.run('dial-2', { tenant: 'caller' });
    expect(await run.screened(other, paris)).toMatchObject({ output_decision: 'allow' });
    const berlin = await run.run('dial-3', { tenant: 'caller' });
    expect(await run.screened(berlin, 'reach us, 030 901 820 11, any day')).toMatchObject({
      output_decision: 'redact',
    });
  });

  test('its own rules hold, and a model that it asks and that is nowhere keeps everything in', async () => {
    const rule = ownRule.parse({
      type: 'custom-acme',
      scanner: 'secrets',
      severity: 'high',
      confidence: 'likely',
      regex: 'acme-[a-z0-9]{8}',
    });
    const own = { digest: 'output-policy', rules: [rule] };
    const rules = [{ id: 'hide', match: { types: ['custom-acme'] }, decision: 'redact' as const }];
    await run.activate('ruled', { rules, scanning: { countries: [], own, tenants: [] } });
    const attempt = await run.run('own-rule', { tenant: 'ruled' });
    expect(await run.screened(attempt, 'use acme-12345678')).toMatchObject({
      output_decision: 'redact',
      rule_id: 'hide',
    });
    const models = [ownModel.parse({ type: 'model-orders', scanner: 'prompt_injection', severities: { high: 0.5 } })];
    await run.activate('asking', { rules, scanning: { countries: [], own: { ...own, models }, tenants: [] } });
    const unasked = await run.run('no-model', { tenant: 'asking' });
    expect(await run.screened(unasked, 'fine')).toMatchObject({ output_decision: 'quarantine', rule_id: null });
    expect(await run.metric('model_calls_total{')).toBe(1);
  });

  test('rules may look at the capability, which only the scheduler knows', async () => {
    const rules = [{ id: 'no-admin', match: { capabilities: ['*.admin'] }, decision: 'quarantine' as const }];
    await run.activate('careful', { rules });
    const [admin, reader] = [
      await run.run('by-admin', { tenant: 'careful', capability: 'desk.admin' }),
      await run.run('by-reader', { tenant: 'careful' }),
    ];
    expect(await run.screened(admin, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: 'no-admin' });
    expect(await run.screened(reader, 'x')).toMatchObject({ output_decision: 'allow' });
  });

  test('what cannot be scanned stays in, unless the policy says otherwise aloud', async () => {
    const tooMany = Array.from({ length: 240_000 }, () => 'a');
    const closed = await run.run('unscannable');
    expect(await run.screened(closed, tooMany)).toMatchObject({ output_decision: 'quarantine' });
    await run.activate('trusting', { fail_mode: 'open' });
    const open = await run.run('let-through', { tenant: 'trusting' });
    expect(await run.screened(open, tooMany)).toMatchObject({ output_decision: 'allow' });
    expect((await run.entries('let-through', 'trusting'))[0]!.body).toMatchObject({ fail_mode: 'open' });
    expect(await run.metric('output_fail_open_total')).toBe(1);
  });

  test('one that cannot be read lets nothing out', async () => {
    await run.activate('broken', { rules: 'all of them' as never });
    const attempt = await run.run('unruled', { tenant: 'broken' });
    expect(await run.screened(attempt, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: null });
    await run.activate('broken', {});
    const mended = await run.run('ruled', { tenant: 'broken' });
    expect(await run.screened(mended, 'x')).toMatchObject({ output_decision: 'allow' });
  });

  test('none at all lets nothing out', async () => {
    await run.admin.query(`DELETE FROM control.policies WHERE scope = '*'`);
    const attempt = await run.run('lawless', { tenant: 'lawless' });
    expect(await run.screened(attempt, 'x')).toMatchObject({ output_decision: 'quarantine', rule_id: null });
  });
});
