/** Market data: the movers as cards and every quote; of one symbol its candles and bars. */
import { Suspense, lazy, useEffect, useMemo } from 'react';
import type { Row, Selection, Subscription, ViewInfo } from '../client/index.js';
import { OneOf } from '../controls/segments.js';
import { compact, formatOf, titleOf } from '../grid/format.js';
import { GridView } from '../grid/grid-view.js';
import { go, hrefOf, readText, setQuery, useAddress, writeText } from '../store/address.js';
import { useSubscription, useSubscriptionState, useTick, useViews } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { Cards } from './market/cards.js';
import { barViews, quoteView, type BarView } from './market/market-views.js';
import { literal } from './view/drill.js';
import { readLayout, writeLayout } from './view/selection.js';
import '../styles/market.css';

const Chart = lazy(() => import('./market/chart.js'));

const BARS_MOST = 600;

export default function MarketPage({ rest: symbol }: PageProps) {
  const views = useViews();
  const quotes = views.value ? quoteView(views.value) : null;
  const bars = useMemo(() => (views.value ? barViews(views.value) : []), [views.value]);
  useEffect(() => {
    document.title = `${symbol || 'Market'} – View Server`;
  }, [symbol]);
  if (!views.value) return <div className="inner"><p className="dim">{views.error ? views.error.message : 'Asking the server for its views…'}</p></div>;
  if (!quotes) return <div className="inner"><h1>Market</h1><p className="notice">The server has no view with a symbol, its price and its open, so there is no market to show.</p></div>;
  return symbol ? <OneSymbol symbol={symbol} quotes={quotes} bars={bars} /> : <AllQuotes view={quotes} bars={bars} />;
}

function AllQuotes({ view, bars }: { view: ViewInfo; bars: readonly BarView[] }) {
  const { query } = useAddress();
  const selection = useMemo<Selection>(() => ({ view: view.name }), [view.name]);
  const subscription = useSubscription(selection);
  const find = readText(query.find) ?? '';
  const open = (row: Row): void => {
    const at = subscription?.rows.columns.findIndex((c) => c.name === 'symbol') ?? -1;
    if (at >= 0) go(`/market/${encodeURIComponent(String(row.values[at]))}`);
  };
  return (
    <div className="inner">
      <div className="page-head">
        <h1>Market</h1>
        <p>The symbols furthest from their open, and the quote of each. Enter on a row opens its chart.</p>
        <input className="field push" data-key="find" type="search" placeholder="Find a symbol" aria-label="Find a symbol" value={find} onChange={(event) => setQuery({ find: event.target.value === '' ? undefined : writeText(event.target.value) })} />
      </div>
      {subscription && <Cards subscription={subscription} bars={bars.find((b) => b.width === '1m') ?? bars[0] ?? null} />}
      <GridView main subscription={subscription} label={view.title || titleOf(view.name)} quickFilter={find} layout={readLayout(query)} onLayout={(layout) => setQuery(writeLayout(layout))} onOpenRow={open} />
    </div>
  );
}

function OneSymbol({ symbol, quotes, bars }: { symbol: string; quotes: ViewInfo; bars: readonly BarView[] }) {
  const { query } = useAddress();
  const chosen = bars.find((b) => b.width === query.bars) ?? bars.find((b) => b.width === '1m') ?? bars[0] ?? null;
  const filter = `"symbol" IS ${literal(symbol)}`;
  const quote = useSubscription(useMemo<Selection>(() => ({ view: quotes.name, filter }), [quotes.name, filter]));
  const selection = useMemo<Selection | null>(
    () => (chosen ? { view: chosen.view.name, filter, order_by: [`-${chosen.time}`], limit: BARS_MOST } : null),
    [chosen, filter],
  );
  const subscription = useSubscription(selection);
  const state = useSubscriptionState(subscription);
  const ready = subscription && subscription.rows.columns.length > 0 && subscription.selection.view === chosen?.view.name;
  return (
    <div className="inner">
      <div className="page-head">
        <h1>{symbol}</h1>
        <a href={hrefOf('/market')}>All symbols</a>
        {chosen && (
          <span className="push">
            <OneOf label="Bars" choices={bars.map((b) => ({ value: b.width, label: b.width, title: b.view.title }))} chosen={chosen.width} onChange={(width) => setQuery({ bars: width === '1m' ? undefined : width })} />
          </span>
        )}
      </div>
      {quote && <QuoteLine subscription={quote} symbol={symbol} />}
      {state.error && <div className="notice error" role="alert">{state.error.message}</div>}
      {chosen ? (
        <Suspense fallback={<div className="chart" />}>
          {ready && <Chart key={chosen.width} subscription={subscription} time={chosen.time} label={`${symbol}: candles and volume, ${chosen.view.title}. The same bars are in the table below.`} />}
        </Suspense>
      ) : (
        <p className="notice">The server has no view of bars (ohlc_1m and the like).</p>
      )}
      <p className="dim">Times of the chart are in UTC. Chart by TradingView’s Lightweight Charts.</p>
      {subscription && <GridView key={chosen?.width} main subscription={subscription} label={`Bars of ${symbol}`} layout={{ hidden: ['symbol'], sort: chosen ? [`-${chosen.time}`] : [] }} />}
    </div>
  );
}

/** The figures of the symbol's quote, whatever the view has. */
function QuoteLine({ subscription, symbol }: { subscription: Subscription; symbol: string }) {
  useTick(500);
  const row = [...subscription.rows.rows()][0];
  if (!row) return subscription.state.phase === 'live' ? <p className="notice">There is no quote of {symbol}.</p> : null;
  return (
    <dl className="headline" aria-label={`Quote of ${symbol}`}>
      {subscription.rows.columns.map((column, i) => {
        const value = row.values[i];
        if (typeof value !== 'number' || /(trade|time|timestamp)$/.test(column.name)) return null;
        const format = formatOf(column, false, [value]);
        const signed = format.kind === 'percent' || column.name === 'change';
        return (
          <div key={column.name}>
            <dt>{titleOf(column.name)}</dt>
            <dd className={signed ? (value >= 0 ? 'positive' : 'negative') : ''}>
              {signed && (value >= 0 ? '▲ ' : '▼ ')}
              {format.kind === 'integer' && value >= 10_000 ? compact(value) : format.text(value)}
              {format.kind === 'percent' && ' %'}
            </dd>
          </div>
        );
      })}
    </dl>
  );
}
