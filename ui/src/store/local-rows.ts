/** Rows that came once, in the shape that a grid follows. A later answer to the same question lights what changed. */
import { RowStore, type RowSet, type SubscriptionState } from '../client/index.js';
import type { Followed } from './server.js';

export class LocalRows implements Followed {
  readonly rows = new RowStore();
  private current: SubscriptionState = {
    phase: 'live', version: 0, committed_ms: 0, total: 0, strategy: '', columns: [], error: null,
  };
  private readonly listeners = new Set<() => void>();

  get state(): SubscriptionState {
    return this.current;
  }

  onState(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** `again`: the same question as before; its rows are compared by their place in the answer. */
  show(answer: RowSet, again: boolean): void {
    const columns = answer.columns.map((c, i) => ({ name: c.name || `column ${i + 1}`, type: c.type }));
    const names = new Map<string, number>();
    const unique = columns.map((c) => {
      const seen = names.get(c.name) ?? 0;
      names.set(c.name, seen + 1);
      return seen === 0 ? c : { ...c, name: `${c.name} (${seen + 1})` };
    });
    this.rows.expectSnapshot({ columns: unique, key: answer.key ?? [] }, again, false);
    this.rows.snapshotChunk(true, answer.rows.map((row, i) => [i + 1, ...row]));
    this.current = { ...this.current, version: answer.version, total: this.rows.size, columns: unique };
    for (const listener of this.listeners) listener();
  }
}
