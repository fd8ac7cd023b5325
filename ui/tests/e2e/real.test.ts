/** Against a running server: VIEWSERVER_URL=http://127.0.0.1:8080 npm run e2e. Its data move by themselves. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axe, launch, listen, until, type Complaints } from '../support/browser.js';

const base = process.env.VIEWSERVER_URL?.replace(/\/$/, '') ?? '';

describe.skipIf(base === '')('the page of a running server', () => {
  let browser: Browser;
  let page: Page;
  let complaints: Complaints;
  beforeAll(async () => {
    browser = await launch();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20_000);
    complaints = listen(page, base);
  });
  afterAll(async () => {
    await browser?.close();
  });

  it('shows the groups that REST gives, and lights what changes', async () => {
    await page.goto(`${base}/#/view/account_overview?group_by=currency`);
    await page.waitForSelector('.grid-frame[data-phase="live"]');
    await page.waitForSelector('.cell.lit');
    const rest = (await (await fetch(`${base}/api/v1/views/account_overview/rows?group_by=currency`)).json()) as { rows: (string | null)[][] };
    const shown = await page.locator('.ag-row:not(.ag-row-pinned) [col-id="currency"] .cell').allTextContents();
    expect(shown.sort()).toEqual(rest.rows.map((row) => row[0] ?? '–').sort());
  });

  it('has every page, and none of them breaks or asks elsewhere', async () => {
    const links = await page.locator('.nav a').evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).hash));
    expect(links.length).toBeGreaterThan(5);
    for (const hash of links) {
      await page.goto(`${base}/${hash}`);
      await page.waitForSelector('h1');
      await until(page, '!document.querySelector(".inner")?.textContent.includes("Loading the page")');
      expect(await axe(page), hash).toEqual([]);
    }
    expect(complaints.list).toEqual([]);
  });

  it('opens every view that clients group', async () => {
    const views = (await (await fetch(`${base}/api/v1/views`)).json()) as { name: string; group_by: unknown }[];
    for (const { name } of views.filter((v) => v.group_by !== null)) {
      await page.goto(`${base}/#/view/${name}`);
      await page.waitForSelector('.grid-frame[data-phase="live"]', { timeout: 60_000 });
      expect(await page.locator('.notice.error').count(), name).toBe(0);
    }
    expect(complaints.list).toEqual([]);
  }, 300_000);
});
