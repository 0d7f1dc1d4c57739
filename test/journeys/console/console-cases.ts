/** The console in a real browser, on the system of the journey that calls these cases: two people at once, by keyboard, at 320 px. */
import { developmentEnv } from '@countersign/infra/development-env';
import { waitUntil } from '@countersign/infra/wait-until';
import { formatVerifierKey } from '@countersign/ledger/checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSystem } from '../../harness/start-system.ts';
import { waitForApproval, waitForEnd } from '../../harness/wait-for-job.ts';
import {
  findChromium,
  NO_BROWSER,
  openBrowser,
  SCREENSHOTS,
  shoot,
  type TestBrowser,
  tabTo,
  unfitIn,
  type Visitor,
} from './open-browser.ts';
import { pageCases } from './page-cases.ts';

const PHONE = { viewport: { width: 320, height: 640 }, colorScheme: 'dark' } as const;

/** Beyond all waits of one case, so that what fails is the wait and not the case. */
const LIMIT = { timeout: 300_000 };

/** `running`: the system, once it has started. */
export function consoleCases(running: () => TestSystem): void {
  const chromium = findChromium();
  describe.skipIf(chromium === null)(`the console${chromium === null ? ` (${NO_BROWSER})` : ''}`, LIMIT, () => {
    /** Until then alice's page has no stream. */
    const opened = Promise.withResolvers<void>();
    let browser: TestBrowser;
    let alice: Visitor;
    let bob: Visitor;
    let eve: Visitor;
    beforeAll(async () => {
      browser = await openBrowser(running().url);
      const { approver, approver2, admin } = running().keys.api_keys;
      const hold = (page: Visitor['page']) =>
        page.route('**/approvals/events', async (route) => {
          await opened.promise;
          await route.continue();
        });
      const come = [
        browser.signIn(approver, {}, hold),
        browser.signIn(approver2, PHONE),
        browser.signIn(admin, PHONE),
      ] as const;
      [alice, bob, eve] = await Promise.all(come);
    }, LIMIT.timeout);
    afterAll(() => browser?.[Symbol.asyncDispose]());

    const hold = async (version: string): Promise<string> => {
      const payload = { service: 'web', version, replicas: 3 };
      const asked = { topic: 'job.deploy.apply', labels: { env: 'prod', run: 'run-7' }, payload };
      const { body } = await running().api('agent', 'POST', '/api/v1/jobs', asked);
      await waitForApproval(running(), body.job_id);
      return body.job_id;
    };

    const shootTimeline = async (job_id: string): Promise<void> => {
      await alice.page.goto(`/console/jobs/${job_id}`);
      await alice.page.getByText('job succeeded, result released').waitFor();
      await alice.page.setViewportSize({ width: 900, height: 900 });
      await alice.page
        .getByRole('heading', { name: 'From the door to the end' })
        .evaluate((top: any) => top.scrollIntoView());
      await shoot(alice, 'timeline', 900);
    };

    it('two people countersign: one by keyboard alone, the other on a phone and live', async () => {
      // Alice's page has asked what waits, and its stream is not open yet, when the question comes.
      await Promise.all([alice, bob].map(({ page }) => page.getByText('Nothing waits for you.').waitFor()));
      const job_id = await hold('1.0.0');
      await waitUntil('the log has it, and tells of it no more', async () => {
        const { body } = await running().api('auditor', 'GET', `/api/v1/jobs/${job_id}/timeline`);
        return body.some(({ kind, leaf_index }: any) => kind === 'approval_opened' && leaf_index !== null);
      });
      opened.resolve();
      await Promise.all([alice, bob].map(({ page }) => page.getByText('1 question waits for you.').waitFor()));
      // What is routed is not cached.
      await alice.page.unroute('**/approvals/events');
      expect(await unfitIn(alice)).toEqual([]);
      expect(await unfitIn(bob)).toEqual([]);
      const { page } = alice;
      await tabTo(page, 'A', 'job.deploy.apply');
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { name: 'What will run' }).waitFor();
      await bob.page.getByRole('link', { name: 'job.deploy.apply' }).click();
      await bob.page.getByRole('button', { name: 'Approve' }).waitFor();
      await tabTo(page, 'TEXTAREA', 'Comment');
      await page.keyboard.type('looked at it');
      await tabTo(page, 'BUTTON', 'Approve');
      await page.keyboard.press('Enter');
      await page.getByText('Your vote counts: approved. The question is open.').waitFor();
      expect(await page.evaluate(() => (globalThis as any).document.activeElement.textContent)).toBe(
        'job.deploy.apply',
      );
      await bob.page.getByText('looked at it').waitFor();
      expect([await unfitIn(alice), await unfitIn(bob)]).toEqual([[], []]);
      await bob.page.getByRole('button', { name: 'Approve' }).click();
      await bob.page.getByText('The question is granted.').waitFor();
      expect((await waitForEnd(running(), job_id)).state).toBe('succeeded');
      await page.getByText('decided by alice (approve), bob (approve): granted').first().waitFor();
    });

    it('several are voted on together, each for the digest that is listed, and a no may offer something else', async () => {
      const [agreed, refused] = [await hold('2.0.0'), await hold('2.1.0')];
      const digests = await Promise.all(
        [agreed, refused].map(async (id) => (await waitForApproval(running(), id)).digest),
      );
      const { page } = alice;
      await page.getByRole('link', { name: 'Inbox' }).click();
      await page.getByText('2 questions wait for you.').waitFor();
      if (SCREENSHOTS) await shoot(alice, 'inbox', 520);
      for (const box of await page.getByRole('checkbox').all()) await box.check();
      await page.getByRole('button', { name: 'Look at 2 together' }).click();
      await page.getByRole('heading', { name: '2 questions together' }).waitFor();
      expect((await page.locator('.digest').allTextContents()).sort()).toEqual([...digests].sort());
      expect(await unfitIn(alice)).toEqual([]);
      await page.getByLabel('Comment').fill('both');
      await page.getByRole('button', { name: 'Approve these 2' }).click();
      await page.getByText('Your vote counts: approved. The question is open.').nth(1).waitFor();
      await page.getByRole('button', { name: 'Back to the inbox' }).click();
      await page.getByText('Nothing waits for you.').waitFor();
      const { approval_id } = await waitForApproval(running(), refused);
      await bob.page.getByRole('link', { name: 'Inbox' }).click();
      await bob.page.locator(`a[href$="${approval_id}"]`).click();
      await bob.page.getByText('Offer another job instead').first().click();
      await bob.page.getByLabel('What would be otherwise').fill('{"payload":{"replicas":1}}');
      await bob.page.getByLabel('Reason').fill('one is enough');
      expect(await unfitIn(bob)).toEqual([]);
      await bob.page.getByRole('button', { name: 'Offer another job instead' }).click();
      await bob.page.getByText('The job is refused, and the offer made.').waitFor();
      expect((await waitForEnd(running(), refused)).state).toBe('refused');
      const { approval_id: other, digest, votes } = await waitForApproval(running(), agreed);
      expect(votes).toMatchObject([{ voter: 'alice', vote: 'approve', comment: 'both' }]);
      await running().api('approver2', 'POST', `/api/v1/approvals/${other}/approve`, { digest });
      expect((await waitForEnd(running(), agreed)).state).toBe('succeeded');
      if (SCREENSHOTS) await shootTimeline(agreed);
    });

    it('a job is verified in the browser, and not with another key', async () => {
      const { body } = await running().api('agent', 'POST', '/api/v1/jobs', {
        topic: 'job.demo.read',
        prompt: 'status',
      });
      await waitForEnd(running(), body.job_id);
      await waitUntil('a checkpoint covers it', async () => {
        const record = await running().api('auditor', 'GET', `/api/v1/jobs/${body.job_id}/record`);
        return record.body.proof.inclusion !== null;
      });
      const { page } = alice;
      await page.getByRole('link', { name: 'Jobs' }).click();
      await page.locator(`a[href$="${body.job_id}"]`).click();
      await page.getByText('job succeeded, result released').waitFor();
      const verify = async (log_key: string, says: string): Promise<void> => {
        await page.getByLabel('Key of the log').fill(log_key);
        await page.getByRole('button', { name: 'Verify' }).click();
        await page.getByText(says, { exact: true }).waitFor();
      };
      const { LOG_VKEY } = developmentEnv(running().prepared, { url: '', metrics_url: '' });
      await verify(LOG_VKEY!, 'It holds.');
      await verify(
        formatVerifierKey({ name: 'countersign.localhost/log', public_key: new Uint8Array(32) }),
        'It does not hold, or cannot be proven.',
      );
      expect(await unfitIn(alice)).toEqual([]);
    });

    pageCases(running, { admin: () => eve, approver: () => bob });

    it('nothing in any page failed, asked elsewhere or was refused by its policy', () => {
      expect(browser.faults).toEqual([]);
    });
  });
}
