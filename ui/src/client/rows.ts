/**
 * The rows of one subscription, kept current by snapshots and deltas.
 *
 * A row keeps its object and its `uid` for as long as it lives, across snapshots too: a snapshot taken after a gap or a
 * reconnect is compared with what is there, by key where the view has one (row ids change with the epoch), so that only
 * what really differs is reported. Values are replaced in place; listeners get the value that was there.
 * Framework-free; one thread.
 */
import type { Changes, Column, RowTuple, Value } from './protocol.js';

export interface Row {
  /** Ours, stable while the row lives. */
  readonly uid: number;
  /** The server's; may change when a snapshot is taken again. */
  id: number;
  readonly values: Value[];
}

export interface CellChange {
  readonly row: Row;
  readonly column: number;
  readonly before: Value;
}

export type RowChange =
  /** The store is empty, and its columns may be others: what was there is not what comes. */
  | { readonly kind: 'reset' }
  | {
      readonly kind: 'update';
      readonly cells: readonly CellChange[];
      readonly added: readonly Row[];
      readonly removed: readonly Row[];
    };

export type RowListener = (change: RowChange) => void;

export interface Schema {
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}

export class RowStore {
  columns: readonly Column[] = [];
  key: readonly string[] = [];
  private byId = new Map<number, Row>();
  /** The rows in the server's order; windows only. */
  private order: Row[] | null = null;
  private coming: { schema: Schema; keep: boolean; windowed: boolean } | null = null;
  private staged: RowTuple[] | null = null;
  private nextUid = 1;
  private readonly listeners = new Set<RowListener>();

  get size(): number {
    return this.byId.size;
  }

  get(id: number): Row | undefined {
    return this.byId.get(id);
  }

  /** In the server's order where the subscription is a window, else as they came. */
  rows(): Iterable<Row> {
    return this.order ?? this.byId.values();
  }

  onChange(listener: RowListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Says what the next snapshot brings. What is there stays until its first chunk is in. `keep`: the same selection once
   * more, to be compared with what is there; otherwise it takes its place.
   */
  expectSnapshot(schema: Schema, keep: boolean, windowed: boolean): void {
    this.coming = { schema, keep: keep && sameColumns(schema.columns, this.columns), windowed };
    this.staged = null;
    if (this.columns.length === 0) this.begin();
  }

  /**
   * One chunk of a snapshot. Into an empty store the rows go at once, so that the first of them are seen early; over rows
   * that are there the snapshot is collected, and applied as the difference when its last chunk is in.
   */
  snapshotChunk(last: boolean, rows: readonly RowTuple[]): void {
    if (this.coming) this.begin();
    if (this.staged === null) {
      const added = rows.map((tuple) => this.insert(tuple));
      if (added.length > 0) this.emit({ kind: 'update', cells: [], added, removed: [] });
      return;
    }
    for (const tuple of rows) this.staged.push(tuple);
    if (!last) return;
    const staged = this.staged;
    this.staged = null;
    this.replaceAll(staged);
  }

  /** Applies one delta. false: it speaks of something that is not there, so something was lost: take a snapshot. */
  apply(changes: Changes): boolean {
    const cells: CellChange[] = [];
    const added: Row[] = [];
    const removed: Row[] = [];
    let whole = true;
    for (const [id] of changes.remove ?? []) {
      const row = this.byId.get(id);
      if (!row) {
        whole = false;
        continue;
      }
      this.byId.delete(id);
      removed.push(row);
    }
    if (this.order && removed.length > 0) {
      const gone = new Set(removed);
      this.order = this.order.filter((row) => !gone.has(row));
    }
    for (const [id, column, value] of changes.set ?? []) {
      const row = this.byId.get(id);
      if (!row || column < 0 || column >= this.columns.length) {
        whole = false;
        continue;
      }
      const before = row.values[column] as Value;
      if (before === value) continue;
      row.values[column] = value;
      cells.push({ row, column, before });
    }
    for (const tuple of changes.add ?? []) {
      const there = this.byId.get(tuple[0] as number);
      if (there) this.overwrite(there, tuple, cells);
      else added.push(this.insert(tuple));
    }
    if (changes.move && !this.move(changes.move)) whole = false;
    if (cells.length + added.length + removed.length > 0 || changes.move) {
      this.emit({ kind: 'update', cells, added, removed });
    }
    return whole;
  }

  private begin(): void {
    const { schema, keep, windowed } = this.coming!;
    this.coming = null;
    this.key = schema.key;
    if (keep && this.byId.size > 0) {
      this.staged = [];
      return;
    }
    this.columns = schema.columns;
    this.byId = new Map();
    this.order = windowed ? [] : null;
    this.emit({ kind: 'reset' });
  }

  private insert(tuple: RowTuple): Row {
    const row: Row = { uid: this.nextUid++, id: tuple[0] as number, values: tuple.slice(1) };
    this.byId.set(row.id, row);
    this.order?.push(row);
    return row;
  }

  private overwrite(row: Row, tuple: RowTuple, cells: CellChange[]): void {
    for (let column = 0; column < this.columns.length; column++) {
      const before = row.values[column] as Value;
      const after = tuple[column + 1] as Value;
      if (before === after) continue;
      row.values[column] = after;
      cells.push({ row, column, before });
    }
  }

  private move(moves: readonly (readonly [number, number])[]): boolean {
    if (!this.order) return false;
    const moving = new Set<Row>();
    for (const [id] of moves) {
      const row = this.byId.get(id);
      if (!row) return false;
      moving.add(row);
    }
    this.order = this.order.filter((row) => !moving.has(row));
    for (const [id, index] of moves) this.order.splice(index, 0, this.byId.get(id)!);
    return true;
  }

  private replaceAll(tuples: readonly RowTuple[]): void {
    const keyColumns = this.key.map((name) => this.columns.findIndex((c) => c.name === name));
    const identity = (values: readonly Value[], offset: number): string =>
      JSON.stringify(keyColumns.map((c) => values[c + offset]));
    let byKey = keyColumns.length > 0 && !keyColumns.includes(-1);
    let old = new Map<string | number, Row>();
    if (byKey) for (const row of this.byId.values()) old.set(identity(row.values, 0), row);
    // A declared key that is none cannot tell rows apart; their ids can, within an epoch.
    if (!byKey || old.size < this.byId.size) {
      byKey = false;
      old = new Map(this.byId);
    }
    this.byId = new Map();
    if (this.order) this.order = [];
    const cells: CellChange[] = [];
    const added: Row[] = [];
    for (const tuple of tuples) {
      const name = byKey ? identity(tuple, 1) : (tuple[0] as number);
      const row = old.get(name);
      if (!row) {
        added.push(this.insert(tuple));
        continue;
      }
      old.delete(name);
      row.id = tuple[0] as number;
      this.byId.set(row.id, row);
      this.order?.push(row);
      this.overwrite(row, tuple, cells);
    }
    this.emit({ kind: 'update', cells, added, removed: [...old.values()] });
  }

  private emit(change: RowChange): void {
    for (const listener of this.listeners) listener(change);
  }
}

function sameColumns(a: readonly Column[], b: readonly Column[]): boolean {
  return a.length === b.length && a.every((column, i) => column.name === b[i]!.name && column.type === b[i]!.type);
}
