/** The pages beside inbox, question and job, each as somebody uses it who may, and fit for all. */
import { expect, it } from 'vitest';
import { unfitIn, type Visitor } from './open-browser.ts';

/** `admin`: signed in, once the browser is there. */
export function pageCases(admin: () => Visitor): void {
  /** By the menu, as one gets there by hand. */
  const open = async (name: string): Promise<Visitor['page']> => {
    const { page } = admin();
    await page.getByRole('navigation').getByRole('link', { name }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    return page;
  };

  it('stops are set with the target typed twice, and lifted', async () => {
    const page = await open('Stops');
    await page.getByText('Nothing is stopped.').waitFor();
    await page.locator('summary', { hasText: 'Stop' }).click();
    await page.getByLabel('What').selectOption('topic');
    await page.getByLabel('Target:').fill('job.other.*');
    await page.getByLabel('Reason').fill('it loops');
    await page.getByLabel('To confirm').fill('job.other');
    await page.getByRole('button', { name: 'Stop' }).click();
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
}
