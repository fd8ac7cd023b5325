import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FADE_MS, FLASH_MS, FlashBook } from '../../src/grid/flash.js';
import { compact, fixed, formatOf, moment, titleOf } from '../../src/grid/format.js';
import { sum } from '../../src/grid/totals.js';
import type { Row } from '../../src/client/rows.js';

const row = (uid: number, ...values: Row['values']): Row => ({ uid, id: uid, values });

describe('the book of flashes', () => {
  let ended: string[];
  let faded: string[];
  let book: FlashBook;
  const a = row(1);
  const b = row(2);

  beforeEach(() => {
    vi.useFakeTimers();
    ended = [];
    faded = [];
    book = new FlashBook(
      (r, c) => faded.push(`${r.uid}.${c}`),
      (r, c) => ended.push(`${r.uid}.${c}`),
      () => Date.now(),
    );
  });
  afterEach(() => vi.useRealTimers());

  it('ends a flash after its time, and fades it before', () => {
    book.mark(a, 0, 'up');
    vi.advanceTimersByTime(FLASH_MS - FADE_MS - 1);
    expect(faded).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(faded).toEqual(['1.0']);
    vi.advanceTimersByTime(FADE_MS - 1);
    expect(book.of(a, 0)).toEqual({ direction: 'up', leftMs: 1 });
    vi.advanceTimersByTime(1);
    expect(ended).toEqual(['1.0']);
    expect(book.of(a, 0)).toBeNull();
    expect(book.size).toBe(0);
  });

  it('a second change starts the time anew, and turns the arrow', () => {
    book.mark(a, 0, 'up');
    vi.advanceTimersByTime(1500);
    book.mark(a, 0, 'down');
    vi.advanceTimersByTime(1000);
    expect(ended).toEqual([]);
    expect(book.of(a, 0)).toEqual({ direction: 'down', leftMs: 1000 });
    vi.advanceTimersByTime(1000);
    expect(ended).toEqual(['1.0']);
    expect(faded).toEqual(['1.0']);
  });

  it('tells the rest of the time to a cell that comes into sight', () => {
    book.mark(b, 3, 'changed');
    vi.advanceTimersByTime(600);
    expect(book.of(b, 3)?.leftMs).toBe(FLASH_MS - 600);
    expect(book.of(b, 2)).toBeNull();
  });

  it('holds nothing of what is over', () => {
    for (let i = 0; i < 1000; i++) {
      book.mark(row(i), 0, 'up');
      vi.advanceTimersByTime(10);
    }
    expect(book.size).toBeLessThanOrEqual(FLASH_MS / 10 + 1);
    vi.advanceTimersByTime(FLASH_MS);
    expect(book.size).toBe(0);
    expect(ended.length).toBe(1000);
  });
});

describe('how a column is shown', () => {
  it.each([
    [0, 0, '0'], [999, 0, '999'], [1000, 0, '1,000'], [-1234567.891, 2, '−1,234,567.89'], [-0.001, 2, '0.00'], [1e21, 2, '1.000e+21'], [Infinity, 0, '∞'], [123456, 0, '123,456'],
  ])('fixed(%d, %d) is %s', (value, decimals, text) => expect(fixed(value, decimals)).toBe(text));

  it('compact keeps three or four digits', () => {
    expect([1234, 12_345_678, 1.95e9, -5e12].map(compact)).toEqual(['1.23 K', '12.35 M', '1.95 B', '−5.00 T']);
  });

  it('reads names as people do', () => {
    expect(['sod_nav_usd', 'account_name', 'pid', 'lastUpdated'].map(titleOf)).toEqual(['SOD NAV USD', 'Account name', 'PID', 'Last updated']);
  });

  it('takes the unit from the name', () => {
    const kind = (name: string, type: string): string => formatOf({ name, type }).kind;
    expect(kind('sod_nav_usd', 'REAL')).toBe('money');
    expect(kind('price_usd', 'REAL')).toBe('real');
    expect(kind('change_pct', 'REAL')).toBe('percent');
    expect(kind('price_timestamp', 'INTEGER')).toBe('time');
    expect(kind('quality', 'TEXT')).toBe('flag');
    expect(kind('holdings', 'INTEGER')).toBe('integer');
    expect(kind('sector', 'TEXT')).toBe('text');
  });

  it('an unknown value is a dash, not a zero', () => {
    expect(formatOf({ name: 'sod_nav_usd', type: 'REAL' }).text(null)).toBe('–');
  });

  it('a change that does not show is none', () => {
    const money = formatOf({ name: 'sod_nav_usd', type: 'REAL' });
    expect(money.differs(100.2, 100.4)).toBe(false);
    expect(money.differs(100.4, 100.6)).toBe(true);
    expect(money.differs(null, 0)).toBe(true);
    expect(formatOf({ name: 'sod_nav_usd', type: 'REAL' }, true).differs(100.2, 100.4)).toBe(true);
  });

  it('a moment has its date when that is not today', () => {
    const now = new Date(2026, 4, 5, 12, 0, 0);
    expect(moment(new Date(2026, 4, 5, 9, 8, 7).getTime(), now)).toBe('09:08:07');
    expect(moment(new Date(2026, 4, 4, 9, 8, 7).toISOString(), now)).toBe('2026-05-04 09:08:07');
    expect(moment(null, now)).toBe('–');
  });
});

describe('totals', () => {
  it('adds up what is known, and does not lose small amounts', () => {
    expect(sum([row(1, 1e16), row(2, 1), row(3, null), row(4, -1e16)], 0)).toBe(1);
    expect(sum([row(1, null)], 0)).toBeNull();
  });
});
