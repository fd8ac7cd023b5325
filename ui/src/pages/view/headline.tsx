/** The figures over the grid: what the money columns add up to over the whole selection, and how far each is from the first. */
import { useEffect, useState } from 'react';
import type { Subscription } from '../../client/index.js';
import { compact, fixed, formatOf, titleOf } from '../../grid/format.js';
import { sum } from '../../grid/totals.js';

interface Figure {
  readonly name: string;
  readonly value: number;
}
interface Figures {
  readonly sums: readonly Figure[];
  /** Rows with something in a quality column; null where there is no such column. */
  readonly flagged: number | null;
}

const EVERY_MS = 500;
/** Adding up many rows takes its time; it then rests so many times as long. */
const REST = 30;

function figuresOf(subscription: Subscription): Figures {
  const { rows } = subscription;
  const all = [...rows.rows()];
  const sums: Figure[] = [];
  let flagged: number | null = null;
  rows.columns.forEach((column, index) => {
    const { kind } = formatOf(column);
    if (kind === 'money') {
      const value = sum(all, index);
      if (value !== null) sums.push({ name: column.name, value });
    } else if (kind === 'flag') {
      flagged = (flagged ?? 0) + all.reduce((n, row) => (row.values[index] && row.values[index] !== 'ok' ? n + 1 : n), 0);
    }
  });
  return { sums, flagged };
}

export function Headline({ subscription }: { subscription: Subscription }) {
  const [figures, setFigures] = useState<Figures>(() => figuresOf(subscription));
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let rest = EVERY_MS;
    setFigures(figuresOf(subscription));
    const stop = subscription.rows.onChange(() => {
      timer ??= setTimeout(() => {
        timer = undefined;
        const began = performance.now();
        setFigures(figuresOf(subscription));
        rest = Math.max(EVERY_MS, (performance.now() - began) * REST);
      }, rest);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [subscription]);
  if (figures.sums.length === 0) return null;
  const base = figures.sums[0]!;
  return (
    <dl className="headline" aria-label="Totals of the selection">
      {figures.sums.slice(0, 6).map((figure, index) => (
        <div key={figure.name}>
          <dt>{titleOf(figure.name)}</dt>
          <dd title={fixed(figure.value, 2)}>
            {compact(figure.value)}
            {index > 0 && <Against value={figure.value} base={base.value} name={titleOf(base.name)} />}
          </dd>
        </div>
      ))}
      {figures.flagged !== null && (
        <div>
          <dt>Rows with a quality flag</dt>
          <dd className={figures.flagged > 0 ? 'warn' : ''}>{figures.flagged.toLocaleString('en')}</dd>
        </div>
      )}
    </dl>
  );
}

function Against({ value, base, name }: { value: number; base: number; name: string }) {
  const difference = value - base;
  const sign = difference > 0 ? '▲' : difference < 0 ? '▼' : '';
  const share = base !== 0 ? ` (${difference > 0 ? '+' : ''}${fixed((difference / Math.abs(base)) * 100, 2)} %)` : '';
  return (
    <small className={difference > 0 ? 'positive' : difference < 0 ? 'negative' : 'dim'} title={`against ${name}`}>
      {sign} {compact(difference)}{share}
    </small>
  );
}
