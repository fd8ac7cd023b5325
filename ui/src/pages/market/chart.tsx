/** Candles and volume of one symbol, fed by the rows of a subscription and going on live, at most four times a second. */
import { useEffect, useRef } from 'react';
import {
  CandlestickSeries, ColorType, HistogramSeries, createChart,
  type CandlestickData, type HistogramData, type IChartApi, type ISeriesApi, type UTCTimestamp,
} from 'lightweight-charts';
import type { Row, Subscription } from '../../client/index.js';
import { toDate } from '../../grid/format.js';
import { useSettings } from '../../store/settings.js';
import { useAddress } from '../../store/address.js';

const EVERY_MS = 250;

interface Bar {
  readonly candle: CandlestickData<UTCTimestamp>;
  readonly volume: number;
}

type Series = { candles: ISeriesApi<'Candlestick'>; volumes: ISeriesApi<'Histogram'> };

const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function barReader(subscription: Subscription, time: string): (row: Row) => Bar | null {
  const { columns } = subscription.rows;
  const at = (name: string): number => columns.findIndex((c) => c.name === name);
  const [when, open, high, low, close, volume] = [time, 'open', 'high', 'low', 'close', 'volume'].map(at) as [number, number, number, number, number, number];
  return ({ values }) => {
    const moment = toDate(values[when] ?? null);
    const prices = [values[open], values[high], values[low], values[close]];
    if (!moment || prices.some((p) => typeof p !== 'number')) return null;
    const [o, h, l, c] = prices as [number, number, number, number];
    const seconds = Math.floor(moment.getTime() / 1000) as UTCTimestamp;
    return { candle: { time: seconds, open: o, high: h, low: l, close: c }, volume: Number(values[volume] ?? 0) };
  };
}

function volumeOf({ candle, volume }: Bar): HistogramData<UTCTimestamp> {
  return { time: candle.time, value: volume, color: colour(candle.close >= candle.open ? '--chart-up-soft' : '--chart-down-soft') };
}

function style(chart: IChartApi, { candles }: Series): void {
  const line = colour('--line');
  chart.applyOptions({
    layout: { background: { type: ColorType.Solid, color: colour('--surface') }, textColor: colour('--dim'), fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { vertLines: { color: colour('--hairline') }, horzLines: { color: colour('--hairline') } },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line },
  });
  const [up, down] = [colour('--chart-up'), colour('--chart-down')];
  candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down, borderVisible: false });
}

/** Fills the series from all rows, in order of time. */
function fill(subscription: Subscription, read: (row: Row) => Bar | null, { candles, volumes }: Series): number {
  const bars: Bar[] = [];
  for (const row of subscription.rows.rows()) {
    const bar = read(row);
    if (bar) bars.push(bar);
  }
  bars.sort((a, b) => a.candle.time - b.candle.time);
  candles.setData(bars.map((b) => b.candle));
  volumes.setData(bars.map(volumeOf));
  return bars.at(-1)?.candle.time ?? 0;
}

/** Follows the subscription's rows until the returned function is called. */
function follow(subscription: Subscription, time: string, series: Series, chart: IChartApi): () => void {
  let read = barReader(subscription, time);
  let last = fill(subscription, read, series);
  let changed = new Set<Row>();
  let whole = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    timer = undefined;
    const bars = [...changed].map(read).filter((b) => b !== null).sort((a, b) => a.candle.time - b.candle.time);
    changed = new Set();
    if (whole || bars.some((b) => b.candle.time < last)) {
      whole = false;
      const empty = last === 0;
      read = barReader(subscription, time);
      last = fill(subscription, read, series);
      if (empty) chart.timeScale().fitContent();
      return;
    }
    for (const bar of bars) {
      series.candles.update(bar.candle);
      series.volumes.update(volumeOf(bar));
      last = bar.candle.time;
    }
  };
  const stop = subscription.rows.onChange((change) => {
    if (change.kind === 'reset' || last === 0) whole = true;
    else {
      for (const row of change.added) changed.add(row);
      for (const { row } of change.cells) changed.add(row);
    }
    timer ??= setTimeout(flush, EVERY_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}

export default function Chart({ subscription, time, label }: { subscription: Subscription; time: string; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<{ chart: IChartApi; series: Series } | null>(null);
  const { theme } = useSettings();
  const { query } = useAddress();

  useEffect(() => {
    const chart = createChart(host.current!, { autoSize: true, timeScale: { timeVisible: true, secondsVisible: true, rightOffset: 4 } });
    const candles = chart.addSeries(CandlestickSeries);
    const volumes = chart.addSeries(HistogramSeries, { priceFormat: { type: 'volume' }, priceScaleId: '', priceLineVisible: false, lastValueVisible: false });
    volumes.priceScale().applyOptions({ scaleMargins: { top: 0.8, bottom: 0 } });
    candles.priceScale().applyOptions({ scaleMargins: { top: 0.08, bottom: 0.24 } });
    const series = { candles, volumes };
    style(chart, series);
    const stop = follow(subscription, time, series, chart);
    chart.timeScale().fitContent();
    made.current = { chart, series };
    return () => {
      made.current = null;
      stop();
      chart.remove();
    };
  }, [subscription, time]);
  useEffect(() => {
    // The theme is set on the document by an effect of the frame, which runs after this one.
    const frame = requestAnimationFrame(() => {
      if (!made.current) return;
      style(made.current.chart, made.current.series);
      fill(subscription, barReader(subscription, time), made.current.series);
    });
    return () => cancelAnimationFrame(frame);
  }, [theme, query.theme, subscription, time]);

  return <div className="chart" ref={host} role="group" aria-label={label} />;
}
