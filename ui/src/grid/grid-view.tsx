/** The live grid as a component: a frame, the grid in it, a line below that says what is shown. */
import { useEffect, useImperativeHandle, useRef, useState, type ReactNode, type Ref } from 'react';
import type { Row } from '../client/index.js';
import { useSubscriptionState, type Followed } from '../store/server.js';
import { ROW_HEIGHT, useSettings } from '../store/settings.js';
import type { ColumnLayout } from './layout.js';
import { LiveGrid } from './live-grid.js';

export interface GridHandle {
  csv(fileName: string): void;
  current(): Row | null;
  focus(): void;
  fit(): void;
  setLayout(layout: ColumnLayout): void;
  layout(): ColumnLayout;
}

interface Props {
  readonly subscription: Followed | null;
  readonly label: string;
  readonly totals?: boolean;
  readonly layout?: ColumnLayout;
  readonly onLayout?: (layout: ColumnLayout) => void;
  readonly quickFilter?: string;
  readonly onOpenRow?: (row: Row) => void;
  readonly note?: ReactNode;
  /** `e` takes the reader here. */
  readonly main?: boolean;
  readonly ref?: Ref<GridHandle>;
}

export function GridView({ subscription, label, totals, layout, onLayout, quickFilter, onOpenRow, note, main, ref }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const grid = useRef<LiveGrid | null>(null);
  const [shown, setShown] = useState(0);
  const { density, cents } = useSettings();
  const state = useSubscriptionState(subscription);
  const latest = useRef({ layout, onLayout, onOpenRow });
  latest.current = { layout, onLayout, onOpenRow };

  useEffect(() => {
    if (!subscription || !host.current) return;
    const made = new LiveGrid(host.current, {
      rows: subscription.rows,
      label,
      rowHeight: ROW_HEIGHT[density],
      cents,
      totals: totals ?? false,
      quickFilter: quickFilter ?? '',
      layout: () => latest.current.layout ?? {},
      onLayout: (value) => latest.current.onLayout?.(value),
      onOpenRow: (row) => latest.current.onOpenRow?.(row),
      onShown: setShown,
    });
    grid.current = made;
    return () => {
      made.destroy();
      grid.current = null;
    };
    // Density, cents and the search are changed in place below.
  }, [subscription, label, totals]);
  useEffect(() => grid.current?.setRowHeight(ROW_HEIGHT[density]), [density]);
  useEffect(() => grid.current?.setCents(cents), [cents]);
  useEffect(() => grid.current?.setQuickFilter(quickFilter ?? ''), [quickFilter]);
  useEffect(() => {
    if (!main) return;
    const focus = (): void => grid.current?.focus();
    document.addEventListener('viewserver:focus-grid', focus);
    return () => document.removeEventListener('viewserver:focus-grid', focus);
  }, [main]);
  useImperativeHandle(ref, () => ({
    csv: (fileName) => grid.current?.csv(fileName),
    current: () => grid.current?.current() ?? null,
    focus: () => grid.current?.focus(),
    fit: () => grid.current?.fitColumns(),
    setLayout: (value) => {
      grid.current?.setLayout(value);
      onLayout?.(grid.current?.layout() ?? {});
    },
    layout: () => grid.current?.layout() ?? {},
  }));

  const waiting = state.phase === 'loading' || (state.phase === 'waiting' && state.columns.length === 0);
  return (
    <div className="grid-frame" data-phase={state.phase}>
      <div className="grid" ref={host} style={{ visibility: state.columns.length === 0 ? 'hidden' : undefined }} />
      {waiting && <div className="grid-wait">{state.phase === 'loading' ? 'Loading rows…' : 'Waiting for the server…'}</div>}
      <div className="grid-foot">
        <span>
          {shown < state.total ? `${shown.toLocaleString('en')} of ${state.total.toLocaleString('en')} rows` : `${state.total.toLocaleString('en')} row${state.total === 1 ? '' : 's'}`}
        </span>
        {state.version > 0 && <span>version {state.version.toLocaleString('en')}</span>}
        {state.strategy && <span title="How the server keeps this view up to date">{state.strategy}</span>}
        {note}
      </div>
    </div>
  );
}
