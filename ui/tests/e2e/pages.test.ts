/** Every other page: what it is for works, by keyboard too, and axe finds nothing in either theme. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DIST, axe, launch, listen, until, type Complaints } from '../support/browser.js';
import { Market } from '../support/fake-data.js';
import { FakeServer } from '../support/fake-server.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

describe('the pages', () => {
  let server: FakeServer;
  let context: BrowserContext;
  let page: Page;
  let complaints: Complaints;
  let url: string;

  beforeEach(async () => {
    server = new FakeServer({ dist: DIST, market: new Market(4, 60) });
    url = await server.start();
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, colorScheme: 'dark' });
    page = await context.newPage();
    page.setDefaultTimeout(8000);
    complaints = listen(page, url);
  });
  afterEach(async () => {
    await context.close();
    await server.stop();
    // A refused draft answers 400: the browser says so, and that is what is tested.
    expect(complaints.list).toEqual([]);
  });

  const open = async (hash: string, ready: string): Promise<void> => {
    await page.goto(`${url}/${hash}`);
    await page.waitForSelector(ready);
  };
  const READY: Readonly<Record<string, string>> = {
    '#/market': '.card .spark path',
    '#/market/ABW': '.chart canvas',
    '#/alerts': '.alerts',
    '#/sql': '.cm-content',
    '#/system': '.tile b',
    '#/views': 'tbody tr',
    '#/activity': '.log .line',
  };

  for (const [hash, ready] of Object.entries(READY)) {
    it(`${hash}: nothing that axe complains about`, async () => {
      for (const theme of ['dark', 'light']) {
        await open(`?${theme}${hash}?theme=${theme}`, ready); // the part before # loads the page anew
        expect(await axe(page), theme).toEqual([]);
      }
      await page.setViewportSize({ width: 360, height: 740 });
      expect(await axe(page), 'narrow').toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no scrolling to the side').toBe(true);
    });
  }

  it('goes from page to page by keys, and lists them', async () => {
    await open('#/system', READY['#/system']!);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    expect(await page.locator('dialog[open]').textContent()).toContain('Go to Market');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog[open]', { state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForSelector('.card');
    expect(await page.locator('.nav [aria-current="page"]').textContent()).toBe('Market');
  });

  it('a row of the market opens its candles, which go on', async () => {
    await open('#/market', '.ag-grid-scrolling-container .ag-row .cell');
    await page.keyboard.press('e');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.chart canvas');
    expect(await page.evaluate('location.hash')).toMatch(/^#\/market\/[A-Z]{3}$/);
    await page.waitForSelector('.ag-grid-scrolling-container .cell.lit');
  });

  it('shows where a draft is wrong, and publishes what is right', async () => {
    await open('#/sql', '.cm-content');
    await page.getByRole('button', { name: '+ view' }).click();
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT *\n  FRM account');
    await page.waitForSelector('.cm-lintRange-error');
    expect(await page.locator('.cm-lintRange-error').textContent()).toBe('FRM');
    expect(await page.getByRole('button', { name: 'Publish' }).isDisabled()).toBe(true);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT *\n  FROM account');
    await page.waitForSelector('.plan');
    await page.waitForSelector('.grid-frame .cell');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Published.').waitFor();
    await page.reload();
    await page.waitForSelector('.cm-content');
    expect(await page.locator('.cm-content').textContent(), 'what was written is kept').toContain('FROM account');
  });

  it('does not publish over somebody else’s version', async () => {
    await open('#/sql', '.schema details');
    await page.locator('.schema summary', { hasText: 'latest_quote' }).click();
    await page.locator('.schema details[open]').getByRole('button', { name: 'edit' }).click();
    await until(page, 'document.querySelector(".cm-content")?.textContent.includes("latest_quote")');
    const { definition, etag } = (await (await fetch(`${url}/api/v1/views/latest_quote`)).json()) as { definition: string; etag: string };
    await fetch(`${url}/api/v1/views/latest_quote`, { method: 'PUT', headers: { 'If-Match': `"${etag}"` }, body: JSON.stringify({ definition: definition + '-- theirs' }) });
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('-- ours');
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.getByText('Somebody published another version meanwhile.').waitFor();
  });

  it('runs a query, and shows its rows', async () => {
    await open('#/sql', '.cm-content');
    await page.locator('.cm-content').click();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('SELECT * FROM account');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('.grid-frame .cell');
    expect(await page.locator('[role="status"]', { hasText: 'rows' }).first().textContent()).toMatch(/^4 rows in \d+ ms, complete for version/);
  });

  it('an alarm that was acknowledged stays so over a reload', async () => {
    server.tick((market) => {
      for (const instrument of market.instruments.slice(0, 5)) if (instrument.price !== null) instrument.price *= 1.5;
    });
    await open('#/alerts', '.alerts tbody tr');
    const button = page.getByRole('button', { name: /^Acknowledge: / }).first();
    const subject = ((await button.getAttribute('aria-label')) ?? '').replace('Acknowledge: ', '');
    await button.click();
    await page.getByRole('button', { name: `Take back: ${subject}` }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: `Take back: ${subject}` }).waitFor();
  });
});
