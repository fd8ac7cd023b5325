/** The one server that this page talks to: its own origin. The client, the REST side, and hooks that follow them. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { Problem, Rest, ViewClient, type ConnectionStatus, type Selection, type Subscription, type SubscriptionState, type ViewInfo } from '../client/index.js';

const origin = typeof location === 'undefined' ? 'http://127.0.0.1:8080' : location.origin;

export const rest = new Rest(origin);
export const client = new ViewClient({ url: origin.replace(/^http/, 'ws') + '/ws' });

/** Connects, and hurries when there is reason to believe that it works again. */
export function start(): void {
  client.connect();
  window.addEventListener('online', () => client.hurry());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) client.hurry();
  });
}

/** The connection as it is now: at once when its phase changes, else a few times a second (versions come faster). */
export function useConnection(): ConnectionStatus {
  useSyncExternalStore(
    (listener) => client.onStatus(listener),
    () => client.status.phase,
  );
  useTick(250);
  return client.status;
}

/** A number that grows every `ms`, to show ages that grow. */
export function useTick(ms: number): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((n) => n + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return tick;
}

/* --- pace: pause and rate, for every subscription of the page --- */

export type Rate = 'live' | '250' | '1000';
export const RATES: readonly { readonly value: Rate; readonly label: string; readonly title: string }[] = [
  { value: 'live', label: 'Live', title: 'Every 100 ms' },
  { value: '250', label: '¼ s', title: 'Every 250 ms' },
  { value: '1000', label: '1 s', title: 'Every second' },
];
const conflation = (rate: Rate): number => (rate === 'live' ? 100 : Number(rate));

let pace: { rate: Rate; paused: boolean } = { rate: 'live', paused: false };
const following = new Set<Subscription>();
const activeListeners = new Set<() => void>();

export function setPace(rate: Rate, paused: boolean): void {
  pace = { rate, paused };
  for (const subscription of following) {
    subscription.setConflation(conflation(rate));
    subscription.setPaused(paused);
  }
}

/** The subscriptions of the page, so that the connection pill can tell how they fare. */
let active: readonly Subscription[] = [];
export function useActiveSubscriptions(): readonly Subscription[] {
  return useSyncExternalStore(
    (listener) => {
      activeListeners.add(listener);
      return () => activeListeners.delete(listener);
    },
    () => active,
  );
}
function activeChanged(): void {
  active = [...following];
  for (const listener of activeListeners) listener();
}

/** Follows a selection as long as the component is there; another selection changes it in place. null follows nothing. */
export function useSubscription(selection: Selection | null): Subscription | null {
  const [subscription, setSubscription] = useState<Subscription | null>(null);
  const latest = useRef<Subscription | null>(null);
  const text = selection === null ? null : JSON.stringify(selection);
  const wanted = text !== null;
  useEffect(() => {
    if (!wanted) return;
    const made = client.subscribe(JSON.parse(text) as Selection, { conflate_ms: conflation(pace.rate) });
    made.setPaused(pace.paused);
    latest.current = made;
    following.add(made);
    activeChanged();
    setSubscription(made);
    return () => {
      following.delete(made);
      activeChanged();
      made.close();
      latest.current = null;
      setSubscription(null);
    };
    // The selection's changes are followed below, without losing the rows.
  }, [wanted]);
  useEffect(() => {
    if (text !== null) latest.current?.change(JSON.parse(text) as Selection);
  }, [text]);
  return subscription;
}

const NOTHING: SubscriptionState = { phase: 'waiting', version: 0, committed_ms: 0, total: 0, strategy: '', columns: [], error: null };

/** What a grid needs: rows, and how they are. A subscription is one; so is an answer that came once. */
export type Followed = Pick<Subscription, 'rows' | 'state' | 'onState'>;

/** The state of a subscription, at most `fps` times a second (its version changes with every message). */
export function useSubscriptionState(subscription: Followed | null, fps = 5): SubscriptionState {
  const [state, setState] = useState<SubscriptionState>(subscription?.state ?? NOTHING);
  useEffect(() => {
    if (!subscription) {
      setState(NOTHING);
      return;
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    let phase = subscription.state.phase;
    setState(subscription.state);
    const stop = subscription.onState(() => {
      const now = subscription.state;
      if (now.phase !== phase || now.error) {
        phase = now.phase;
        clearTimeout(timer);
        timer = undefined;
        setState(now);
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        setState(subscription.state);
      }, 1000 / fps);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [subscription, fps]);
  return state;
}

/* --- what is asked once --- */

export interface Answer<T> {
  readonly value: T | null;
  readonly error: Error | null;
  readonly again: () => void;
}

const RETRY_MS = 2000;

/** Asks when `key` changes, when told to, when the server comes back, and again after an error that may pass. */
export function useAnswer<T>(key: string, ask: (signal: AbortSignal) => Promise<T>): Answer<T> {
  const [state, setState] = useState<{ value: T | null; error: Error | null }>({ value: null, error: null });
  const [round, setRound] = useState(0);
  const epoch = useSyncExternalStore(
    (listener) => client.onStatus(listener),
    () => client.status.phase === 'open',
  );
  useEffect(() => {
    const abort = new AbortController();
    let retry: ReturnType<typeof setTimeout> | undefined;
    ask(abort.signal).then(
      (value) => !abort.signal.aborted && setState({ value, error: null }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        setState((old) => ({ value: old.value, error: error instanceof Error ? error : new Error(String(error)) }));
        // What the server could not answer now, it may soon; what it refuses, it goes on refusing.
        const passing = !(error instanceof Problem) || error.status === 0 || error.status >= 500;
        if (passing) retry = setTimeout(() => setRound((n) => n + 1), RETRY_MS);
      },
    );
    return () => {
      clearTimeout(retry);
      abort.abort();
    };
    // `ask` is named by `key`.
  }, [key, round, epoch]);
  return { ...state, again: () => setRound((n) => n + 1) };
}

export const useViews = (): Answer<readonly ViewInfo[]> => useAnswer('views', () => rest.views());
