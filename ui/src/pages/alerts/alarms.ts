/**
 * Alarms from the rows of a view: a row that appears raises one, a row that leaves clears it. What happened is kept for as
 * long as the page is open; what was acknowledged is kept in this browser, and forgotten when the alarm clears.
 */
import type { Row, RowStore, Value } from '../../client/index.js';

export interface Alarm {
  readonly key: string;
  readonly kind: string;
  readonly subject: string;
  /** The other columns, by name. */
  readonly facts: readonly { readonly name: string; readonly value: Value }[];
  /** Date.now() when it was seen to be raised; 0: it was there when the page opened. */
  readonly since_ms: number;
}

export interface Happening {
  readonly at_ms: number;
  readonly what: 'raised' | 'cleared';
  readonly alarm: Alarm;
}

const KEPT = 300;
const NAME = 'viewserver.acknowledged';

export class Alarms {
  private readonly current = new Map<Row, Alarm>();
  readonly happenings: Happening[] = [];
  private acknowledged: Set<string>;
  private first = true;
  private readonly stop: () => void;

  constructor(private readonly rows: RowStore) {
    let stored: string[] = [];
    try {
      stored = JSON.parse(localStorage.getItem(NAME) ?? '[]') as string[];
    } catch {
      // Nothing was acknowledged that we know of.
    }
    this.acknowledged = new Set(stored);
    for (const row of rows.rows()) this.current.set(row, this.alarmOf(row, 0));
    this.first = rows.size === 0;
    this.stop = rows.onChange((change) => {
      if (change.kind === 'reset') {
        this.current.clear();
        this.first = true;
        return;
      }
      const since = this.first ? 0 : Date.now();
      for (const row of change.removed) this.clear(row);
      for (const row of change.added) this.raise(row, since);
      for (const { row } of change.cells) {
        const old = this.current.get(row);
        if (old) this.current.set(row, this.alarmOf(row, old.since_ms));
      }
      this.first = false;
    });
  }

  close(): void {
    this.stop();
  }

  list(): readonly Alarm[] {
    return [...this.current.values()];
  }

  isAcknowledged(alarm: Alarm): boolean {
    return this.acknowledged.has(alarm.key);
  }

  acknowledge(alarms: readonly Alarm[], on: boolean): void {
    for (const { key } of alarms) {
      if (on) this.acknowledged.add(key);
      else this.acknowledged.delete(key);
    }
    this.store();
  }

  private raise(row: Row, since: number): void {
    const alarm = this.alarmOf(row, since);
    this.current.set(row, alarm);
    if (since > 0) this.note({ at_ms: since, what: 'raised', alarm });
  }

  private clear(row: Row): void {
    const alarm = this.current.get(row);
    if (!alarm) return;
    this.current.delete(row);
    this.note({ at_ms: Date.now(), what: 'cleared', alarm });
    if (this.acknowledged.delete(alarm.key)) this.store();
  }

  private note(happening: Happening): void {
    this.happenings.unshift(happening);
    this.happenings.length = Math.min(this.happenings.length, KEPT);
  }

  private alarmOf(row: Row, since_ms: number): Alarm {
    const { columns, key } = this.rows;
    const names = key.length > 0 ? key : columns.slice(0, 2).map((c) => c.name);
    const parts = names.map((name) => String(row.values[columns.findIndex((c) => c.name === name)] ?? ''));
    const [kind = '', ...subject] = parts;
    const facts = columns.map((c, i) => ({ name: c.name, value: row.values[i] ?? null })).filter((f) => !names.includes(f.name));
    return { key: parts.join('\u0000'), kind, subject: subject.join(', '), facts, since_ms };
  }

  private store(): void {
    try {
      localStorage.setItem(NAME, JSON.stringify([...this.acknowledged]));
    } catch {
      // Kept for as long as the page is open.
    }
  }
}
