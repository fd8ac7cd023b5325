/** The connection as it is: the one place that always tells the truth about what the page shows. */
import type { ConnectionStatus, Subscription } from '../client/index.js';
import { client, useActiveSubscriptions, useConnection } from '../store/server.js';
import { Popover } from '../controls/popover.js';

export interface Truth {
  readonly state: 'live' | 'busy' | 'bad' | 'idle';
  readonly word: string;
  readonly detail: string;
}

const clock = (ms: number): string => new Date(ms).toTimeString().slice(0, 8);

export function age(ms: number): string {
  if (ms < 0) return '0.0 s';
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${Math.round(ms / 3_600_000)} h`;
}

/** What to say, worked out from the connection and the subscriptions that the page shows. */
export function truthOf(status: ConnectionStatus, subscriptions: readonly Subscription[], paused: boolean, online: boolean, now: number): Truth {
  if (status.phase !== 'open') {
    const since = status.heard_ms > 0 ? `stale since ${clock(status.heard_ms)}` : '';
    if (!online) return { state: 'bad', word: 'Offline', detail: since };
    if (status.phase === 'waiting') {
      const left = Math.max(0, Math.ceil((status.retry_ms - now) / 1000));
      return { state: 'bad', word: since ? `Stale since ${clock(status.heard_ms)}` : 'No server', detail: `retrying in ${left} s` };
    }
    return { state: status.heard_ms > 0 ? 'bad' : 'busy', word: status.heard_ms > 0 ? `Stale since ${clock(status.heard_ms)}` : 'Connecting', detail: status.heard_ms > 0 ? 'retrying now' : '' };
  }
  const silent = now - status.heard_ms;
  if (silent > status.heartbeat_ms * 1.5) return { state: 'bad', word: `Stale since ${clock(status.heard_ms)}`, detail: `silent for ${age(silent)}` };
  if (paused) return { state: 'busy', word: 'Paused', detail: `version ${status.version.toLocaleString('en')} on server` };
  const phases = subscriptions.map((s) => s.state.phase);
  if (phases.includes('failed')) return { state: 'bad', word: 'Refused', detail: 'see the page' };
  if (phases.some((p) => p === 'loading' || p === 'catching_up' || p === 'waiting')) return { state: 'busy', word: 'Catching up', detail: '' };
  const committed = Math.max(0, ...subscriptions.map((s) => s.state.committed_ms));
  const parts: string[] = [];
  if (committed > 0) parts.push(age(now + status.clock_offset_ms - committed) + ' old');
  if (status.latency_ms !== null) parts.push(`${status.latency_ms < 10 ? status.latency_ms.toFixed(1) : Math.round(status.latency_ms)} ms`);
  return { state: 'live', word: 'Live', detail: parts.join(' · ') };
}

export function Pill({ paused }: { paused: boolean }) {
  const status = useConnection();
  const subscriptions = useActiveSubscriptions();
  const now = Date.now();
  const truth = truthOf(status, subscriptions, paused, navigator.onLine, now);
  return (
    <>
      <PillPopover truth={truth} status={status} subscriptions={subscriptions} now={now} />
      <span className="sr-only" role="status">{`Connection: ${truth.word}`}</span>
    </>
  );
}

function PillPopover({ truth, status, subscriptions, now }: { truth: Truth; status: ConnectionStatus; subscriptions: readonly Subscription[]; now: number }) {
  return (
    <div data-pill data-state={truth.state}>
      <Popover
        end
        className={`pill ${truth.state}`}
        panelLabel="Connection"
        label={
          <>
            <span className="dot" aria-hidden="true" />
            <span className="sr-only">Connection: </span>
            <b>{truth.word}</b>
            {truth.detail && <span className="detail">{truth.detail}</span>}
          </>
        }
      >
        {() => (
          <>
            <dl className="facts">
              <dt>Server</dt>
              <dd>{status.server || 'not known yet'}</dd>
              <dt>Version</dt>
              <dd>{status.version > 0 ? status.version.toLocaleString('en') : '–'}</dd>
              <dt>Last message</dt>
              <dd>{status.heard_ms > 0 ? `${age(now - status.heard_ms)} ago` : 'none yet'}</dd>
              <dt>Round trip</dt>
              <dd>{status.latency_ms === null ? '–' : `${status.latency_ms.toFixed(1)} ms`}</dd>
              {status.reason && (
                <>
                  <dt>Last break</dt>
                  <dd>{status.reason}</dd>
                </>
              )}
              {subscriptions.map((s, i) => (
                <FactsOf key={i} subscription={s} />
              ))}
            </dl>
            {status.phase === 'waiting' && (
              <button type="button" className="button" onClick={() => client.hurry()}>Try now</button>
            )}
          </>
        )}
      </Popover>
    </div>
  );
}

function FactsOf({ subscription }: { subscription: Subscription }) {
  const { phase, version, strategy } = subscription.state;
  return (
    <>
      <dt>{subscription.selection.view}</dt>
      <dd>{phase.replace('_', ' ')} at {version.toLocaleString('en')}{strategy && `, ${strategy}`}</dd>
    </>
  );
}
