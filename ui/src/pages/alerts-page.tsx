/** Alarms: what is raised, by kind; what was raised and cleared since the page was opened; what somebody has seen. */
import { useEffect, useMemo, useState } from 'react';
import type { Subscription, ViewInfo } from '../client/index.js';
import { OneOf } from '../controls/segments.js';
import { fixed, moment, titleOf } from '../grid/format.js';
import { setQuery, useAddress } from '../store/address.js';
import { useSubscription, useSubscriptionState, useTick, useViews } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { Alarms, type Alarm } from './alerts/alarms.js';
import { ViewControls } from './view/controls.js';
import { selectionOf } from './view/selection.js';
import '../styles/alerts.css';
import '../styles/system.css';

/** Of one kind; the controls above narrow it down. */
const SHOWN_MOST = 100;

const isAlertView = (view: ViewInfo): boolean => /^alerts?(_|$)/.test(view.name);

export default function AlertsPage(_: PageProps) {
  const views = useViews();
  const { query } = useAddress();
  useEffect(() => {
    document.title = 'Alerts – View Server';
  }, []);
  const found = (views.value ?? []).filter(isAlertView);
  const view = found.find((v) => v.name === query.rules) ?? found[0] ?? null;
  return (
    <div className="inner">
      <div className="page-head">
        <h1>Alerts</h1>
        {view && <p>{view.description}</p>}
      </div>
      {found.length > 1 && <OneOf label="Rules" choices={found.map((v) => ({ value: v.name, label: v.title || titleOf(v.name) }))} chosen={view!.name} onChange={(name) => setQuery({ rules: name })} />}
      {!views.value && <p className="dim">{views.error ? views.error.message : 'Asking the server for its views…'}</p>}
      {views.value && !view && <p className="notice">The server has no view of alarms. A view named alerts, or alerts_…, is one: each of its rows is an alarm.</p>}
      {view && <Rules key={view.name} view={view} />}
    </div>
  );
}

function Rules({ view }: { view: ViewInfo }) {
  const { query } = useAddress();
  const selection = useMemo(() => selectionOf(view, query), [view, query]);
  const subscription = useSubscription(selection);
  const state = useSubscriptionState(subscription);
  return (
    <>
      <ViewControls view={view} />
      {state.error && <div className="notice error" role="alert">{state.error.message}</div>}
      {state.phase === 'loading' && <p className="dim">Loading…</p>}
      {subscription && <Board subscription={subscription} />}
    </>
  );
}

function Board({ subscription }: { subscription: Subscription }) {
  const [alarms, setAlarms] = useState<Alarms | null>(null);
  useTick(500);
  useEffect(() => {
    const made = new Alarms(subscription.rows);
    setAlarms(made);
    return () => made.close();
  }, [subscription]);
  if (!alarms) return null;
  const list = alarms.list();
  const open = list.filter((a) => !alarms.isAcknowledged(a));
  const kinds = [...new Set(list.map((a) => a.kind))].sort();
  return (
    <div className="alerts">
      <div className="raised">
        <p role="status">{list.length === 0 ? 'Nothing is raised.' : `${fixed(list.length, 0)} raised, ${fixed(open.length, 0)} not acknowledged`}</p>
        {kinds.map((kind) => <Kind key={kind} kind={kind} list={list.filter((a) => a.kind === kind)} alarms={alarms} />)}
      </div>
      <section aria-labelledby="happened">
        <h2 id="happened">Since this page was opened</h2>
        {alarms.happenings.length === 0 && <p className="dim">Nothing was raised or cleared.</p>}
        <ol>
          {alarms.happenings.slice(0, SHOWN_MOST).map(({ at_ms, what, alarm }, i) => (
            <li key={`${at_ms} ${i}`}>
              <time className="dim">{moment(at_ms)}</time> <b className={what === 'raised' ? 'warn' : 'positive'}>{what === 'raised' ? '▲ raised' : '▽ cleared'}</b> {alarm.kind}: {alarm.facts.find((f) => typeof f.value === 'string')?.value ?? alarm.subject}
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}

function Kind({ kind, list, alarms }: { kind: string; list: readonly Alarm[]; alarms: Alarms }) {
  const open = list.filter((a) => !alarms.isAcknowledged(a));
  const sorted = [...open, ...list.filter((a) => alarms.isAcknowledged(a))].slice(0, SHOWN_MOST);
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={kind}>
      <table>
        <caption>
          {titleOf(kind)} <span className="dim">{open.length} of {list.length} not acknowledged</span>
          <button type="button" className="button" disabled={open.length === 0} onClick={() => alarms.acknowledge(open, true)} aria-label={`Acknowledge all of ${kind}`}>Acknowledge all</button>
        </caption>
        <thead>
          <tr>
            <th scope="col">Subject</th>
            {list[0]!.facts.map(({ name, value }) => <th key={name} scope="col" className={typeof value === 'number' ? '' : 'text'}>{titleOf(name)}</th>)}
            <th scope="col">Since</th>
            <th scope="col"><span className="sr-only">Acknowledge</span></th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((alarm) => {
            const seen = alarms.isAcknowledged(alarm);
            return (
              <tr key={alarm.key} className={seen ? 'dim' : ''}>
                <th scope="row">{!seen && <span className="warn">⚠ </span>}{alarm.subject}</th>
                {alarm.facts.map(({ name, value }) => <td key={name} className={typeof value === 'number' ? '' : 'text'}>{show(value)}</td>)}
                <td>{alarm.since_ms === 0 ? 'before' : moment(alarm.since_ms)}</td>
                <td><button type="button" className="button" aria-label={`${seen ? 'Take back' : 'Acknowledge'}: ${alarm.subject}`} onClick={() => alarms.acknowledge([alarm], !seen)}>{seen ? 'Seen' : 'Acknowledge'}</button></td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {list.length > sorted.length && <p className="dim more">{fixed(list.length - sorted.length, 0)} more of this kind</p>}
    </div>
  );
}

const EPOCH_MS = 1e12;

/** Rules of many kinds share the columns, so only the size of a number tells what it is: a moment, a count, a ratio. */
function show(value: string | number | boolean | null): string {
  if (typeof value !== 'number') return value === null ? '' : String(value);
  if (value > EPOCH_MS) return moment(value);
  return Number.isInteger(value) ? fixed(value, 0) : fixed(value, 4);
}
