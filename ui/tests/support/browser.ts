/** Debian's Chromium by playwright-core, and what the tests of the page ask of it. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type Page } from 'playwright-core';

export const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

export async function launch(): Promise<Browser> {
  if (!existsSync(DIST)) throw new Error('ui/dist is not there: build the page first (npm run build)');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page must not do: break, complain, or ask anybody but its server. */
export interface Complaints {
  readonly list: string[];
}

export function listen(page: Page, base: string): Complaints {
  const list: string[] = [];
  page.on('pageerror', (error) => list.push(`broke: ${error.message}`));
  page.on('console', (message) => {
    const lost = /WebSocket connection|ERR_CONNECTION|net::ERR|Failed to load resource/.test(message.text());
    if (message.type() === 'error' && !lost) list.push(`said: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(base) && !/^(data|blob):/.test(url)) list.push(`asked ${url}`);
  });
  return { list };
}

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Violations of WCAG 2.2 A and AA, one line each. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axeFile, 'utf8'));
  return page.evaluate(async () => {
    interface Found {
      violations: { id: string; help: string; nodes: { target: unknown; failureSummary?: string }[] }[];
    }
    const run = (window as unknown as { axe: { run: (root: Document, options: unknown) => Promise<Found> } }).axe.run;
    const { violations } = await run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return violations.map((v) => `${v.id}: ${v.help} (${v.nodes.length}×, ${JSON.stringify(v.nodes[0]?.target)}) ${v.nodes[0]?.failureSummary ?? ''}`);
  });
}

const DEADLINE_MS = 10_000;

/** Until the expression holds in the page. (Playwright's own waitForFunction evaluates inside the page, which its policy forbids.) */
export async function until(page: Page, expression: string): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await page.evaluate(expression))) {
    if (Date.now() > end) throw new Error(`waited ${DEADLINE_MS} ms in vain for ${expression}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
