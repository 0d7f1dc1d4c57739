/**
 * A browser of the test's own: Debian's Chromium, one process for all, a context for each person. What a page does that it should
 * not (an error, a request to somewhere else, what the policy of the page refused) is kept and asked for at the end.
 */
import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Null where there is none; CHROMIUM names another place. */
export function findChromium(): string | null {
  const { CHROMIUM } = process.env;
  return [...(CHROMIUM === undefined ? [] : [CHROMIUM]), ...PLACES].find((path) => existsSync(path)) ?? null;
}

export const NO_BROWSER = 'no Chromium: `apt-get install chromium`, or CHROMIUM=/path';

export type Visitor = { page: Page; context: BrowserContext };
export type TestBrowser = AsyncDisposable & {
  /** Signed in by key, as one does it by hand. */
  signIn(
    key: string,
    more?: Parameters<Browser['newContext']>[0],
    before?: (page: Page) => Promise<unknown>,
  ): Promise<Visitor>;
  /** What went wrong in any page so far. */
  faults: string[];
};

/** Nothing is drawn that nobody looks at, and one process shows the pages of all. */
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-software-rasterizer', '--renderer-process-limit=1'];

export async function openBrowser(url: string): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: findChromium()!, args: FLAGS });
  const faults: string[] = [];
  const watch = (page: Page): void => {
    page.on('pageerror', (error) => faults.push(`${page.url()} ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Trusted/i.test(message.text())) faults.push(message.text());
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) faults.push(`asked ${request.url()}`);
    });
  };
  return {
    faults,
    async signIn(key, more = {}, before = async () => undefined) {
      const context = await browser.newContext({ baseURL: url, reducedMotion: 'reduce', ...more });
      // Each wait is for a condition; on a busy machine it may take its time.
      context.setDefaultTimeout(60_000);
      context.on('page', watch);
      const page = await context.newPage();
      await before(page);
      await page.goto('/console/sign-in');
      await page.getByLabel('API key').fill(key);
      await page.getByRole('button', { name: 'Sign in' }).click();
      return { page, context };
    },
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

/** Folder of the README's pictures, when they are to be made anew. */
export const { SCREENSHOTS } = process.env;

/** The window as it stands, so many pixels high. */
export async function shoot({ page }: Visitor, name: string, height: number): Promise<void> {
  await page.setViewportSize({ width: 900, height });
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

/** What axe-core finds of WCAG 2.2 AA, by rule and place; and whether the page is wider than its window. */
export async function unfitIn({ page }: Visitor): Promise<string[]> {
  // Once for each document; a page that the console changes to is none of its own.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const found = await page.evaluate(async (tags) => {
    const { violations } = await (globalThis as any).axe.run({ runOnly: tags });
    return violations.map(({ id, nodes }: any) => `${id}: ${nodes.map(({ html }: any) => html).join(' ')}`);
  }, RULES);
  const wide = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = (globalThis as any).document.documentElement;
    return scrollWidth > clientWidth ? [`${scrollWidth} px in ${clientWidth}`] : [];
  });
  return [...found, ...wide];
}

/** By keyboard: on until what has the focus is called so. */
export async function tabTo(page: Page, tag: string, name: string): Promise<void> {
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const text = await page.evaluate(() => {
      const element = (globalThis as any).document.activeElement;
      return `${element.tagName} ${element.textContent} ${element.labels?.[0]?.textContent ?? ''}`;
    });
    if (text.startsWith(tag) && text.includes(name)) return;
  }
  throw new Error(`no way by keyboard to ${name}`);
}
