/** What is behind a row: its own values in full, and the live rows that it is made of. */
import { useEffect, useRef, useState } from 'react';
import type { Row, Subscription, ViewInfo } from '../../client/index.js';
import { GridView } from '../../grid/grid-view.js';
import { formatOf } from '../../grid/format.js';
import { OneOf } from '../../controls/segments.js';
import { useSubscription, useSubscriptionState } from '../../store/server.js';
import { behind, layoutBehind } from './drill.js';

interface Props {
  readonly views: readonly ViewInfo[];
  readonly view: ViewInfo;
  readonly subscription: Subscription;
  readonly row: Row;
  readonly onClose: () => void;
}

export function Drawer({ views, view, subscription, row, onClose }: Props) {
  const [found] = useState(() => behind(views, view, subscription.selection, subscription.rows, row));
  const [chosen, setChosen] = useState(found[0]?.view.name ?? '');
  const panel = useRef<HTMLElement>(null);
  const now = found.find((b) => b.view.name === chosen) ?? found[0] ?? null;
  const inner = useSubscription(now?.selection ?? null);
  const state = useSubscriptionState(inner);
  const key = subscription.rows.key;
  const title = subscription.rows.columns
    .map((column, i) => (key.includes(column.name) ? formatOf(column).text(row.values[i] ?? null) : null))
    .filter((text) => text !== null)
    .join(' · ');
  useEffect(() => panel.current?.focus(), []);
  return (
    <aside className="drawer" ref={panel} tabIndex={-1} aria-label={`Behind ${title}`} onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && onClose()}>
      <header>
        <h2>{title || 'Row'}</h2>
        <button type="button" className="button" onClick={onClose} title="Esc">Close</button>
      </header>
      <RowFacts subscription={subscription} row={row} />
      {found.length > 1 && <OneOf label="Behind it" choices={found.map((b) => ({ value: b.view.name, label: b.view.title || b.view.name }))} chosen={now!.view.name} onChange={setChosen} />}
      {found.length === 0 && <p className="dim">No other view has this row’s columns, so there is nothing more to show behind it.</p>}
      {state.error && <div className="notice error" role="alert">{state.error.message}</div>}
      {inner && now && <GridView key={now.view.name} subscription={inner} layout={layoutBehind(now.view, key)} label={`${now.view.title || now.view.name} behind ${title}`} />}
    </aside>
  );
}

/** The row's own columns, live. */
function RowFacts({ subscription, row }: { subscription: Subscription; row: Row }) {
  const [, setRound] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setRound((n) => n + 1), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <dl className="facts">
      {subscription.rows.columns.map((column, index) => {
        if (subscription.rows.key.includes(column.name)) return null;
        const format = formatOf(column, true);
        return (
          <Fact key={column.name} title={format.title} text={format.text(row.values[index] ?? null)} />
        );
      })}
    </dl>
  );
}

const Fact = ({ title, text }: { title: string; text: string }) => (
  <>
    <dt>{title}</dt>
    <dd>{text}</dd>
  </>
);
