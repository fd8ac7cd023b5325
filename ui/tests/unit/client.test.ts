/** The client against a server that speaks the protocol and fails on demand. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket as NodeSocket } from 'ws';
import { Backoff, Rest, ViewClient, type CellChange, type Selection, type SocketLike, type Subscription } from '../../src/client/index.js';
import { Market } from '../support/fake-data.js';
import { FakeServer } from '../support/fake-server.js';

const ALL: Selection = { view: 'account_overview', group_by: ['sector'] };
const DEADLINE_MS = 8000;

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`waited ${DEADLINE_MS} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the client', () => {
  let server: FakeServer;
  let client: ViewClient;
  let url: string;

  beforeEach(async () => {
    server = new FakeServer({ tick_ms: 0, market: new Market(6, 20), chunk_rows: 3 });
    url = await server.start();
    client = connect(url);
  });
  afterEach(async () => {
    client.close();
    await server.stop();
  });

  function connect(to: string): ViewClient {
    const made = new ViewClient({
      url: to.replace('http', 'ws') + '/ws',
      socket: (address) => new NodeSocket(address) as unknown as SocketLike,
      backoff: new Backoff(20, 50),
      ping_ms: 50,
    });
    made.connect();
    return made;
  }

  const live = (subscription: Subscription): Promise<void> => until('it is live', () => subscription.state.phase === 'live');
  const current = (subscription: Subscription): Promise<void> =>
    until('it has the last version', () => subscription.state.phase === 'live' && subscription.state.version === server.version);

  /** The rows, key first, as REST gives them and as the client holds them. */
  async function expectSame(subscription: Subscription): Promise<void> {
    const { view, group_by } = subscription.selection;
    const rest = (await new Rest(url).json(`/api/v1/views/${view}/rows?group_by=${group_by!.join(',')}`)) as { rows: unknown[][] };
    const sorted = (rows: unknown[][]): string[] => rows.map((row) => JSON.stringify(row)).sort();
    expect(sorted([...subscription.rows.rows()].map((row) => row.values))).toEqual(sorted(rest.rows));
  }
  const cellsOf = (subscription: Subscription): CellChange[] => {
    const cells: CellChange[] = [];
    subscription.rows.onChange((change) => change.kind === 'update' && cells.push(...change.cells));
    return cells;
  };
  /** A turn that certainly changes something that is followed. */
  const turn = (): void =>
    server.tick((market) => {
      for (const instrument of market.instruments) if (instrument.price !== null) instrument.price += 1;
    });
  /** Messages come in order: when another subscription has its rows, all that was under way before has come. */
  const allCame = async (): Promise<void> => {
    const other = client.subscribe({ view: 'latest_quote' });
    await live(other);
    other.close();
  };

  it('takes a snapshot in chunks, then deltas, and holds what REST gives', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    expect(subscription.rows.size).toBe(7);
    expect(subscription.state.strategy).toBe('delta');
    await expectSame(subscription);
    for (let i = 0; i < 20; i++) turn();
    await current(subscription);
    await expectSame(subscription);
    expect(subscription.state.committed_ms).toBeGreaterThan(0);
  });

  it('asks for a snapshot when a message is missing', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    server.loseOne();
    turn();
    turn();
    await current(subscription);
    await expectSame(subscription);
    expect(server.subscribes.length).toBe(2);
    expect(server.subscribes[1]!.since, 'what it has is not whole, so it cannot go on from there').toBeUndefined();
  });

  it('goes on where it was after a break', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    turn();
    await current(subscription);
    const rows = [...subscription.rows.rows()];
    const version = subscription.state.version;
    server.cut();
    await until('the break is seen', () => subscription.state.phase === 'waiting');
    expect(subscription.rows.size, 'what was there stays').toBe(rows.length);
    turn();
    await until('it asked again', () => server.subscribes.length === 2);
    expect(server.subscribes[1]!.since).toEqual({ epoch: 'e1', version });
    await current(subscription);
    expect([...subscription.rows.rows()]).toEqual(rows);
    await expectSame(subscription);
  });

  it('compares by key after a restart, and reports nothing that is the same', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    const rows = new Set(subscription.rows.rows());
    const cells = cellsOf(subscription);
    server.restart();
    await until('it asked again', () => server.subscribes.length === 2);
    await live(subscription);
    expect(cells).toEqual([]);
    expect([...subscription.rows.rows()].every((row) => rows.has(row))).toBe(true);
    turn();
    await current(subscription);
    await expectSame(subscription);
  });

  it('takes a server that says nothing for gone', async () => {
    const subscription = client.subscribe(ALL);
    await live(subscription);
    server.silent = true;
    await until('it gave up on the connection', () => client.status.phase !== 'open');
    expect(client.status.reason).toBe('the server fell silent');
    expect(client.status.lost_ms).toBeGreaterThan(0);
    server.silent = false;
    await live(subscription);
  });

  it('waits for a server that is not there, and says when it tries', async () => {
    const port = Number(new URL(url).port);
    await server.stop();
    await until('it waits', () => client.status.phase === 'waiting');
    expect(client.status.retry_ms).toBeGreaterThan(0);
    const subscription = client.subscribe(ALL);
    expect(subscription.state.phase).toBe('waiting');
    server = new FakeServer({ tick_ms: 0, port, market: new Market(6, 20) });
    await server.start();
    await live(subscription);
    expect(client.status.lost_ms).toBe(0);
  });

  it('tells what was refused and why, and takes a better selection', async () => {
    const subscription = client.subscribe({ view: 'account_overview', group_by: ['sectr'] });
    await until('it is refused', () => subscription.state.phase === 'failed');
    expect(subscription.state.error?.allowed).toContain('sector');
    subscription.change(ALL);
    await live(subscription);
    expect(subscription.state.error).toBeNull();
  });

  it('changes the selection in place', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    const cells = cellsOf(subscription);
    subscription.change({ ...ALL, params: { accounts: ['ACC001'] } });
    expect(subscription.state.phase).toBe('catching_up');
    expect(subscription.rows.size, 'nothing goes before the new rows come').toBe(7);
    await live(subscription);
    expect(server.subscribes.length, 'by a change message').toBe(1);
    expect(cells, 'another selection is no change of the data').toEqual([]);
    turn();
    await current(subscription);
    expect(cells.length).toBeGreaterThan(0);
  });

  it('follows the last of several quick changes', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    for (const group of ['currency', 'account_name', 'instrument_name', 'currency']) subscription.change({ ...ALL, group_by: [group] });
    await live(subscription);
    await until('it has the columns of the last', () => subscription.rows.columns[0]?.name === 'currency');
    turn();
    await current(subscription);
    await expectSame(subscription);
  });

  it('goes on as it was when a change is refused', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    subscription.change({ ...ALL, group_by: ['nothing'] });
    await until('the error is there', () => subscription.state.error !== null);
    expect(subscription.state.phase).toBe('live');
    turn();
    await until('deltas come', () => subscription.state.version === server.version);
  });

  it('gets nothing while paused, and the newest on going on', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    subscription.setPaused(true);
    expect(subscription.state.phase).toBe('paused');
    const { version } = subscription.state;
    await allCame();
    turn();
    turn();
    await allCame();
    expect(subscription.state.version).toBe(version);
    subscription.setPaused(false);
    await current(subscription);
    await expectSame(subscription);
  });

  it('gets its rows when it was paused before they came', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    subscription.setPaused(true);
    await until('the rows are here', () => subscription.rows.size === 7);
    expect(subscription.state.phase).toBe('paused');
  });

  it('measures the round trip', async () => {
    await until('a ping is answered', () => client.status.latency_ms !== null);
    expect(client.status.latency_ms).toBeLessThan(1000);
    expect(Math.abs(client.status.clock_offset_ms)).toBeLessThan(1000);
  });

  it('says nothing more once closed', async () => {
    const subscription = client.subscribe(ALL, { conflate_ms: 0 });
    await live(subscription);
    const { version } = subscription.state;
    subscription.close();
    turn();
    await allCame();
    expect(subscription.state.version).toBe(version);
  });
});

describe('the delays between attempts', () => {
  it('double, are spread, and end at the most', () => {
    const low = new Backoff(100, 1000, () => 0);
    expect([low.next(), low.next(), low.next(), low.next(), low.next()]).toEqual([50, 100, 200, 400, 500]);
    low.reset();
    expect(low.next()).toBe(50);
    expect(new Backoff(100, 1000, () => 1).next()).toBe(100);
  });
});
