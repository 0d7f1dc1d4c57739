/** The pages beside inbox, question and job, each as somebody uses it who may, and fit for all. */
import { expect, it } from 'vitest';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForEnd } from '../../harness/wait-for-job.ts';
import { tabTo, unfitIn, type Visitor } from './open-browser.ts';

/** Signed in, once the browser is there. */
type Visitors = { admin: () => Visitor; approver: () => Visitor };

export function pageCases(running: () => TestSystem, { admin, approver }: Visitors): void {
  /** By the menu, as one gets there by hand. */
  const open = async (name: string, visitor = admin()): Promise<Visitor['page']> => {
    const { page } = visitor;
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    return page;
  };

  it('stops are set by keyboard alone with the target typed twice, and lifted', async () => {
    const page = await open('Stops');
    await page.getByText('Nothing is stopped.').waitFor();
    const type = async (tag: string, label: string, text: string): Promise<void> => {
      await tabTo(page, tag, label);
      await page.keyboard.type(text);
    };
    await tabTo(page, 'SUMMARY', 'Stop');
    await page.keyboard.press('Enter');
    await type('SELECT', 'What', 'topic');
    await type('INPUT', 'Target:', 'job.other.*');
    await type('TEXTAREA', 'Reason', 'it loops');
    await type('INPUT', 'To confirm', 'job.other');
    await page.keyboard.press('Enter');
    await page.getByText('Not done: “job.other.*” was not typed.').waitFor();
    expect(await unfitIn(admin())).toEqual([]);
    await page.getByLabel('To confirm').fill('job.other.*');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped: topic job.other.*.').waitFor();
    await page.locator('summary', { hasText: 'Lift' }).click();
    await page.locator('li').getByLabel('Reason').fill('it is fixed');
    await page.getByRole('button', { name: 'Lift' }).click();
    await page.getByText('The stop of topic job.other.* is lifted.').waitFor();
    await page.getByText('Nothing is stopped.').waitFor();
  });

  it('jobs are searched, and what was looked for stands in the address', async () => {
    const page = await open('Jobs');
    await page.getByLabel('topic').fill('job.deploy.*');
    await page.getByLabel('from').fill('2020-01-01T00:00');
    await page.getByLabel('decision').selectOption('require_approval');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/from=2020-01-01T00%3A00%3A00Z&topic=job\.deploy\.\*&decision=require_approval$/);
    await page.getByRole('listitem').getByText('people have to agree').first().waitFor();
    expect(await unfitIn(admin())).toEqual([]);
    await page.getByRole('link', { name: 'job.deploy.apply' }).first().click();
    await page.getByRole('heading', { name: 'From the door to the end' }).waitFor();
    await page.goBack();
    expect(await page.getByLabel('topic').inputValue()).toBe('job.deploy.*');
  });

  it('a key is found by its last use, and revoked once its name was typed', async () => {
    const asked = { principal: 'bob', permissions: ['jobs:read'] };
    const { key, key_id } = (await running().api('admin', 'POST', '/api/v1/keys', asked)).body;
    const page = await open('Who may act');
    await page.getByRole('heading', { name: 'desk-agent' }).waitFor();
    await page.getByRole('link', { name: 'keys' }).click();
    const card = page.getByRole('listitem').filter({ hasText: key_id });
    await card.getByText('never').waitFor();
    await card.locator('summary').click();
    await card.getByLabel('Reason').fill('left behind');
    await card.getByLabel('To confirm').fill(key_id);
    expect(await unfitIn(admin())).toEqual([]);
    await card.getByRole('button', { name: 'Revoke' }).click();
    await page.getByText(`${key_id} is revoked.`).waitFor();
    const answer = await fetch(`${running().url}/api/v1/jobs`, { headers: { authorization: `Bearer ${key}` } });
    expect((await answer.json()).code).toBe('revoked');
  });

  it('an output is held back, opened with a reason, and released without what was found', async () => {
    const { body } = await running().api('agent', 'POST', '/api/v1/jobs', {
      topic: 'job.demo.read',
      payload: { leak: true },
    });
    await waitForEnd(running(), body.job_id);
    const page = await open('Reviews', approver());
    const card = page.getByRole('listitem').filter({ hasText: body.job_id });
    await card.locator('summary', { hasText: 'Open' }).click();
    await card.getByRole('textbox', { name: 'Reason' }).fill('a customer asks');
    expect(await card.textContent()).not.toContain('AKIA');
    await card.getByRole('button', { name: 'Open' }).click();
    await card.getByText('AKIA').waitFor();
    await card.locator('summary', { hasText: 'Release' }).click();
    await card.getByRole('textbox', { name: 'Reason' }).fill('without the key');
    await card.getByLabel('Without anything').check();
    expect(await unfitIn(approver())).toEqual([]);
    await card.getByRole('button', { name: 'Release' }).click();
    await page.getByText('The output of job.demo.read is released.').waitFor();
    const result = await running().api('agent', 'GET', `/api/v1/jobs/${body.job_id}/result`);
    expect(result).toMatchObject({ status: 200, body: { reviewed: { redacted: true } } });
    expect(JSON.stringify(result.body)).not.toContain('AKIA');
  });

  it('a policy is read, asked and tried on history, and its KPIs are drawn', async () => {
    const page = await open('Policy');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('heading', { name: 'policy.yaml' }).waitFor();
    await page.getByText('require-approval-prod-deploy').first().waitFor();
    await page.getByLabel('Asked').selectOption('version 1');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('The decision is allow, by allow-demo-read').waitFor();
    expect(await unfitIn(admin())).toEqual([]);
    await page.getByLabel('Asked').selectOption('the active one');
    await page.getByRole('button', { name: 'Decide the last 7 days again' }).click();
    await page.getByText(/Of \d+ jobs \d+ were decided again/).waitFor();
    await open('KPIs');
    await page.getByRole('img', { name: /^Jobs asked for: at most \d+ a day, last \d+$/ }).waitFor();
    expect(await unfitIn(admin())).toEqual([]);
  });

  it('another tenant sees nothing of all this', async () => {
    const { jobs } = (await running().api('auditor', 'GET', '/api/v1/jobs?limit=1')).body;
    const { approvals } = (await running().api('auditor', 'GET', '/api/v1/approvals?limit=1')).body;
    const stop = { kind: 'topic', target: 'job.other.*', reason: 'of one tenant' };
    const { body: set } = await running().api('admin', 'POST', '/api/v1/stops', stop);
    const made = await running().api('admin', 'POST', '/api/v1/tenants', { tenant: 'elsewhere', admin: 'zoe' });
    const { page } = admin();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('API key').fill(made.body.key.key);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const here = async (name: string, says: string): Promise<void> => {
      await (await open(name)).getByText(says, { exact: true }).first().waitFor();
      expect(await page.textContent('main')).not.toMatch(/desk-agent|alice|job\.(other|deploy|demo)/);
    };
    await here('Jobs', 'Nothing was found so far.');
    await here('Stops', 'Nothing is stopped.');
    await here('Reviews', 'None.');
    await here('Who may act', 'None.');
    for (const path of [`jobs/${jobs[0].job_id}`, `approvals/${approvals[0].approval_id}`]) {
      await page.goto(`/console/${path}`);
      await page.getByText('there is no such thing').first().waitFor();
    }
    await running().api('admin', 'POST', `/api/v1/stops/${set.switch_id}/lift`, { reason: 'done' });
  });
}
