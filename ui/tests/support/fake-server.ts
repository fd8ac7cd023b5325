/**
 * A server for the page's tests that speaks the live protocol over generated data: no engine, but the same messages, and
 * faults on demand (a cut, silence, a lost message, a start from new). It serves the built page with the real server's policy.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ClientMessage, RowTuple, SubscribeMessage, Value } from '../../src/client/index.js';
import { Market } from './fake-data.js';
import { body, definitionOf, dryRun, instances, log, metrics, publish } from './fake-rest.js';
import { Refused, fakeViews, type FakeSelection, type FakeView, type Table } from './fake-views.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json',
};
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const ACCOUNT_TABLE = {
  name: 'account', title: 'Accounts', topic: 'base.account', append: false, records: 24, dead_letters: 0, key: ['account_id'],
  columns: [{ name: 'account_id', type: 'TEXT' }, { name: 'account_name', type: 'TEXT' }],
};

async function bodyOf<T>(request: IncomingMessage): Promise<T> {
  let text = '';
  for await (const piece of request) text += String(piece);
  return body<T>(text);
}

const HEARTBEAT_MS = 1000;
const HELD_VERSIONS = 400;

/** One selection, its rows by key, and what its last versions changed. */
class Instance {
  private ids = new Map<string, number>();
  private nextId = 1;
  rows = new Map<number, readonly Value[]>();
  columns: Table['columns'] = [];
  key: Table['key'] = [];
  readonly history: { version: number; changes: Changes }[] = [];

  constructor(
    readonly view: FakeView,
    readonly selection: FakeSelection,
    readonly since: number,
  ) {}

  private idOf(row: readonly Value[]): number {
    const name = JSON.stringify(this.key.map((k) => row[this.columns.findIndex((c) => c.name === k)]));
    let id = this.ids.get(name);
    if (id === undefined) this.ids.set(name, (id = this.nextId++));
    return id;
  }

  compute(market: Market): Changes {
    const table = this.view.compute(market, this.selection);
    this.columns = table.columns;
    this.key = table.key;
    const next = new Map<number, readonly Value[]>();
    for (const row of table.rows) next.set(this.idOf(row), row);
    const changes: Changes = { remove: [], set: [], add: [] };
    for (const id of this.rows.keys()) if (!next.has(id)) changes.remove.push([id, 'deleted']);
    for (const [id, row] of next) {
      const before = this.rows.get(id);
      if (!before) changes.add.push([id, ...row]);
      else row.forEach((value, column) => value !== before[column] && changes.set.push([id, column, value]));
    }
    this.rows = next;
    return changes;
  }
}

interface Changes {
  remove: [number, string][];
  set: [number, number, Value][];
  add: RowTuple[];
}

interface Following {
  instance: Instance;
  limit: number | undefined;
  seq: number;
  paused: boolean;
  shown: Map<number, readonly Value[]>;
  conflate: number;
  sent: number;
}

interface Client {
  socket: WebSocket;
  following: Map<string, Following>;
}

export interface FakeOptions {
  readonly tick_ms?: number;
  readonly dist?: string;
  readonly market?: Market;
  readonly port?: number;
  readonly chunk_rows?: number;
}

export class FakeServer {
  readonly market: Market;
  version = 100;
  epoch = 'e1';
  /** The delta messages that went out, for tests that compare. */
  readonly sent: { id: string; version: number; at: number; set: [number, number, Value][]; rows: Instance }[] = [];
  silent = false;
  private dropNext = false;
  private readonly views: readonly FakeView[];
  private instances = new Map<string, Instance>();
  private readonly clients = new Set<Client>();
  private readonly http: Server;
  private readonly sockets: WebSocketServer;
  private timers: ReturnType<typeof setInterval>[] = [];
  subscribes: SubscribeMessage[] = [];

  constructor(private readonly options: FakeOptions = {}) {
    this.market = options.market ?? new Market();
    this.views = fakeViews(this.market);
    this.http = createServer((request, response) => void this.answer(request, response));
    this.sockets = new WebSocketServer({ server: this.http, path: '/ws' });
    this.sockets.on('connection', (socket) => this.join(socket));
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.http.listen(this.options.port ?? 0, '127.0.0.1', resolve));
    const tick = this.options.tick_ms ?? 100;
    if (tick > 0) this.timers.push(setInterval(() => this.tick(), tick));
    this.timers.push(setInterval(() => this.tell({ type: 'heartbeat', version: this.version, time: Date.now() }), HEARTBEAT_MS));
    return this.url;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.cut();
    this.sockets.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  /** Breaks every connection without a goodbye. */
  cut(): void {
    for (const client of this.clients) client.socket.terminate();
  }

  /** The next delta is counted and not sent. */
  loseOne(): void {
    this.dropNext = true;
  }

  /** As after a restart without the old database: other epoch, other row ids. */
  restart(): void {
    this.epoch = 'e' + (Number(this.epoch.slice(1)) + 1);
    this.instances = new Map();
    this.version = 5;
    this.cut();
  }

  /** One version; `change` may do something of its own to the market. */
  tick(change: (market: Market) => void = (market) => market.tick()): void {
    change(this.market);
    this.version++;
    for (const instance of this.instances.values()) {
      instance.history.push({ version: this.version, changes: instance.compute(this.market) });
      if (instance.history.length > HELD_VERSIONS) instance.history.shift();
    }
    for (const client of this.clients) {
      for (const [id, following] of client.following) this.deliver(client, id, following);
    }
  }

  /* --- live --- */

  private tell(message: unknown): void {
    for (const client of this.clients) this.send(client, message);
  }

  private send(client: Client, message: unknown): void {
    if (!this.silent && client.socket.readyState === client.socket.OPEN) client.socket.send(JSON.stringify(message));
  }

  private join(socket: WebSocket): void {
    const client: Client = { socket, following: new Map() };
    this.clients.add(client);
    socket.on('close', () => this.clients.delete(client));
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as ClientMessage;
      try {
        this.take(client, message);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const id = 'id' in message ? message.id : null;
        this.send(client, { type: 'error', id, code: error.code, message: error.message, hint: error.hint, allowed: error.allowed });
      }
    });
    this.send(client, { type: 'hello', protocol: 1, server: 'viewserver fake', version: this.version, epoch: this.epoch, heartbeat_ms: HEARTBEAT_MS, limits: {} });
  }

  private instanceOf(view: string, selection: FakeSelection): Instance {
    const found = this.views.find((v) => v.info.name === view);
    if (!found) throw new Refused('not_found', `there is no view '${view}'`, `the views are: ${this.views.map((v) => v.info.name).join(', ')}`);
    const name = view + JSON.stringify(selection);
    let instance = this.instances.get(name);
    if (!instance) {
      instance = new Instance(found, selection, this.version);
      instance.compute(this.market);
      this.instances.set(name, instance);
    }
    return instance;
  }

  private take(client: Client, message: ClientMessage): void {
    if (message.op === 'ping') return this.send(client, { type: 'pong', nonce: message.nonce, version: this.version, time: Date.now() });
    const following = client.following.get(message.id);
    if (message.op === 'subscribe') {
      this.subscribes.push(message);
      const selection = { params: message.params ?? {}, group_by: message.group_by ?? [], filter: message.filter ?? null };
      const instance = this.instanceOf(message.view, selection);
      const made: Following = { instance, limit: message.limit, seq: 0, paused: false, shown: new Map(), conflate: message.conflate_ms ?? 100, sent: 0 };
      client.following.set(message.id, made);
      return this.begin(client, message.id, made, message.since);
    }
    if (!following) throw new Refused('unknown_subscription', `there is no subscription '${message.id}'`);
    if (message.op === 'unsubscribe') {
      client.following.delete(message.id);
      this.send(client, { type: 'unsubscribed', id: message.id });
    } else if (message.op === 'pause') {
      following.paused = true;
    } else if (message.op === 'resume') {
      following.paused = false;
      this.deliver(client, message.id, following);
    } else if (message.op === 'change') {
      if (message.conflate_ms !== undefined) following.conflate = message.conflate_ms ?? 100;
      const before = following.instance.selection;
      const selection = {
        params: message.params === undefined ? before.params : (message.params ?? {}),
        group_by: message.group_by === undefined ? before.group_by : (message.group_by ?? []),
        filter: message.filter === undefined ? before.filter : message.filter,
      };
      const instance = this.instanceOf(following.instance.view.info.name as string, selection);
      if (instance === following.instance) return this.subscribed(client, message.id, following, false, false);
      following.instance = instance;
      this.begin(client, message.id, following, undefined);
    }
  }

  private subscribed(client: Client, id: string, { instance, conflate, limit }: Following, reset: boolean, resumed: boolean): void {
    client.following.get(id)!.seq = 0;
    this.send(client, {
      type: 'subscribed', id, view: instance.view.info.name, epoch: this.epoch, version: this.version, strategy: 'delta', reset, resumed,
      key: instance.key, columns: instance.columns, selection: { ...instance.selection.params, group_by: instance.selection.group_by },
      filter: instance.selection.filter, order_by: [], offset: null, limit: limit ?? null, conflate_ms: conflate, group: null,
    });
  }

  private begin(client: Client, id: string, following: Following, since: SubscribeMessage['since']): void {
    const { instance } = following;
    if (since) {
      const held = since.epoch === this.epoch && since.version >= (instance.history[0]?.version ?? this.version + 1) - 1;
      if (held && since.version >= instance.since) {
        following.shown = this.rowsAt(instance, since.version);
        this.subscribed(client, id, following, false, true);
        return this.deliver(client, id, following);
      }
      this.send(client, { type: 'must_resnapshot', id, reason: `version ${since.version} is not held any more` });
    }
    this.subscribed(client, id, following, true, false);
    const rows = [...instance.rows].slice(0, following.limit ?? Infinity);
    following.shown = new Map(rows);
    const size = this.options.chunk_rows ?? 500;
    const chunks = Math.max(1, Math.ceil(rows.length / size));
    for (let chunk = 0; chunk < chunks; chunk++) {
      this.send(client, {
        type: 'snapshot', id, seq: ++following.seq, version: this.version, chunk, last: chunk === chunks - 1, total: instance.rows.size,
        rows: rows.slice(chunk * size, (chunk + 1) * size).map(([rowId, values]) => [rowId, ...values]),
      });
    }
  }

  /** What the rows were at an older version: the newer changes taken back is more than a test needs, so only values that
   * changed since are forgotten, and come again. */
  private rowsAt(instance: Instance, version: number): Map<number, readonly Value[]> {
    const shown = new Map(instance.rows);
    for (const { version: at, changes } of instance.history) {
      if (at <= version) continue;
      for (const [id, column] of changes.set) {
        const row = shown.get(id);
        if (row) shown.set(id, row.map((value, i) => (i === column ? Number.NaN : value)));
      }
    }
    return shown;
  }

  private deliver(client: Client, id: string, following: Following): void {
    const now = Date.now();
    if (following.paused || now - following.sent < following.conflate - 5) return;
    const set: [number, number, Value][] = [];
    const remove: [number, string][] = [];
    const add: RowTuple[] = [];
    for (const [rowId, before] of following.shown) {
      const row = following.instance.rows.get(rowId);
      row?.forEach((value, column) => value !== before[column] && set.push([rowId, column, value]));
      if (row) following.shown.set(rowId, row);
      else if (following.shown.delete(rowId)) remove.push([rowId, 'deleted']);
    }
    if (following.limit === undefined) {
      for (const [rowId, row] of following.instance.rows) {
        if (following.shown.has(rowId)) continue;
        following.shown.set(rowId, row);
        add.push([rowId, ...row]);
      }
    }
    if (set.length + remove.length + add.length === 0) return;
    following.sent = now;
    const message = { type: 'delta', id, seq: ++following.seq, version: this.version, time: now, remove, set, add };
    if (this.dropNext) {
      this.dropNext = false;
      return;
    }
    this.sent.push({ id, version: this.version, at: now, set, rows: following.instance });
    if (this.sent.length > 1000) this.sent.shift();
    this.send(client, message);
  }

  /* --- REST and files --- */

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const json = (body: unknown, status = 200): void => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    };
    const rows = /^\/api\/v1\/views\/([a-z0-9_]+)\/rows$/.exec(url.pathname);
    const one = /^\/api\/v1\/views\/(\w+)(\/dry_run)?$/.exec(url.pathname);
    try {
      if (url.pathname === '/api/v1/views' && request.method === 'POST') {
        const { name, definition } = await bodyOf<{ name: string; definition: string }>(request);
        const told = publish(name, definition, undefined);
        return json(told.body, told.status);
      }
      if (url.pathname === '/api/v1/views') return json(this.views.map((v) => v.info));
      if (rows) return json(this.rowsOf(rows[1]!, url.searchParams));
      if (url.pathname === '/metrics') {
        response.writeHead(200, { 'Content-Type': 'application/openmetrics-text' }).end(metrics(this.version, this.clients.size));
        return;
      }
      if (url.pathname === '/api/v1') return json({ name: 'viewserver', version: 'fake', uptime_s: 61, ready: true });
      if (url.pathname === '/api/v1/instances') return json(instances());
      if (url.pathname === '/api/v1/log') return json(log(Number(url.searchParams.get('since') ?? 0)));
      if (one) {
        const name = one[1]!;
        if (request.method === 'GET') return json(definitionOf(name));
        const { definition } = await bodyOf<{ definition: string }>(request);
        const told = one[2] ? dryRun(definition) : publish(name, definition, request.headers['if-match']);
        return json(told.body, told.status);
      }
      if (url.pathname === '/api/v1/tables') return json([ACCOUNT_TABLE]);
      if (url.pathname === '/api/v1/sql') return json(this.query(await bodyOf(request)));
      if (url.pathname.startsWith('/api/')) return json({ title: 'Not found', status: 404, detail: `There is nothing at ${url.pathname}.` }, 404);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return json({ title: error.code, status: error.code === 'not_found' ? 404 : 400, detail: error.message, hint: error.hint }, error.code === 'not_found' ? 404 : 400);
    }
    this.file(url.pathname, response);
  }

  /** Knows the table of accounts and the bars; anything else is an error with its position, as a mistake in SQL is. */
  private query({ sql }: { sql: string }): unknown {
    if (/FROM "ohlc_1m"/.test(sql)) return this.rowsOf('ohlc_1m', new URLSearchParams(), ['symbol', 'close']);
    if (!/FROM "?account"?\b/i.test(sql)) throw new Refused('sql', 'no such table', 'the tables are: account');
    return { version: this.version, key: [], columns: ACCOUNT_TABLE.columns, rows: this.market.accounts.map((a) => [a.id, a.name]) };
  }

  private rowsOf(view: string, query: URLSearchParams, only?: readonly string[]): unknown {
    const list = (name: string): string[] | undefined => query.get(name)?.split(',');
    const params: Record<string, unknown> = {};
    for (const name of ['accounts', 'exposures']) if (query.has(name)) params[name] = list(name);
    const instance = this.instanceOf(view, { params, group_by: list('group_by') ?? [], filter: query.get('filter') });
    const kept = instance.columns.map((c, i) => (!only || only.includes(c.name) ? i : -1)).filter((i) => i >= 0);
    const rows = [...instance.rows.values()].map((row) => kept.map((i) => row[i] ?? null));
    return { view, version: this.version, key: instance.key, columns: kept.map((i) => instance.columns[i]), rows };
  }

  private file(path: string, response: ServerResponse): void {
    const root = this.options.dist;
    const name = normalize(path === '/' ? '/index.html' : path);
    const file = root ? join(root, name) : '';
    if (!root || name.includes('..') || !existsSync(file)) {
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('not found\n');
      return;
    }
    response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': POLICY, 'X-Content-Type-Options': 'nosniff' });
    createReadStream(file).pipe(response);
  }
}

