/**
 * A client of the live protocol: one WebSocket, any number of subscriptions, usable in browsers and in Node alike.
 *
 * It connects by itself, again after a loss (with growing, spread delays), and asks for each subscription where it left
 * off. What it says about itself is true: `status` tells whether messages come in, since when they do not, when it tries
 * next, and how long a round trip takes. A server that sends nothing for SILENCE heartbeats is taken for gone, since a
 * half-open connection looks like a quiet one.
 */
import type { ClientMessage, Hello, Selection, ServerMessage } from './protocol.js';
import { PROTOCOL, parseServerMessage } from './protocol.js';
import { Backoff } from './backoff.js';
import { Subscription, type SubscriptionOptions, type Wire } from './subscription.js';

/** The part of a WebSocket that is used; the browser's and Node's `ws` both have it. */
export interface SocketLike {
  readonly readyState: number;
  send(data: string): void;
  close(code?: number): void;
  onopen: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
}
export type SocketFactory = (url: string) => SocketLike;

export type ConnectionPhase = 'connecting' | 'open' | 'waiting' | 'closed';

export interface ConnectionStatus {
  readonly phase: ConnectionPhase;
  /** Date.now() of the last message of any kind, 0 before the first. */
  readonly heard_ms: number;
  /** Date.now() when the connection was lost; 0 while it stands. */
  readonly lost_ms: number;
  /** Date.now() of the next attempt; 0 when none is due. */
  readonly retry_ms: number;
  /** Round trip, milliseconds; null before the first was measured. */
  readonly latency_ms: number | null;
  /** The server's clock minus ours, milliseconds. */
  readonly clock_offset_ms: number;
  readonly version: number;
  readonly server: string;
  readonly heartbeat_ms: number;
  /** Why it was closed, for people; '' when nothing is known. */
  readonly reason: string;
}

export interface ClientOptions {
  readonly url: string;
  readonly socket?: SocketFactory;
  readonly backoff?: Backoff;
  /** Milliseconds between pings; they measure the round trip. */
  readonly ping_ms?: number;
}

const OPEN = 1;
const SILENCE = 2.5;
const DEFAULT_HEARTBEAT_MS = 5000;
const CONNECT_TIMEOUT_MS = 10_000;

const CLOSE_REASONS: Readonly<Record<number, string>> = {
  1001: 'the server is going down',
  1008: 'the server refused our messages',
  1013: 'the server has all the clients that it takes',
  4008: 'this page read too slowly and was cut',
  4009: 'this page left its answers unread and was cut',
};

export class ViewClient {
  private socket: SocketLike | null = null;
  private readonly routes = new Map<string, Subscription>();
  private readonly subscriptions = new Set<Subscription>();
  private readonly listeners = new Set<() => void>();
  private readonly backoff: Backoff;
  private readonly pings = new Map<string, number>();
  private nextNumber = 1;
  private greeted = false;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private watchTimer: ReturnType<typeof setInterval> | undefined;
  private lastPing = 0;
  private connectingSince = 0;
  private current: ConnectionStatus = {
    phase: 'closed', heard_ms: 0, lost_ms: 0, retry_ms: 0, latency_ms: null, clock_offset_ms: 0, version: 0, server: '',
    heartbeat_ms: DEFAULT_HEARTBEAT_MS, reason: '',
  };
  private readonly wire: Wire;

  constructor(private readonly options: ClientOptions) {
    this.backoff = options.backoff ?? new Backoff();
    const client = this;
    this.wire = {
      get open() {
        return client.greeted;
      },
      send: (message) => this.send(message),
      route: (id, subscription) => {
        if (subscription) this.routes.set(id, subscription);
        else this.routes.delete(id);
      },
      nextId: () => `s${this.nextNumber++}`,
    };
  }

  get status(): ConnectionStatus {
    return this.current;
  }

  onStatus(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Connects, and stays connected until close(). */
  connect(): void {
    if (this.current.phase !== 'closed') return;
    this.watchTimer = setInterval(() => this.watch(), 1000);
    this.open();
  }

  /** Follows a view. The subscription lives until its close(), across any number of connections. */
  subscribe(selection: Selection, options: SubscriptionOptions = {}): Subscription {
    const subscription = new Subscription(this.wire, selection, options);
    this.subscriptions.add(subscription);
    const close = subscription.close.bind(subscription);
    subscription.close = () => {
      this.subscriptions.delete(subscription);
      close();
    };
    if (this.greeted) subscription.connected();
    return subscription;
  }

  /** Tries at once: the network is back, or somebody looks at the page again. */
  hurry(): void {
    if (this.current.phase === 'waiting') {
      clearTimeout(this.retryTimer);
      this.open();
    } else {
      this.watch();
    }
  }

  close(): void {
    clearTimeout(this.retryTimer);
    clearInterval(this.watchTimer);
    this.drop();
    this.set({ phase: 'closed', retry_ms: 0 });
  }

  private open(): void {
    this.set({ phase: 'connecting', retry_ms: 0 });
    this.connectingSince = Date.now();
    let socket: SocketLike;
    try {
      const make = this.options.socket ?? ((url: string) => new WebSocket(url) as unknown as SocketLike);
      socket = make(this.options.url);
    } catch (error) {
      this.lost(error instanceof Error ? error.message : String(error));
      return;
    }
    this.socket = socket;
    socket.onmessage = ((event: { data: unknown }) => {
      if (socket === this.socket) this.receive(String(event.data));
    }) as (event: never) => void;
    socket.onclose = ((event: { code?: number; reason?: string }) => {
      if (socket !== this.socket) return;
      this.lost(CLOSE_REASONS[event.code ?? 0] ?? event.reason ?? '');
    }) as (event: never) => void;
    socket.onerror = (() => undefined) as (event: never) => void; // onclose follows, and tells
  }

  private lost(reason: string): void {
    const already = this.current.lost_ms;
    this.drop();
    const delay = this.backoff.next();
    this.set({ phase: 'waiting', lost_ms: already || Date.now(), retry_ms: Date.now() + delay, latency_ms: null, reason });
    this.retryTimer = setTimeout(() => this.open(), delay);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.greeted = false;
    this.pings.clear();
    if (socket) {
      socket.onmessage = socket.onclose = null;
      // Node's `ws` raises an error when it is closed while it connects; nobody is left to care.
      socket.onerror = (() => undefined) as (event: never) => void;
      socket.close(1000);
    }
    for (const subscription of this.subscriptions) subscription.disconnected();
  }

  private receive(text: string): void {
    const message = parseServerMessage(text);
    const now = Date.now();
    if (!message) return;
    this.current = { ...this.current, heard_ms: now };
    switch (message.type) {
      case 'hello':
        return this.greet(message);
      case 'heartbeat':
        this.set({ version: message.version });
        return;
      case 'pong':
        return this.measured(message.nonce, message.time, message.version, now);
      case 'group':
        for (const inner of message.messages) this.deliver(inner);
        return;
      default:
        this.deliver(message);
    }
  }

  private greet(hello: Hello): void {
    if (hello.protocol !== PROTOCOL) {
      this.lost(`the server speaks protocol ${hello.protocol}, this page ${PROTOCOL}: load the page again`);
      return;
    }
    this.greeted = true;
    this.backoff.reset();
    this.set({
      phase: 'open', lost_ms: 0, retry_ms: 0, reason: '', version: hello.version, server: hello.server,
      heartbeat_ms: hello.heartbeat_ms || DEFAULT_HEARTBEAT_MS,
    });
    this.ping();
    for (const subscription of this.subscriptions) subscription.connected();
  }

  private deliver(message: Exclude<ServerMessage, { type: 'group' | 'hello' | 'heartbeat' | 'pong' }>): void {
    if (message.id === null) return;
    this.routes.get(message.id)?.receive(message);
    if ('version' in message && message.version > this.current.version) this.set({ version: message.version });
  }

  private measured(nonce: string, serverTime: number, version: number, now: number): void {
    const sent = this.pings.get(nonce);
    if (sent === undefined) return;
    this.pings.clear();
    const round = performance.now() - sent;
    const offset = serverTime - (now - round / 2);
    this.set({ latency_ms: round, clock_offset_ms: offset, version: Math.max(version, this.current.version) });
  }

  private ping(): void {
    const nonce = `p${this.nextNumber++}`;
    this.lastPing = Date.now();
    this.pings.set(nonce, performance.now());
    this.send({ op: 'ping', nonce });
  }

  /** Once a second: is anybody there? */
  private watch(): void {
    const now = Date.now();
    if (this.current.phase === 'connecting' && now - this.connectingSince > CONNECT_TIMEOUT_MS) {
      this.lost('the server did not answer');
      return;
    }
    if (!this.greeted) return;
    if (now - this.current.heard_ms > this.current.heartbeat_ms * SILENCE) {
      this.lost('the server fell silent');
      return;
    }
    if (now - this.lastPing >= (this.options.ping_ms ?? 2000)) this.ping();
  }

  private send(message: ClientMessage): void {
    if (this.socket && this.socket.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  private set(change: Partial<ConnectionStatus>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) listener();
  }
}
