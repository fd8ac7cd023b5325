/** The views of the fake server, each computed whole from the market; the server finds the differences. */
import type { Column, Value } from '../../src/client/index.js';
import type { Holding, Market } from './fake-data.js';

export interface FakeSelection {
  readonly params: Readonly<Record<string, unknown>>;
  readonly group_by: readonly string[];
  readonly filter: string | null;
}
export interface Table {
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}
export interface FakeView {
  readonly info: Record<string, unknown>;
  readonly compute: (market: Market, selection: FakeSelection) => Table;
}

export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
    readonly allowed?: readonly string[],
  ) {
    super(message);
  }
}

const text = (name: string): Column => ({ name, type: 'TEXT' });
const real = (name: string): Column => ({ name, type: 'REAL' });
const integer = (name: string): Column => ({ name, type: 'INTEGER' });

const DIMENSIONS: Readonly<Record<string, (h: Holding) => string>> = {
  account_name: (h) => h.account.name,
  instrument_name: (h) => h.instrument.symbol,
  sector: (h) => h.instrument.sector,
  currency: (h) => h.instrument.currency,
};
const EXPOSURES: Readonly<Record<string, (h: Holding) => number | null>> = {
  sod: (h) => value(h, h.position),
  current: (h) => value(h, h.position + h.filled),
  expected: (h) => value(h, h.position + h.ordered),
};
const value = (h: Holding, quantity: number): number | null => (h.instrument.price === null ? null : h.instrument.price * quantity);

function overview(market: Market, { params, group_by }: FakeSelection): Table {
  const dimensions = group_by.length > 0 ? group_by : ['account_name', 'instrument_name'];
  for (const name of dimensions) {
    if (!DIMENSIONS[name]) throw new Refused('invalid', `'${name}' is not a dimension of account_overview`, undefined, Object.keys(DIMENSIONS));
  }
  const accounts = params.accounts as string[] | undefined;
  const exposures = (params.exposures as string[] | undefined) ?? Object.keys(EXPOSURES);
  const groups = new Map<string, { values: Value[]; sums: (number | null)[]; time: number; missing: number }>();
  for (const holding of market.holdings) {
    if (accounts && !accounts.includes(holding.account.id)) continue;
    const values = dimensions.map((d) => DIMENSIONS[d]!(holding));
    const name = values.join('\u0000');
    let group = groups.get(name);
    if (!group) groups.set(name, (group = { values, sums: exposures.map(() => null), time: 0, missing: 0 }));
    exposures.forEach((exposure, i) => {
      const worth = EXPOSURES[exposure]!(holding);
      if (worth !== null) group.sums[i] = (group.sums[i] ?? 0) + worth;
    });
    group.time = Math.max(group.time, holding.instrument.time);
    if (holding.instrument.price === null) group.missing++;
  }
  return {
    columns: [...dimensions.map(text), ...exposures.map((e) => real(`${e}_nav_usd`)), integer('last_updated'), integer('price_timestamp'), text('quality')],
    key: dimensions,
    rows: [...groups.values()].map((g) => [...g.values, ...g.sums, g.time, g.time, g.missing > 0 ? 'no price' : 'ok']),
  };
}

const HOLDING_COLUMNS: readonly Column[] = [
  text('account_id'), text('account_name'), integer('instrument_id'), text('instrument_name'), text('sector'), text('currency'),
  real('position'), real('price'), real('value_usd'),
];

/** Understands `"column" IS 'text'` and `"column" IN ('a', 'b')`, joined by AND: what the page writes. */
export function accepts(filter: string | null, columns: readonly Column[]): (row: readonly Value[]) => boolean {
  if (!filter) return () => true;
  const tests = filter.split(' AND ').map((part) => {
    const match = /^"([^"]+)" (?:IS (.+)|IN \((.+)\))$/.exec(part.trim());
    const column = match ? columns.findIndex((c) => c.name === match[1]) : -1;
    if (!match || column < 0) throw new Refused('invalid', `the filter '${part}' names no column of the view`, undefined, columns.map((c) => c.name));
    const values = (match[2] ?? match[3]!).split(', ').map((v) => (v.startsWith("'") ? v.slice(1, -1).replaceAll("''", "'") : v === 'NULL' ? null : Number(v)));
    return { column, values };
  });
  return (row) => tests.every(({ column, values }) => values.includes(row[column] as never));
}

function holdings(market: Market, { filter }: FakeSelection): Table {
  const keep = accepts(filter, HOLDING_COLUMNS);
  const rows = market.holdings.map((h): Value[] => [
    h.account.id, h.account.name, h.instrument.id, h.instrument.symbol, h.instrument.sector, h.instrument.currency, h.position, h.instrument.price, value(h, h.position),
  ]);
  return { columns: HOLDING_COLUMNS, key: ['instrument_id', 'account_id'], rows: rows.filter(keep) };
}

const QUOTE_COLUMNS: readonly Column[] = [text('symbol'), real('price'), real('open'), real('change'), real('change_ratio'), integer('volume'), integer('last_trade')];

function quotes(market: Market): Table {
  return {
    columns: QUOTE_COLUMNS,
    key: ['symbol'],
    rows: market.instruments
      .filter((i) => i.price !== null)
      .map((i) => [i.symbol, i.price, i.open, i.price! - i.open, (i.price! - i.open) / i.open, i.id * 100, i.time]),
  };
}

const BAR_COLUMNS: readonly Column[] = [
  text('symbol'), integer('window_start'), real('open'), real('high'), real('low'), real('close'), integer('volume'),
];

/** A day of bars per symbol that end in the price as it is. */
function bars(market: Market, { filter }: FakeSelection): Table {
  const keep = accepts(filter, BAR_COLUMNS);
  const minute = 60_000;
  const rows: Value[][] = [];
  const now = Math.floor(Date.now() / minute) * minute;
  for (const instrument of market.instruments) {
    if (instrument.price === null) continue;
    for (let i = 120; i >= 0; i--) {
      const wave = (k: number): number => instrument.open * (1 + 0.01 * Math.sin((k + instrument.id) / 9));
      const open = wave(i + 1);
      const close = i === 0 ? instrument.price : wave(i);
      rows.push([instrument.symbol, now - i * minute, open, Math.max(open, close) * 1.001, Math.min(open, close) * 0.999, close, 1000 + ((i * 37) % 900)]);
    }
  }
  return { columns: BAR_COLUMNS, key: ['symbol', 'window_start'], rows: rows.filter(keep) };
}

const ALERT_COLUMNS: readonly Column[] = [text('kind'), text('subject'), text('name'), real('value'), real('threshold')];

/** Who is further from the open than half a percent. */
function alerts(market: Market): Table {
  const limit = 0.005;
  const rows = market.instruments.flatMap((i): Value[][] => {
    const move = i.price === null ? 0 : Math.abs(i.price / i.open - 1);
    return move > limit ? [['price move', `instrument ${i.id}`, i.symbol, move, limit]] : [];
  });
  return { columns: ALERT_COLUMNS, key: ['kind', 'subject'], rows };
}

const plain = (name: string, title: string, description: string, table: Table): Record<string, unknown> => ({
  name, title, description, params: [], group_by: null, columns: table.columns, key: table.key, strategy: 'delta', reason: 'joins and sums', alive: false, instances: 0, topic: null, eager: false,
});

export function fakeViews(market: Market): readonly FakeView[] {
  const none: FakeSelection = { params: {}, group_by: [], filter: null };
  return [
    {
      info: {
        name: 'account_overview',
        title: 'Account overview',
        description: 'Exposure in USD at the start of the day, now, and when every order is filled.',
        params: [
          { name: 'accounts', kind: 'set', type: 'TEXT', table: 'account', column: 'account_id', default: 'all' },
          { name: 'exposures', kind: 'set', type: 'TEXT', values: ['sod', 'current', 'expected'], default: 'all' },
        ],
        group_by: { dimensions: Object.keys(DIMENSIONS), default: ['account_name', 'instrument_name'] },
        columns: overview(market, none).columns,
        key: ['account_name', 'instrument_name'],
        strategy: 'delta',
        reason: 'joins and sums',
        alive: true,
        instances: 1,
        topic: null,
        eager: false,
      },
      compute: overview,
    },
    { info: plain('enriched_holdings', 'Holdings', 'Positions with their price and value.', holdings(market, none)), compute: holdings },
    { info: plain('alerts', 'Alerts', 'Symbols that are far from their open.', { columns: ALERT_COLUMNS, key: ['kind', 'subject'], rows: [] }), compute: alerts },
    { info: plain('latest_quote', 'Latest quotes', 'The last price of each symbol against its open.', quotes(market)), compute: quotes },
    { info: plain('ohlc_1m', 'Bars of a minute', 'Open, high, low, close and volume per symbol and minute.', { columns: BAR_COLUMNS, key: ['symbol', 'window_start'], rows: [] }), compute: bars },
  ];
}
