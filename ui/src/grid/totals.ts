/** The totals of the rows that are shown, as one more row. Only money adds up over any rows; what is not known makes no total. */
import type { Column, Value } from '../client/protocol.js';
import type { Row } from '../client/rows.js';
import type { ColumnFormat } from './format.js';

export class Totals {
  private row: Row = { uid: 0, id: 0, values: [] };

  clear(): void {
    this.row = { uid: 0, id: 0, values: [] };
  }

  /** Adds the rows up anew: exact enough for display, and nothing drifts. Tells which of the totals show differently. */
  update(
    columns: readonly Column[],
    formats: readonly ColumnFormat[],
    rows: readonly Row[],
  ): { row: Row; changed: { column: number; before: Value }[] } {
    const changed: { column: number; before: Value }[] = [];
    for (let column = 0; column < columns.length; column++) {
      const format = formats[column]!;
      let total: Value = null;
      if (format.kind === 'money') {
        total = sum(rows, column);
      } else if (column === firstText(formats)) {
        total = `Total of ${rows.length.toLocaleString('en')}`;
      }
      const before = (this.row.values[column] ?? null) as Value;
      this.row.values[column] = total;
      if (format.differs(before, total)) changed.push({ column, before });
    }
    return { row: this.row, changed };
  }
}

const firstText = (formats: readonly ColumnFormat[]): number => formats.findIndex((format) => !format.numeric);

/** Neumaier's compensated sum of the known values; null where none is known. */
export function sum(rows: readonly Row[], column: number): number | null {
  let total = 0;
  let lost = 0;
  let known = false;
  for (const row of rows) {
    const value = row.values[column];
    if (typeof value !== 'number') continue;
    known = true;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return known ? total + lost : null;
}
