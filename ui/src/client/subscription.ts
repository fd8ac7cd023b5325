/**
 * One view followed by one client: what was asked for, what is there, and the messages that keep it so.
 *
 * Invariants: `rows` equals the selection at `version` whenever `phase` is live or paused. Each time that it is asked for
 * anew it gets another id on the wire, so that late messages of the one before are nobody's. A gap in `seq`, or a delta
 * that does not fit, is answered by asking anew without `since`.
 */
import type { Changes, ClientMessage, Column, Selection, ServerError, ServerMessage, Since, SubscribeMessage } from './protocol.js';
import { Backoff } from './backoff.js';
import { RowStore } from './rows.js';

export type Phase =
  /** No connection yet, or none now: what is shown is as old as it is. */
  | 'waiting'
  /** Asked for; nothing of it is here. */
  | 'loading'
  /** Rows are here, the newest are on their way: after a reconnect, a change or an overflow. */
  | 'catching_up'
  | 'live'
  | 'paused'
  | 'failed';

export interface SubscriptionState {
  readonly phase: Phase;
  readonly version: number;
  /** Wall clock of the commit of the last delta (server's clock), 0 before the first. */
  readonly committed_ms: number;
  /** Rows of the whole selection; more than are here when it is a window. */
  readonly total: number;
  readonly strategy: string;
  readonly columns: readonly Column[];
  readonly error: ServerError | null;
}

/** What a delta did, for those who measure or record. */
export type DeltaListener = (delta: Changes & { version: number; time?: number }) => void;

export interface SubscriptionOptions {
  readonly conflate_ms?: number;
  readonly rows?: RowStore;
}

/** What a subscription needs of its connection. */
export interface Wire {
  readonly open: boolean;
  send(message: ClientMessage): void;
  /** Routes messages with this id to the subscription, until it takes the next id or closes. */
  route(id: string, subscription: Subscription | null): void;
  nextId(): string;
}

/** Errors that may go away by themselves. */
const PASSING = new Set(['busy', 'io', 'internal', 'view_dropped', 'conflict', 'out_of_memory']);

export class Subscription {
  readonly rows: RowStore;
  private current: SubscriptionState = {
    phase: 'waiting', version: 0, committed_ms: 0, total: 0, strategy: '', columns: [], error: null,
  };
  private readonly listeners = new Set<() => void>();
  private readonly deltaListeners = new Set<DeltaListener>();
  private id: string | null = null;
  private seq = 0;
  private epoch: string | null = null;
  private whole = false;
  private paused = false;
  private pauseSent = false;
  /** Changes that the server has not answered yet; each is answered by `subscribed` or `error`. */
  private unanswered = 0;
  private closed = false;
  /** The next snapshot is of another selection than the rows that are here. */
  private replacing = true;
  private conflateMs: number | undefined;
  private readonly backoff = new Backoff(1000, 15_000);
  private retry: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly wire: Wire,
    private asked: Selection,
    options: SubscriptionOptions = {},
  ) {
    this.rows = options.rows ?? new RowStore();
    this.conflateMs = options.conflate_ms;
  }

  get state(): SubscriptionState {
    return this.current;
  }

  get selection(): Selection {
    return this.asked;
  }

  onState(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onDelta(listener: DeltaListener): () => void {
    this.deltaListeners.add(listener);
    return () => this.deltaListeners.delete(listener);
  }

  /** Follows something else, over the same connection; what is here stays until the new rows come. */
  change(selection: Selection): void {
    if (JSON.stringify(selection) === JSON.stringify(this.asked)) return;
    const before = this.asked;
    this.asked = selection;
    this.replacing = true;
    if (!this.wire.open || this.id === null || before.view !== selection.view || this.current.phase === 'failed') {
      if (this.wire.open) this.ask(false);
      return;
    }
    // A change while the answer to an earlier one is on its way would make the two hard to tell apart: ask anew.
    if (this.current.phase !== 'live' && this.current.phase !== 'paused') return this.ask(false);
    this.whole = false;
    this.unanswered++;
    this.set({ phase: 'catching_up', error: null });
    const changed: Record<string, unknown> = {};
    for (const field of ['params', 'group_by', 'filter', 'order_by', 'offset', 'limit'] as const) {
      if (JSON.stringify(selection[field]) !== JSON.stringify(before[field])) changed[field] = selection[field] ?? null;
    }
    this.wire.send({ op: 'change', id: this.id, ...changed });
  }

  /** At most one delta in so many milliseconds. */
  setConflation(ms: number): void {
    if (this.conflateMs === ms) return;
    this.conflateMs = ms;
    if (this.wire.open && this.id !== null && this.current.phase !== 'failed') {
      this.unanswered++;
      this.wire.send({ op: 'change', id: this.id, conflate_ms: ms });
    }
  }

  setPaused(paused: boolean): void {
    if (this.paused === paused) return;
    this.paused = paused;
    if (!this.wire.open || this.id === null || this.current.phase === 'failed') return;
    if (!paused && !this.pauseSent) return;
    if (paused && !this.whole) return; // settled() sends it: a paused subscription would not get its snapshot
    this.pauseSent = paused;
    this.wire.send({ op: paused ? 'pause' : 'resume', id: this.id });
    if (this.whole) this.set({ phase: paused ? 'paused' : 'live' });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.retry);
    this.letGo();
    this.listeners.clear();
    this.deltaListeners.clear();
  }

  /* --- called by the connection --- */

  connected(): void {
    this.ask(true);
  }

  disconnected(): void {
    clearTimeout(this.retry);
    if (this.id !== null) this.wire.route(this.id, null);
    this.id = null;
    if (this.current.phase !== 'failed') this.set({ phase: 'waiting' });
  }

  receive(message: ServerMessage): void {
    switch (message.type) {
      case 'subscribed':
        this.epoch = message.epoch;
        this.seq = 0;
        this.unanswered = Math.max(0, this.unanswered - 1);
        if (!message.reset) {
          if (this.unanswered === 0) this.settled(message.version, message.strategy);
          return;
        }
        this.whole = false;
        this.rows.expectSnapshot(message, !this.replacing, this.asked.limit !== undefined);
        this.set({
          phase: this.rows.size === 0 ? 'loading' : 'catching_up', strategy: message.strategy, columns: message.columns, error: null,
        });
        return;
      case 'snapshot':
        if (!this.inSequence(message.seq)) return;
        this.replacing = false;
        this.rows.snapshotChunk(message.last, message.rows);
        this.set({ total: message.total });
        if (message.last) this.settled(message.version, this.current.strategy);
        return;
      case 'delta':
        if (!this.inSequence(message.seq)) return;
        if (!this.rows.apply(message)) return this.ask(false);
        this.set({ version: message.version, committed_ms: message.time, total: message.total ?? (this.asked.limit === undefined ? this.rows.size : this.current.total) });
        for (const listener of this.deltaListeners) listener(message);
        return;
      case 'progress':
        if (this.inSequence(message.seq)) this.set({ version: message.version });
        return;
      case 'overflow':
        if (!this.inSequence(message.seq)) return;
        this.whole = false;
        this.rows.expectSnapshot({ columns: this.rows.columns, key: this.rows.key }, true, this.asked.limit !== undefined);
        this.set({ phase: 'catching_up' });
        return;
      case 'must_resnapshot':
        this.whole = false;
        this.set({ phase: 'catching_up' });
        return;
      case 'error':
        return this.failed(message);
      default:
        return;
    }
  }

  /* --- inside --- */

  private ask(resume: boolean): void {
    if (this.closed) return;
    clearTimeout(this.retry);
    this.letGo();
    this.id = this.wire.nextId();
    this.seq = 0;
    this.unanswered = 0;
    this.pauseSent = false;
    this.wire.route(this.id, this);
    const since: Since | undefined =
      resume && this.whole && !this.replacing && this.epoch !== null && this.asked.limit === undefined
        ? { epoch: this.epoch, version: this.current.version }
        : undefined;
    const message: SubscribeMessage = {
      op: 'subscribe',
      id: this.id,
      ...this.asked,
      ...(this.conflateMs === undefined ? {} : { conflate_ms: this.conflateMs }),
      ...(since ? { since } : {}),
    };
    this.set({ phase: this.rows.size === 0 ? 'loading' : 'catching_up', error: null });
    this.wire.send(message);
  }

  private letGo(): void {
    if (this.id === null) return;
    this.wire.route(this.id, null);
    if (this.wire.open) this.wire.send({ op: 'unsubscribe', id: this.id });
    this.id = null;
  }

  private inSequence(seq: number): boolean {
    if (seq === this.seq + 1) {
      this.seq = seq;
      return true;
    }
    this.whole = false;
    this.ask(false);
    return false;
  }

  private settled(version: number, strategy: string): void {
    this.whole = true;
    this.replacing = false;
    this.backoff.reset();
    if (this.paused && !this.pauseSent && this.id !== null) {
      this.pauseSent = true;
      this.wire.send({ op: 'pause', id: this.id });
    }
    const total = this.asked.limit === undefined ? this.rows.size : this.current.total;
    this.set({ phase: this.paused ? 'paused' : 'live', version, strategy, total, error: null });
  }

  private failed(error: ServerError): void {
    // A change that was refused leaves the subscription as it was, on the server and here.
    if (this.unanswered > 0 && error.code !== 'view_dropped') {
      this.unanswered--;
      this.whole = true;
      this.set({ phase: this.paused ? 'paused' : 'live', error });
      return;
    }
    this.whole = false;
    this.set({ phase: 'failed', error });
    if (!PASSING.has(error.code)) return;
    this.retry = setTimeout(() => {
      if (this.wire.open) this.ask(false);
    }, this.backoff.next());
  }

  private set(change: Partial<SubscriptionState>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
