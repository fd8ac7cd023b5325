import { beforeEach, describe, expect, it } from 'vitest';
import type { Column } from '../../src/client/protocol.js';
import { RowStore, type RowChange } from '../../src/client/rows.js';

const COLUMNS: readonly Column[] = [
  { name: 'name', type: 'TEXT' },
  { name: 'worth', type: 'REAL' },
];

describe('a row store', () => {
  let store: RowStore;
  let changes: RowChange[];

  beforeEach(() => {
    store = new RowStore();
    store.expectSnapshot({ columns: COLUMNS, key: ['name'] }, false, false);
    store.snapshotChunk(true, [[1, 'a', 10], [2, 'b', 20]]);
    changes = [];
    store.onChange((change) => changes.push(change));
  });

  const rows = (): unknown[] => [...store.rows()].map((row) => [row.id, ...row.values]);
  const last = (): Extract<RowChange, { kind: 'update' }> => {
    const change = changes.at(-1);
    if (change?.kind !== 'update') throw new Error('the last change is no update');
    return change;
  };

  it('reports a cell with the value that was there', () => {
    store.apply({ set: [[2, 1, 21]] });
    expect(last().cells.map(({ row, column, before }) => [row.id, column, before])).toEqual([[2, 1, 20]]);
    expect(rows()).toEqual([[1, 'a', 10], [2, 'b', 21]]);
  });

  it('reports nothing for a cell that stays as it is', () => {
    store.apply({ set: [[2, 1, 20]] });
    expect(changes).toEqual([]);
  });

  it('says when a delta speaks of a row that is not there', () => {
    expect(store.apply({ set: [[9, 1, 0]] })).toBe(false);
    expect(store.apply({ remove: [[9, 'deleted']] })).toBe(false);
    expect(store.apply({ set: [[1, 7, 0]] })).toBe(false);
  });

  it('keeps a row object over a second snapshot, and reports what differs only', () => {
    const before = store.get(1);
    store.expectSnapshot({ columns: COLUMNS, key: ['name'] }, true, false);
    store.snapshotChunk(false, [[11, 'a', 10]]);
    expect(rows(), 'the old rows stay until the snapshot is whole').toEqual([[1, 'a', 10], [2, 'b', 20]]);
    store.snapshotChunk(true, [[13, 'c', 30]]);
    expect(store.get(11)).toBe(before);
    expect(last().cells).toEqual([]);
    expect(last().added.map((r) => r.id)).toEqual([13]);
    expect(last().removed.map((r) => r.values[0])).toEqual(['b']);
  });

  it('compares rows by id where the view has no key', () => {
    const plain = new RowStore();
    plain.expectSnapshot({ columns: COLUMNS, key: [] }, false, false);
    plain.snapshotChunk(true, [[1, 'a', 10]]);
    const row = plain.get(1);
    plain.expectSnapshot({ columns: COLUMNS, key: [] }, true, false);
    plain.snapshotChunk(true, [[1, 'b', 10]]);
    expect(plain.get(1)).toBe(row);
    expect(row?.values).toEqual(['b', 10]);
  });

  it('compares rows by id where the declared key is none', () => {
    const plain = new RowStore();
    const schema = { columns: COLUMNS, key: ['name'] };
    plain.expectSnapshot(schema, false, false);
    plain.snapshotChunk(true, [[1, 'a', 10], [2, 'a', 20]]);
    const seen: RowChange[] = [];
    plain.onChange((change) => seen.push(change));
    plain.expectSnapshot(schema, true, false);
    plain.snapshotChunk(true, [[1, 'a', 10], [2, 'a', 20]]);
    expect(seen).toEqual([{ kind: 'update', cells: [], added: [], removed: [] }]);
  });

  it('shows the first chunk of a first snapshot at once', () => {
    const fresh = new RowStore();
    fresh.expectSnapshot({ columns: COLUMNS, key: ['name'] }, false, false);
    fresh.snapshotChunk(false, [[1, 'a', 1]]);
    expect(fresh.size).toBe(1);
    fresh.snapshotChunk(true, [[2, 'b', 2]]);
    expect(fresh.size).toBe(2);
  });

  it('replaces everything for another selection, but not before its rows come', () => {
    const other: Column[] = [{ name: 'sector', type: 'TEXT' }];
    store.expectSnapshot({ columns: other, key: ['sector'] }, false, false);
    expect(store.size).toBe(2);
    expect(store.columns).toBe(COLUMNS);
    store.snapshotChunk(true, [[1, 'Energy']]);
    expect(changes.map((c) => c.kind)).toEqual(['reset', 'update']);
    expect(rows()).toEqual([[1, 'Energy']]);
    expect(store.columns).toBe(other);
  });

  it('an empty snapshot empties it', () => {
    store.expectSnapshot({ columns: COLUMNS, key: ['name'] }, true, false);
    store.snapshotChunk(true, []);
    expect(store.size).toBe(0);
    expect(last().removed.length).toBe(2);
  });

  it('agrees with a plain replica over random deltas', () => {
    const replica = new Map<number, (string | number)[]>([[1, ['a', 10]], [2, ['b', 20]]]);
    let seed = 42;
    const next = (n: number): number => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    let id = 3;
    for (let round = 0; round < 500; round++) {
      const ids = [...replica.keys()];
      const gone = ids.length > 3 && next(4) === 0 ? ids[next(ids.length)]! : null;
      if (gone !== null) replica.delete(gone);
      const left = [...replica.keys()];
      const touched = left.length > 0 ? left[next(left.length)]! : null;
      const worth = next(1000);
      if (touched !== null) replica.get(touched)![1] = worth;
      const added: [number, string, number] | null = next(3) === 0 ? [id++, `n${id}`, next(9)] : null;
      if (added) replica.set(added[0], [added[1], added[2]]);
      const whole = store.apply({
        remove: gone === null ? [] : [[gone, 'deleted']], set: touched === null ? [] : [[touched, 1, worth]], add: added ? [added] : [],
      });
      expect(whole).toBe(true);
    }
    expect(new Map([...store.rows()].map((r) => [r.id, r.values]))).toEqual(replica);
  });
});
