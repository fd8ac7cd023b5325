/** Which of the server's views are market data: told by their columns, not by a list. */
import type { ViewInfo } from '../../client/index.js';

const has = (view: ViewInfo, ...names: string[]): boolean => names.every((name) => view.columns.some((c) => c.name === name));

/** One row per symbol with its last price: the view with the most such columns. */
export function quoteView(views: readonly ViewInfo[]): ViewInfo | null {
  const found = views.filter((v) => has(v, 'symbol', 'price', 'open') && v.key.join() === 'symbol' && !v.params.some((p) => p.kind === 'scalar'));
  return found.sort((a, b) => b.columns.length - a.columns.length)[0] ?? null;
}

export interface BarView {
  readonly view: ViewInfo;
  /** `1m` of `ohlc_1m`. */
  readonly width: string;
  /** The column that says when a bar begins. */
  readonly time: string;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const secondsOf = (width: string): number => Number.parseInt(width, 10) * (UNITS[width.at(-1)!] ?? 1);

/** Bars of any widths, the shortest first. */
export function barViews(views: readonly ViewInfo[]): readonly BarView[] {
  const found: BarView[] = [];
  for (const view of views) {
    const width = /^ohlc_(\d+[smhd])$/.exec(view.name)?.[1];
    const time = view.key.find((name) => name !== 'symbol');
    if (width && time && has(view, 'symbol', 'open', 'high', 'low', 'close')) found.push({ view, width, time });
  }
  return found.sort((a, b) => secondsOf(a.width) - secondsOf(b.width));
}
