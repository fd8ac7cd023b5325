/** How the server is: what it takes in, how fast it answers, what it holds; from `/metrics`, every two seconds. */
import { useEffect, useState } from 'react';
import { compact, fixed } from '../grid/format.js';
import { client, rest, useConnection } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { age } from '../shell/pill.js';
import { Sparkline } from './market/sparkline.js';
import { labelsOf, parseMetrics, quantileOf, rateOf, valueOf, type Reading } from './system/metrics.js';
import '../styles/system.css';

const EVERY_MS = 2000;
const KEPT = 60;

interface Root {
  readonly version: string;
  readonly live_database?: string;
  readonly uptime_s?: number;
  readonly ready?: boolean;
  readonly reason?: string | null;
}

function useReadings(): { readings: readonly Reading[]; root: Root | null; error: string } {
  const [readings, setReadings] = useState<readonly Reading[]>([]);
  const [root, setRoot] = useState<Root | null>(null);
  const [error, setError] = useState('');
  useEffect(() => {
    let gone = false;
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      try {
        const [text, now] = await Promise.all([rest.text('/metrics'), rest.json<Root>('/api/v1')]);
        if (gone) return;
        setReadings((old) => [...old.slice(-KEPT + 1), { at: performance.now(), samples: parseMetrics(text) }]);
        setRoot(now);
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
  return { readings, root, error };
}

const bytes = (n: number): string => (n >= 2 ** 30 ? `${fixed(n / 2 ** 30, 2)} GiB` : n >= 2 ** 20 ? `${fixed(n / 2 ** 20, 1)} MiB` : `${fixed(n / 1024, 0)} KiB`);
const perSecond = (n: number): string => `${n >= 1000 ? compact(n) : fixed(n, n < 10 ? 1 : 0)} /s`;
const milliseconds = (seconds: number): string => `${fixed(seconds * 1000, seconds < 0.01 ? 2 : 0)} ms`;
const count = (n: number): string => fixed(n, 0);

export default function SystemPage(_: PageProps) {
  const { readings, root, error } = useReadings();
  const status = useConnection();
  useEffect(() => {
    document.title = 'System – View Server';
  }, []);
  const now = readings.at(-1) ?? null;
  // Rates over ten seconds: steady enough to read, quick enough to see.
  const before = readings.at(-6) ?? readings[0] ?? null;
  const since = before === now ? null : before;
  const line = (name: string): number[] => readings.map((r, i) => rateOf(readings[i - 1] ?? null, r, name) ?? Number.NaN).filter((v) => !Number.isNaN(v));

  return (
    <div className="inner">
      <div className="page-head">
        <h1>System</h1>
        {root && <p>{status.server}, up {age((root.uptime_s ?? 0) * 1000)}{root.ready === false ? `, not ready: ${root.reason ?? ''}` : ''}{root.live_database ? `. Live database: ${root.live_database}` : ''}</p>}
      </div>
      {error && <div className="notice error" role="status"><b>The figures are not current.</b> {error}</div>}
      <div className="tiles">
        <Tile title="Records in" value={rateOf(since, now, 'viewserver_records_total')} show={perSecond} line={line('viewserver_records_total')} />
        <Tile title="Turns" value={rateOf(since, now, 'viewserver_turns_total')} show={perSecond} line={line('viewserver_turns_total')} />
        <Tile title="Messages out" value={rateOf(since, now, 'viewserver_messages_total')} show={perSecond} line={line('viewserver_messages_total')} />
        <Tile title="Bytes out" value={rateOf(since, now, 'viewserver_message_bytes_total')} show={(n) => `${bytes(n)}/s`} />
        <Quantiles title="Turn, begin to commit" name="viewserver_turn_seconds" before={since} now={now} />
        <Quantiles title="Record to commit" name="viewserver_record_to_commit_seconds" before={since} now={now} />
        <Quantiles title="Commit to client" name="viewserver_delivery_latency_seconds" before={since} now={now} />
        <Tile title="Round trip of this page" value={status.latency_ms === null ? null : status.latency_ms / 1000} show={milliseconds} />
        <Tile title="Version" value={valueOf(now, 'viewserver_version') ?? client.status.version} show={count} />
        <Tile title="Clients, WebSocket" value={valueOf(now, 'viewserver_clients', { kind: 'websocket' })} show={count} />
        <Tile title="Clients, SSE" value={valueOf(now, 'viewserver_clients', { kind: 'sse' })} show={count} />
        <Tile title="Clients cut" value={valueOf(now, 'viewserver_clients_cut_total')} show={count} bad={(n) => n > 0} />
        <Tile title="Instances" value={valueOf(now, 'viewserver_instances')} show={count} />
        <Tile title="State of the views" value={valueOf(now, 'viewserver_instance_state_bytes')} show={bytes} />
        <Tile title="Live database" value={valueOf(now, 'viewserver_live_db_bytes')} show={bytes} />
        <Tile title="Write-ahead log" value={valueOf(now, 'viewserver_wal_bytes')} show={bytes} />
        <Tile title="Waiting in the inbox" value={valueOf(now, 'viewserver_inbox_bytes')} show={bytes} />
        <Tile title="Turns that failed" value={valueOf(now, 'viewserver_turns_failed_total')} show={count} bad={(n) => n > 0} />
        <Tile title="Audits that differed" value={valueOf(now, 'viewserver_audit_mismatches_total')} show={count} bad={(n) => n > 0} />
      </div>
      <div className="tables">
        <Table
          title="Topics"
          head={['Topic', 'Records /s', 'Records', 'Lag', 'Dead letters']}
          rows={labelsOf(now, 'viewserver_topic_records_total', 'topic').map((topic) => [
            topic,
            rateOf(since, now, 'viewserver_topic_records_total', { topic }),
            valueOf(now, 'viewserver_topic_records_total', { topic }),
            valueOf(now, 'viewserver_topic_lag', { topic }),
            valueOf(now, 'viewserver_topic_dead_letters_total', { topic }),
          ])}
        />
        <Table
          title="Views that are alive"
          head={['View', 'Instances', 'Rows', 'Rows changed /s', 'Time, % of one core']}
          rows={labelsOf(now, 'viewserver_view_rows', 'view').map((view) => {
            const time = rateOf(since, now, 'viewserver_view_maintenance_seconds', { view });
            return [
              view,
              valueOf(now, 'viewserver_view_instances', { view }),
              valueOf(now, 'viewserver_view_rows', { view }),
              rateOf(since, now, 'viewserver_view_deltas', { view }),
              time === null ? null : time * 100,
            ];
          })}
        />
      </div>
    </div>
  );
}

interface TileProps {
  readonly title: string;
  readonly value: number | null;
  readonly show: (value: number) => string;
  readonly line?: readonly number[];
  readonly bad?: (value: number) => boolean;
}

/** A figure; one that the server does not give is left out. */
function Tile({ title, value, show, line, bad }: TileProps) {
  if (value === null) return null;
  return (
    <div className="tile">
      <span className="dim">{title}</span>
      <b className={bad?.(value) ? 'warn' : ''}>{show(value)}</b>
      {line && line.length > 1 && <Sparkline points={line} rising />}
    </div>
  );
}

function Quantiles({ title, name, before, now }: { title: string; name: string; before: Reading | null; now: Reading | null }) {
  const [half, most] = [quantileOf(before, now, name, 0.5), quantileOf(before, now, name, 0.99)];
  if (half === null || most === null) return null;
  return (
    <div className="tile">
      <span className="dim">{title}</span>
      <b>{milliseconds(half)}</b>
      <span className="dim">p99 {milliseconds(most)}</span>
    </div>
  );
}

function Table({ title, head, rows }: { title: string; head: readonly string[]; rows: readonly (readonly (string | number | null)[])[] }) {
  if (rows.length === 0) return null;
  return (
    <div className="table-frame" tabIndex={0} role="region" aria-label={title}>
      <table>
        <caption>{title}</caption>
        <thead><tr>{head.map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => (
            <tr key={String(row[0])}>
              {row.map((value, i) => (i === 0 ? <th key={i} scope="row">{value}</th> : <td key={i}>{typeof value === 'number' ? fixed(value, value < 100 && !Number.isInteger(value) ? 1 : 0) : '–'}</td>))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
