/** The symbols that moved most, as cards that go on live: price, change, the line of the last hours, the trend of its end. */
import { useEffect, useRef, useState } from 'react';
import type { Subscription, Value } from '../../client/index.js';
import { fixed } from '../../grid/format.js';
import { literal } from '../view/drill.js';
import { hrefOf } from '../../store/address.js';
import { rest } from '../../store/server.js';
import type { BarView } from './market-views.js';
import { Sparkline } from './sparkline.js';

interface Quote {
  readonly symbol: string;
  readonly price: number;
  readonly change: number;
}

const CARDS = 12;
const POINTS = 90;
const EVERY_MS = 1000;
/** So many points at the end tell the trend. */
const TREND_POINTS = 12;
const FLAT = 0.0005;

function quotesOf(subscription: Subscription): Quote[] {
  const { columns } = subscription.rows;
  const at = (name: string): number => columns.findIndex((c) => c.name === name);
  const [symbol, price, open] = [at('symbol'), at('price'), at('open')];
  const quotes: Quote[] = [];
  for (const { values } of subscription.rows.rows()) {
    const [last, first] = [values[price], values[open]];
    if (typeof last !== 'number' || typeof first !== 'number' || first === 0) continue;
    quotes.push({ symbol: String(values[symbol]), price: last, change: last / first - 1 });
  }
  return quotes;
}

/** The last closes of each symbol, so that a line is there before the first tick comes. */
async function history(bars: BarView, symbols: readonly string[]): Promise<Map<string, number[]>> {
  const lines = new Map<string, number[]>();
  if (symbols.length === 0) return lines;
  const names = symbols.map(literal).join(', ');
  const { rows } = await rest.sql(`SELECT symbol, close FROM "${bars.view.name}" WHERE symbol IN (${names}) ORDER BY "${bars.time}" DESC`, POINTS * CARDS);
  for (const [symbol, close] of rows as readonly (readonly Value[])[]) {
    const line = lines.get(String(symbol)) ?? [];
    if (line.length < POINTS && typeof close === 'number') line.unshift(close);
    lines.set(String(symbol), line);
  }
  return lines;
}

export function Cards({ subscription, bars }: { subscription: Subscription; bars: BarView | null }) {
  const [movers, setMovers] = useState<readonly Quote[]>([]);
  const lines = useRef(new Map<string, number[]>());
  const shown = useRef<readonly string[]>([]);

  useEffect(() => {
    const look = (): void => {
      const quotes = quotesOf(subscription);
      for (const { symbol, price } of quotes) {
        const line = lines.current.get(symbol);
        if (!line) lines.current.set(symbol, [price]);
        else if (line.at(-1) !== price && line.push(price) > POINTS) line.shift();
      }
      // Cards stay where they are as long as their symbols are among the movers: what jumps about cannot be read.
      const best = [...quotes].sort((a, b) => Math.abs(b.change) - Math.abs(a.change)).slice(0, CARDS);
      const names = best.map((q) => q.symbol);
      const kept = shown.current.filter((s) => names.includes(s));
      shown.current = [...kept, ...names.filter((s) => !kept.includes(s))];
      setMovers(shown.current.map((s) => best.find((q) => q.symbol === s)!));
    };
    look();
    const timer = setInterval(look, EVERY_MS);
    return () => clearInterval(timer);
  }, [subscription]);

  const asked = movers.map((m) => m.symbol).sort().join();
  useEffect(() => {
    if (!bars || asked === '') return;
    history(bars, asked.split(',')).then(
      (found) => {
        for (const [symbol, line] of found) {
          const now = lines.current.get(symbol);
          if (now && now.length < line.length) lines.current.set(symbol, line);
        }
      },
      () => undefined, // without its past a line begins now
    );
  }, [asked, bars]);

  return (
    <ul className="cards" aria-label="Furthest from the open">
      {movers.map(({ symbol, price, change }) => (
        <li key={symbol}>
          <a className="card" href={hrefOf(`/market/${encodeURIComponent(symbol)}`)}>
            <b>{symbol}</b>
            <span className="price">{fixed(price, 2)}</span>
            <span className={change >= 0 ? 'positive' : 'negative'}>{change >= 0 ? '▲ +' : '▼ '}{fixed(change * 100, 2)} %</span>
            <Trend line={lines.current.get(symbol) ?? []} />
            <Sparkline points={[...(lines.current.get(symbol) ?? [])]} rising={change >= 0} />
          </a>
        </li>
      ))}
    </ul>
  );
}

function Trend({ line }: { line: readonly number[] }) {
  const last = line.slice(-TREND_POINTS);
  const change = last.length > 1 ? last.at(-1)! / last[0]! - 1 : 0;
  const word = change > FLAT ? 'rising' : change < -FLAT ? 'falling' : 'flat';
  return <span className="dim trend">{{ rising: '↗', falling: '↘', flat: '→' }[word]} {word}</span>;
}
