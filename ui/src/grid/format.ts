/**
 * How a column of a view is shown: title, alignment, width and text, worked out from its declared name and type alone.
 * No view and no column of the domain is known here; what is known is the language of names: a suffix tells the unit.
 */
import type { Column, Value } from '../client/protocol.js';

export type ColumnKind = 'text' | 'integer' | 'real' | 'money' | 'percent' | 'time' | 'date' | 'flag';

export interface ColumnFormat {
  readonly kind: ColumnKind;
  readonly title: string;
  readonly numeric: boolean;
  readonly width: number;
  /** The text of a value. An unknown value (null) is a dash, never a zero. */
  readonly text: (value: Value) => string;
  /** Whether two values show differently; cheaper than comparing their texts. */
  readonly differs: (a: Value, b: Value) => boolean;
}

export const UNKNOWN = '–';

const ACRONYMS: Readonly<Record<string, string>> = {
  sod: 'SOD', nav: 'NAV', usd: 'USD', fx: 'FX', id: 'ID', pid: 'PID', etf: 'ETF', pnl: 'P&L', var: 'VaR', vwap: 'VWAP', ohlc: 'OHLC', mv: 'MV', pct: '%', avg: 'avg', bps: 'bps', nr: 'No.',
};

/** `sod_nav_usd` reads "SOD NAV USD", `account_name` "Account name". */
export function titleOf(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split('_').filter(Boolean);
  const text = words.map((word) => ACRONYMS[word] ?? word).join(' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** 1234567.891 → "1,234,567.89": by hand, since it runs thousands of times a second. */
export function fixed(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : UNKNOWN;
  const digits = Math.abs(value).toFixed(decimals);
  if (digits.includes('e')) return value.toExponential(3);
  const dot = decimals > 0 ? digits.length - decimals - 1 : digits.length;
  let whole = digits.slice(0, dot);
  for (let at = whole.length - 3; at > 0; at -= 3) whole = whole.slice(0, at) + ',' + whole.slice(at);
  const text = whole + digits.slice(dot);
  return value < 0 && /[1-9]/.test(digits) ? '−' + text : text;
}

/** 12345678 → "12.35 M": for headlines and axes, where the order of magnitude counts. */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [unit, name] of [[1e12, 'T'], [1e9, 'B'], [1e6, 'M'], [1e3, 'K']] as const) {
    if (size >= unit) return `${fixed(value / unit, size >= unit * 100 ? 1 : 2)} ${name}`;
  }
  return fixed(value, 2);
}

const two = (n: number): string => (n < 10 ? '0' + n : String(n));

/** A moment in the reader's own time zone, with its date only where that is not today's. */
export function moment(value: Value, now = new Date()): string {
  if (value === null || value === '') return UNKNOWN;
  const date = toDate(value);
  if (!date) return String(value);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const sameDay = date.toDateString() === now.toDateString();
  return sameDay ? time : `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${time}`;
}

/** Milliseconds, seconds or ISO text as a date; null for anything else. */
export function toDate(value: Value): Date | null {
  if (typeof value === 'number') {
    const ms = Math.abs(value) < 1e11 ? value * 1000 : Math.abs(value) > 1e14 ? value / 1000 : value;
    return new Date(ms);
  }
  if (typeof value !== 'string') return null;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? null : new Date(parsed);
}

/** The type of a column whose expression has none in SQLite, judged by some of its values. */
export function typeOf(column: Column, sample: readonly Value[]): string {
  if (column.type !== '' && column.type !== 'NUMERIC') return column.type.toUpperCase();
  const known = sample.filter((value) => value !== null && value !== undefined);
  if (known.length === 0) return '';
  if (known.every((value) => Number.isInteger(value))) return 'INTEGER';
  return known.every((value) => typeof value === 'number') ? 'REAL' : 'TEXT';
}

/** Of two moments. Milliseconds, which nearly all are, need no calendar. */
function differentSecond(a: Value, b: Value): boolean {
  if (typeof a === 'number' && typeof b === 'number' && a > 1e11 && b > 1e11) return Math.floor(a / 1000) !== Math.floor(b / 1000);
  return moment(a) !== moment(b);
}

function kindOf(column: Column, type: string): ColumnKind {
  const name = column.name.toLowerCase();
  if (/(^|_)(timestamp|time|last_updated|last_trade|at|since|window_start|window_end|now)$/.test(name) && type !== 'REAL') return 'time';
  if (/(^|_)date$/.test(name)) return 'date';
  if (/(^|_)(quality|quality_flag|flag|status_flag|severity)$/.test(name) && type !== 'REAL') return 'flag';
  if (type === 'TEXT' || type === 'BLOB') return 'text';
  if (/(^|_)(weight|return|pct|percent|ratio|volatility|allocation|selection|interaction|active|contribution|share|largest|tracking_error)$/.test(name) || /_(weight|return|pct|percent)_/.test(name)) return 'percent';
  if (/(^|_)(usd|nav|pnl)$/.test(name) && !/price|rate|unit/.test(name)) return 'money';
  if (type === 'INTEGER') return 'integer';
  if (type === 'REAL' || type === 'NUMERIC') return 'real';
  return 'text';
}

const DECIMALS: Readonly<Partial<Record<ColumnKind, number>>> = { integer: 0, real: 4, money: 0, percent: 2 };
const WIDTHS: Readonly<Record<ColumnKind, number>> = {
  text: 110, integer: 90, real: 100, money: 110, percent: 90, time: 90, date: 95, flag: 100,
};

/** Identifiers are numbers that are not counted: no thousands, no arrow. */
const isIdentifier = (name: string): boolean => /(^|_)id$/.test(name);

/** `sample`: values of the column, for those that SQLite gives no type. */
export function formatOf(column: Column, cents = false, sample: readonly Value[] = []): ColumnFormat {
  const kind = kindOf(column, typeOf(column, sample));
  const title = titleOf(column.name);
  const numeric = kind === 'integer' || kind === 'real' || kind === 'money' || kind === 'percent';
  if (!numeric || isIdentifier(column.name)) {
    const text =
      kind === 'time' ? (value: Value) => moment(value) : (value: Value) => (value === null ? UNKNOWN : String(value));
    return {
      kind: numeric ? 'text' : kind,
      title,
      numeric: false,
      width: Math.max(WIDTHS[kind], title.length * 7.4 + 52),
      text,
      differs: kind === 'time' ? differentSecond : (a, b) => a !== b,
    };
  }
  const price = kind === 'real' && /(price|open|high|low|close|last|bid|ask|vwap|change$)/.test(column.name);
  const decimals = kind === 'money' && cents ? 2 : price ? 2 : (DECIMALS[kind] ?? 2);
  const factor = kind === 'percent' ? 100 : 1;
  const scale = 10 ** decimals * factor;
  return {
    kind,
    title: kind === 'percent' && !title.includes('%') ? `${title} %` : title,
    numeric: true,
    width: Math.max(WIDTHS[kind], title.length * 7.4 + 52),
    text: (value) =>
      typeof value === 'number' ? fixed(value * factor, decimals) : value === null ? UNKNOWN : String(value),
    differs: (a, b) =>
      typeof a === 'number' && typeof b === 'number' ? Math.round(a * scale) !== Math.round(b * scale) : a !== b,
  };
}
