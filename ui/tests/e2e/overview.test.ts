/** The account overview in a real browser: what lights, for how long, and that every control works by keyboard alone. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatOf } from '../../src/grid/format.js';
import { axe, launch, listen, until, DIST, type Complaints } from '../support/browser.js';
import { Market } from '../support/fake-data.js';
import { FakeServer } from '../support/fake-server.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

/** Notes in the page when each cell is lit and when it goes dark. */
const WATCH = `
  window.lights = [];
  const since = new Map();
  const name = (cell) => {
    const outer = cell.closest('.ag-cell');
    const row = cell.closest('.ag-row');
    return row.getAttribute('row-id') + '/' + outer.getAttribute('col-id') + (row.className.includes('pinned') ? '/total' : '');
  };
  const look = (cell) => {
    if (!(cell instanceof Element) || !cell.classList.contains('cell')) return;
    const lit = cell.classList.contains('lit');
    if (lit && !since.has(cell)) since.set(cell, { name: name(cell), on: performance.now(), up: cell.classList.contains('up'), down: cell.classList.contains('down') });
    if (!lit && since.has(cell)) {
      window.lights.push({ ...since.get(cell), off: performance.now() });
      since.delete(cell);
    }
  };
  new MutationObserver((records) => {
    for (const record of records) {
      if (record.type === 'attributes') look(record.target);
      for (const node of record.addedNodes) if (node instanceof Element) node.querySelectorAll('.cell').forEach(look);
    }
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
`;
interface Light {
  readonly name: string;
  readonly on: number;
  readonly off: number;
  readonly up: boolean;
  readonly down: boolean;
}

describe('the account overview', () => {
  let server: FakeServer;
  let context: BrowserContext;
  let page: Page;
  let complaints: Complaints;
  let url: string;

  beforeEach(async () => {
    server = new FakeServer({ tick_ms: 0, dist: DIST, market: new Market(6, 60) });
    url = await server.start();
    context = await browser.newContext({ viewport: { width: 1280, height: 720 }, colorScheme: 'dark' });
    page = await context.newPage();
    page.setDefaultTimeout(8000);
    complaints = listen(page, url);
  });
  afterEach(async () => {
    await context.close();
    await server.stop();
    expect(complaints.list).toEqual([]);
  });

  async function open(hash = '', to: Page = page): Promise<void> {
    await to.goto(`${url}/${hash}`);
    await to.waitForSelector('.ag-grid-scrolling-container .ag-row .cell');
    await to.waitForSelector('.grid-frame[data-phase="live"]');
  }
  const lights = async (): Promise<Light[]> => page.evaluate('window.lights');
  const untilDark = async (): Promise<void> => {
    await until(page, 'document.querySelectorAll(".cell.lit").length === 0');
  };
  const query = async (): Promise<string> => page.evaluate('location.hash');
  const text = (selector: string): Promise<string | null> => page.locator(selector).first().textContent();

  it('shows the rows that REST gives', async () => {
    await open('#/view/account_overview?group_by=sector');
    const rest = (await (await fetch(`${url}/api/v1/views/account_overview/rows?group_by=sector`)).json()) as { rows: (string | number)[][]; columns: { name: string; type: string }[] };
    const formats = rest.columns.map((c) => formatOf(c));
    const shown: string[] = await page.evaluate(() => {
      const rows = new Map<string, string[]>();
      document.querySelectorAll('.ag-row:not(.ag-row-pinned) .ag-cell').forEach((cell) => {
        if (cell.closest('.ag-row-pinned')) return;
        const id = cell.closest('.ag-row')!.getAttribute('row-id')!;
        rows.set(id, [...(rows.get(id) ?? []), `${cell.getAttribute('col-id')}=${cell.textContent}`]);
      });
      return [...rows.values()].map((cells) => cells.sort().join('; ')).sort();
    });
    const expected = rest.rows.map((row) => row.map((value, i) => `${rest.columns[i]!.name}=${formats[i]!.text(value)}`).sort().join('; ')).sort();
    expect(shown).toEqual(expected);
  });

  it('lights exactly the cells of the delta whose text changed, for two seconds', async () => {
    await open('#/view/account_overview?group_by=sector');
    await page.evaluate(WATCH);
    const before = new Map(server.market.instruments.map((i) => [i.sector, 0]));
    server.tick((market) => {
      const moved = market.instruments.filter((i) => i.sector === 'Energy' && i.price !== null);
      for (const instrument of moved) instrument.price! += 5;
    });
    expect(before.size).toBe(7);
    await page.waitForSelector('.cell.lit.up, .cell.lit.down');
    await untilDark();
    const lit = (await lights()).filter((l) => !l.name.endsWith('/total'));
    const delta = server.sent.at(-1)!;
    expect(lit.length).toBe(delta.set.length);
    expect(new Set(lit.map((l) => l.name.split('/')[1]))).toEqual(new Set(['sod_nav_usd', 'current_nav_usd', 'expected_nav_usd']));
    expect(new Set(lit.map((l) => l.name.split('/')[0])).size, 'one row').toBe(1);
    const durations = lit.map((l) => l.off - l.on).sort((a, b) => a - b);
    expect(durations[Math.floor(durations.length / 2)]).toBeGreaterThan(1900);
    expect(durations[Math.floor(durations.length / 2)]).toBeLessThan(2100);
    expect(lit.every((l) => l.up !== l.down), 'the way it went is told by more than colour').toBe(true);
  });

  it('does not light what shows the same', async () => {
    await open('#/view/account_overview?group_by=sector');
    await page.evaluate(WATCH);
    server.tick((market) => {
      const one = market.holdings.find((h) => h.instrument.price !== null && h.instrument.sector === 'Energy')!;
      one.instrument.price! += 0.001 / Math.abs(one.position || 1);
      const other = market.instruments.find((i) => i.sector === 'Utilities' && i.price !== null)!;
      other.price! += 50;
    });
    await page.waitForSelector('.cell.lit');
    await untilDark();
    const rows = new Set((await lights()).filter((l) => !l.name.endsWith('/total')).map((l) => l.name.split('/')[0]));
    expect(server.sent.at(-1)!.set.length, 'the delta has both').toBeGreaterThan(3);
    expect(rows.size).toBe(1);
  });

  it('lights a cell that changed out of sight when it is scrolled into sight, for the rest of its time', async () => {
    await open();
    await page.evaluate(WATCH);
    server.tick((market) => {
      for (const instrument of market.instruments) if (instrument.price !== null) instrument.price += 1;
    });
    await page.waitForSelector('.cell.lit');
    const started: number = await page.evaluate('performance.now()');
    await page.evaluate(() => document.querySelector('.ag-grid-viewport')!.scrollTo({ top: 100_000 }));
    await until(page, `[...document.querySelectorAll('.ag-grid-scrolling-container .ag-row')].some((row) => row.getAttribute('row-index') > 100 && row.querySelector('.cell.lit'))`);
    await untilDark();
    const ended: number = await page.evaluate('performance.now()');
    expect(ended - started).toBeLessThan(2300);
  });

  it('does not fade where less motion is asked for', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await open('#/view/account_overview?group_by=sector');
    server.tick((market) => {
      for (const instrument of market.instruments) if (instrument.price !== null) instrument.price += 5;
    });
    await page.waitForSelector('.cell.lit');
    const first: string = await page.evaluate('getComputedStyle(document.querySelector(".cell.lit")).backgroundColor');
    await page.waitForSelector('.cell.lit.fading');
    const fading: string = await page.evaluate('getComputedStyle(document.querySelector(".cell.lit.fading")).backgroundColor');
    expect(fading).toBe(first);
    expect(first).toBe('rgb(18, 100, 58)');
  });

  it('all three controls work by keyboard, and stand in the address', async () => {
    await open();
    await page.keyboard.press('a');
    await page.keyboard.type('quality');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Escape');
    await until(page, 'location.hash.includes("accounts=ACC003")');

    await page.locator('.chip button').nth(2).focus();
    await page.keyboard.press('Shift+ArrowLeft');
    await until(page, 'location.hash.includes("group_by=instrument_name,account_name")');
    expect(await page.evaluate('document.activeElement.dataset.name'), 'the focus goes along').toBe('instrument_name');
    await page.keyboard.press('ArrowRight');
    await until(page, 'document.activeElement.dataset.name === "account_name"');
    await page.keyboard.press('Delete');
    await until(page, '!location.hash.includes("account_name")');
    await until(page, 'document.querySelectorAll(".ag-header-cell[col-id=account_name]").length === 0');

    await page.getByRole('button', { name: 'Expected', exact: true }).focus();
    await page.keyboard.press('Space');
    await until(page, 'location.hash.includes("exposures=sod,current")');
    await until(page, 'document.querySelectorAll("[col-id=expected_nav_usd]").length === 0');
    await until(page, `!document.querySelector('.headline').textContent.includes('Expected')`);
  });

  it('a link opens what it was made from', async () => {
    await open('#/view/account_overview?accounts=ACC001,ACC002&group_by=currency,sector&exposures=current&sort=-current_nav_usd&hide=quality&find=usd&rate=1000&theme=light');
    expect(await text('.control[aria-label="Accounts"] button')).toContain('Momentum');
    expect(await page.locator('.chip').allTextContents()).toEqual(['1 Currency×', '2 Sector×']);
    expect(await page.locator('[aria-label="Exposures"] button[aria-pressed="true"]').allTextContents()).toEqual(['Current']);
    expect(await page.locator('[role="radio"][aria-checked="true"]').first().textContent()).toBe('1 s');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    expect(await page.locator('.ag-header-cell[col-id="quality"]').count()).toBe(0);
    await page.waitForSelector('.ag-header-cell[col-id="current_nav_usd"][aria-sort="descending"]');
    const currencies = new Set(await page.locator('.ag-row:not(.ag-row-pinned) [col-id="currency"] .cell').allTextContents());
    expect([...currencies].filter((c) => c !== '' && !c.startsWith('Total'))).toEqual(['USD']);
    const first = await query();
    await page.reload();
    await page.waitForSelector('.ag-header-cell[col-id="current_nav_usd"][aria-sort="descending"]');
    expect(await query()).toBe(first);
  });

  it('tells when the server is gone, keeps the rows, and goes on without lighting what is the same', async () => {
    await open('#/view/account_overview?group_by=sector');
    await page.waitForSelector('.pill.live');
    const rows = await page.locator('.ag-grid-scrolling-container .ag-row').count();
    const port = Number(new URL(url).port);
    const { market } = server;
    await server.stop();
    await page.waitForSelector('.pill.bad');
    expect(await text('.pill.bad')).toMatch(/Stale since \d\d:\d\d:\d\d/);
    expect(await page.locator('.ag-grid-scrolling-container .ag-row').count()).toBe(rows);
    await page.evaluate(WATCH);
    server = new FakeServer({ tick_ms: 0, dist: DIST, market, port });
    server.epoch = 'e9';
    await server.start();
    await page.waitForSelector('.pill.live', { timeout: 15_000 });
    await page.waitForSelector('.grid-frame[data-phase="live"]');
    expect(await page.locator('.cell.lit').count()).toBe(0);
    expect(await lights()).toEqual([]);
  });

  it('pauses and goes on by the space bar', async () => {
    await open('#/view/account_overview?group_by=sector');
    await page.keyboard.press('Space');
    await page.waitForSelector('.grid-frame[data-phase="paused"]');
    expect(await text('.pill')).toContain('Paused');
    const before = await text('.ag-grid-scrolling-container [col-id="sod_nav_usd"]');
    const turn = (market: Market): void => {
      for (const instrument of market.instruments) if (instrument.price !== null) instrument.price += 5;
    };
    server.tick(turn);
    await page.keyboard.press('Space');
    await until(page, `document.querySelector('.ag-grid-scrolling-container [col-id="sod_nav_usd"]').textContent !== ${JSON.stringify(before)}`);
  });

  it('opens what is behind a row by keyboard, live, and comes back', async () => {
    await open('#/view/account_overview?group_by=sector');
    await page.keyboard.press('e');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.drawer .ag-grid-scrolling-container .ag-row .cell');
    const sector = await text('.drawer h2');
    const { filter, view } = server.subscribes.at(-1)!;
    expect([view, filter]).toEqual(['enriched_holdings', `"sector" IS '${sector}'`]);
    server.tick((market) => {
      for (const instrument of market.instruments) if (instrument.price !== null) instrument.price += 1;
    });
    await page.waitForSelector('.drawer .cell.lit');
    await page.locator('.drawer').press('Escape');
    await page.waitForSelector('.drawer', { state: 'detached' });
  });

  for (const width of [1280, 768, 360]) {
    for (const theme of ['dark', 'light']) {
      it(`has nothing that axe complains about, ${theme}, ${width} px`, async () => {
        await page.setViewportSize({ width, height: 800 });
        await open(`#/view/account_overview?theme=${theme}`);
        server.tick();
        expect(await axe(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'no scrolling to the side').toBe(true);
        await page.locator('[data-key="first-control"] button').click();
        expect(await axe(page)).toEqual([]);
      });
    }
  }
});
