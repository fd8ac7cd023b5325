/** The server's log as it is written: by severity, source and text, following its end. */
import { useEffect, useRef, useState } from 'react';
import { rest } from '../store/server.js';
import { OneOf } from '../controls/segments.js';
import { readText, setQuery, useAddress, writeText } from '../store/address.js';
import type { PageProps } from '../shell/pages.js';
import { moment } from '../grid/format.js';
import '../styles/activity.css';

interface Line {
  readonly id: number;
  readonly time: number | string;
  readonly level: string;
  readonly text: string;
}

const LEVELS = ['debug', 'info', 'warn', 'error'];
const EVERY_MS = 1000;
const KEPT = 2000;

/** `view=account_overview version=7: …` speaks of `view`. */
const sourceOf = (text: string): string => /^([a-z_]+)=/.exec(text)?.[1] ?? 'server';

export default function ActivityPage(_: PageProps) {
  const { query } = useAddress();
  const level = LEVELS.includes(query.level ?? '') ? query.level! : 'info';
  const source = readText(query.source) ?? '';
  const find = (readText(query.find) ?? '').toLowerCase();
  const [lines, setLines] = useState<readonly Line[]>([]);
  const [error, setError] = useState('');
  const [follow, setFollow] = useState(true);
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    document.title = 'Activity – View Server';
  }, []);
  useEffect(() => {
    let gone = false;
    let since = 0;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      try {
        const answer = await rest.json<{ next: number; lines: readonly Line[] }>(`/api/v1/log?since=${since}`);
        if (gone) return;
        // A number that went back is a server that began anew.
        const restarted = answer.next < since;
        since = restarted ? 0 : answer.next;
        if (answer.lines.length > 0) setLines((old) => [...(restarted ? [] : old), ...answer.lines].slice(-KEPT));
        setError('');
      } catch (problem) {
        if (!gone) setError(problem instanceof Error ? problem.message : String(problem));
      }
      if (!gone) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, []);

  const sources = [...new Set(lines.map((l) => sourceOf(l.text)))].sort();
  const shown = lines.filter(
    (l) => LEVELS.indexOf(l.level) >= LEVELS.indexOf(level) && (source === '' || sourceOf(l.text) === source) && l.text.toLowerCase().includes(find),
  );
  useEffect(() => {
    if (follow && list.current) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length, follow]);

  return (
    <div className="inner">
      <div className="page-head"><h1>Activity</h1><p>What the server wrote into its log.</p></div>
      <div className="controls">
        <OneOf label="From" choices={LEVELS.map((value) => ({ value, label: value }))} chosen={level} onChange={(value) => setQuery({ level: value === 'info' ? undefined : value })} />
        <label className="control">
          <span className="label">Source</span>
          <select className="field" value={source} onChange={(event) => setQuery({ source: event.target.value === '' ? undefined : writeText(event.target.value) })}>
            <option value="">all</option>
            {sources.map((s) => <option key={s} value={s}>{s}</option>)}
          </select>
        </label>
        <input className="field" data-key="find" type="search" placeholder="Find" aria-label="Find in the log" value={readText(query.find) ?? ''} onChange={(event) => setQuery({ find: event.target.value === '' ? undefined : writeText(event.target.value) })} />
        <button type="button" className="button" aria-pressed={follow} onClick={() => setFollow(!follow)}>Follow</button>
        <span className="dim push" role="status">{shown.length} of {lines.length} lines</span>
      </div>
      {error && <div className="notice error" role="status">{error}</div>}
      <div
        className="log"
        ref={list}
        tabIndex={0}
        role="region"
        aria-label="Log"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          setFollow(scrollHeight - scrollTop - clientHeight < 8);
        }}
      >
        {shown.map((line) => (
          <div key={line.id} className={`line ${line.level}`}>
            <time>{moment(line.time)}</time>
            <b>{line.level}</b>
            <span>{line.text}</span>
          </div>
        ))}
        {shown.length === 0 && <p className="dim">Nothing that matches was written.</p>}
      </div>
    </div>
  );
}
