/** What there is: every view with how it is kept, and every instance that is alive, with what it costs and when it goes. */
import { useEffect, useState } from 'react';
import type { Params } from '../client/index.js';
import { fixed, titleOf } from '../grid/format.js';
import { hrefOf, readText, setQuery, useAddress, writeList, writeText, type Query } from '../store/address.js';
import { rest, useAnswer, useTick, useViews } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { age } from '../shell/pill.js';
import '../styles/system.css';

interface Instance {
  readonly id: number;
  readonly view: string;
  readonly params: Params;
  readonly filter: string | null;
  readonly strategy: string;
  readonly table: string;
  readonly rows: number;
  readonly subscribers: number;
  readonly turns: number;
  readonly deltas: number;
  readonly total_ns: number;
  readonly last_ns: number;
  readonly state_bytes: number;
  readonly eager: boolean;
  readonly expires_ms: number | null;
}

const EVERY_MS = 2000;

export default function ViewsPage(_: PageProps) {
  const round = useTick(EVERY_MS);
  const views = useViews();
  const instances = useAnswer(`instances ${round}`, () => rest.json<readonly Instance[]>('/api/v1/instances'));
  const { query } = useAddress();
  const [told, setTold] = useState('');
  const find = readText(query.find) ?? '';
  useEffect(() => {
    document.title = 'Views – View Server';
  }, []);
  const drop = ({ id, view }: Instance): void => {
    rest.json(`/api/v1/instances/${id}`, { method: 'DELETE' }).then(
      () => {
        setTold(`An instance of ${view} was dropped.`);
        instances.again();
      },
      (error: unknown) => setTold(error instanceof Error ? error.message : String(error)),
    );
  };
  const alive = (instances.value ?? []).filter((i) => i.view.includes(find));
  return (
    <div className="inner">
      <div className="page-head">
        <h1>Views</h1>
        <p>An instance is a view with what a client chose. It lives as long as somebody follows it, and a minute more.</p>
        <input className="field push" data-key="find" type="search" placeholder="Find a view" aria-label="Find a view" value={find} onChange={(event) => setQuery({ find: event.target.value === '' ? undefined : writeText(event.target.value) })} />
      </div>
      {instances.error && <div className="notice error" role="status">{instances.error.message}</div>}
      <p role="status" className={told ? '' : 'sr-only'}>{told}</p>
      <div className="table-frame" tabIndex={0} role="region" aria-label="Instances">
        <table>
          <caption>{alive.length === 1 ? 'One instance is' : `${alive.length} instances are`} alive</caption>
          <thead>
            <tr>{['View', 'Chosen', 'Strategy', 'Rows', 'Followed by', 'Rows changed', 'µs a turn', 'State, KiB', 'Goes in', ''].map((h, i) => <th key={h} scope="col" className={i < 3 ? 'text' : ''}>{h || <span className="sr-only">Drop</span>}</th>)}</tr>
          </thead>
          <tbody>
            {alive.map((i) => (
              <tr key={i.id}>
                <th scope="row"><a href={hrefOf(`/view/${i.view}`, queryOf(i.params))}>{i.view}</a></th>
                <td className="text wrap">{chosenText(i)}</td>
                <td className="text">{i.strategy}</td>
                <td>{fixed(i.rows, 0)}</td>
                <td>{i.eager ? 'always' : i.subscribers}</td>
                <td>{fixed(i.deltas, 0)}</td>
                <td>{i.turns > 0 ? fixed(i.total_ns / i.turns / 1000, 0) : '–'}</td>
                <td>{fixed(i.state_bytes / 1024, 0)}</td>
                <td>{i.expires_ms === null ? '–' : age(i.expires_ms)}</td>
                <td><button type="button" className="button" aria-label={`Drop instance ${i.id} of ${i.view}`} onClick={() => drop(i)}>Drop</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="table-frame" tabIndex={0} role="region" aria-label="Views">
        <table>
          <caption>{views.value?.length ?? 0} views</caption>
          <thead><tr>{['View', 'What it answers', 'Strategy', 'Why', 'Topic'].map((h) => <th key={h} scope="col" className="text">{h}</th>)}</tr></thead>
          <tbody>
            {(views.value ?? []).filter((v) => v.name.includes(find)).map((v) => (
              <tr key={v.name}>
                <th scope="row"><a href={hrefOf(`/view/${v.name}`)}>{v.title || titleOf(v.name)}</a></th>
                <td className="text wrap">{v.description}</td>
                <td className="text">{v.strategy}</td>
                <td className="text wrap dim">{v.reason}</td>
                <td className="text">{v.topic ?? ''}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** The selection as the view's page has it in its address. */
function queryOf(params: Params): Query {
  const query: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if (value === 'all' || value === null) continue;
    query[name] = Array.isArray(value) ? writeList(value as string[]) : writeText(String(value));
  }
  return query;
}

function chosenText({ params, filter }: Instance): string {
  const parts = Object.entries(params)
    .filter(([, value]) => value !== 'all')
    .map(([name, value]) => `${titleOf(name)}: ${Array.isArray(value) ? (value.length > 6 ? `${value.slice(0, 6).join(', ')} and ${value.length - 6} more` : value.join(', ')) : String(value)}`);
  if (filter) parts.push(filter);
  return parts.join('; ') || 'everything';
}
