/** Any view, live: its controls, the figures that it adds up to, its rows, and what is behind each of them. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Row, ViewInfo } from '../client/index.js';
import { Popover } from '../controls/popover.js';
import { GridView, type GridHandle } from '../grid/grid-view.js';
import { titleOf } from '../grid/format.js';
import { go, hrefOf, readText, setQuery, useAddress, writeText } from '../store/address.js';
import { useSubscription, useSubscriptionState, useViews } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { ColumnsMenu } from './view/columns-menu.js';
import { ViewControls } from './view/controls.js';
import { Drawer } from './view/drawer.js';
import { Headline } from './view/headline.js';
import { readLayout, selectionOf, writeLayout } from './view/selection.js';

const FIRST_VIEW = 'account_overview';

export default function ViewPage({ rest }: PageProps) {
  const views = useViews();
  const name = rest || FIRST_VIEW;
  const view = views.value?.find((v) => v.name === name) ?? null;
  if (!views.value) {
    return (
      <div className="inner">
        {views.error ? <div className="notice" role="status"><b>No views yet.</b> <span>{views.error.message} The page tries again by itself.</span></div> : <p className="dim">Asking the server for its views…</p>}
      </div>
    );
  }
  if (!view) {
    return (
      <div className="inner">
        <h1>{titleOf(name)}</h1>
        <div className="notice error" role="alert">
          <span>There is no view “{name}”. The views are:</span>
          {views.value.map((v) => <a key={v.name} href={hrefOf(`/view/${v.name}`)}>{v.title || v.name}</a>)}
        </div>
      </div>
    );
  }
  return <OneView key={view.name} view={view} views={views.value} />;
}

function OneView({ view, views }: { view: ViewInfo; views: readonly ViewInfo[] }) {
  const { query } = useAddress();
  const selection = useMemo(() => selectionOf(view, query), [view, query]);
  const subscription = useSubscription(selection);
  const state = useSubscriptionState(subscription);
  const grid = useRef<GridHandle>(null);
  const [open, setOpen] = useState<Row | null>(null);
  const find = readText(query.find) ?? '';
  const title = view.title || titleOf(view.name);

  useEffect(() => {
    document.title = `${title} – View Server`;
  }, [title]);
  useEffect(() => setOpen(null), [selection]);

  return (
    <div className="inner">
      <div className="page-head">
        <h1>{title}</h1>
        <Popover label={<span aria-hidden="true">▾</span>} className="button plain square" ariaLabel="Another view" panelLabel="Views">
          {(close) => (
            <div className="options">
              {views.map((v) => (
                <button key={v.name} type="button" aria-current={v.name === view.name} onClick={() => { close(); go(`/view/${v.name}`); }}>
                  {v.title || titleOf(v.name)}
                  <span className="code">{v.name}</span>
                </button>
              ))}
            </div>
          )}
        </Popover>
        {view.description && <p>{view.description}</p>}
      </div>
      <div className="controls">
        <ViewControls view={view} />
        <div className="controls push" role="group" aria-label="The grid">
          <input
            className="field"
            data-key="find"
            type="search"
            placeholder="Find in rows"
            aria-label="Find in rows"
            value={find}
            style={{ width: 140 }}
            onChange={(event) => setQuery({ find: event.target.value === '' ? undefined : writeText(event.target.value) })}
          />
          <button type="button" className="button" title="Enter on a row does the same" onClick={() => setOpen(grid.current?.current() ?? null)}>Behind row</button>
          <ColumnsMenu grid={grid} columns={state.columns} />
          <button type="button" className="button" onClick={() => grid.current?.csv(`${view.name}.csv`)} title="The rows and columns that are shown, as a file">CSV</button>
        </div>
      </div>
      {state.error && (
        <div className="notice error" role="alert">
          <b>{state.phase === 'failed' ? 'The server refused this selection.' : 'The server refused the change; the rows are those of before.'}</b>
          <span>{state.error.message}</span>
          {state.error.hint && <span className="dim">{state.error.hint}</span>}
        </div>
      )}
      {subscription && view.group_by && <Headline subscription={subscription} />}
      <div className="with-drawer">
        <div className="main">
          <GridView
            ref={grid}
            main
            subscription={subscription}
            label={title}
            totals={view.group_by !== null}
            layout={readLayout(query)}
            onLayout={(layout) => setQuery(writeLayout(layout))}
            quickFilter={find}
            onOpenRow={setOpen}
          />
        </div>
        {open && subscription && <Drawer key={open.uid} views={views} view={view} subscription={subscription} row={open} onClose={() => { setOpen(null); grid.current?.focus(); }} />}
      </div>
    </div>
  );
}
