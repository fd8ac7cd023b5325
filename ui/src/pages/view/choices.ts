/** The values that a parameter may take: the view's own list, or those of the column that it names. */
import { useMemo } from 'react';
import type { RowSet, ViewParam } from '../../client/index.js';
import type { Choice } from '../../controls/multi-select.js';
import { rest, useAnswer } from '../../store/server.js';

const MOST = 10_000;

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** The column beside it that names the thing: account_id has account_name. */
export const nameColumnOf = (column: string): string | null => (column.endsWith('_id') ? column.replace(/_id$/, '_name') : null);

/** Values, and where there are two columns, the labels beside them. */
export function choicesOf(rows: RowSet): Choice[] {
  const seen = new Map<string, Choice>();
  for (const [value, label] of rows.rows) {
    if (value === null || value === undefined) continue;
    seen.set(String(value), { value: String(value), label: String(label ?? value), code: String(value) });
  }
  return [...seen.values()].sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

async function ask(table: string, column: string): Promise<RowSet> {
  const tables = await rest.tables();
  const label = nameColumnOf(column);
  const columns = [column];
  if (label && tables.find((t) => t.name === table)?.columns.some((c) => c.name === label)) columns.push(label);
  return rest.sql(`SELECT DISTINCT ${columns.map(quoted).join(', ')} FROM ${quoted(table)} ORDER BY 1`, MOST);
}

export function useChoices(param: ViewParam): readonly Choice[] {
  const { table, column, values } = param;
  const answer = useAnswer(`${table}.${column}`, async () => (table && column && !values ? ask(table, column) : null));
  return useMemo(() => {
    if (values) return values.map((v) => ({ value: String(v), label: String(v) }));
    return answer.value ? choicesOf(answer.value) : [];
  }, [values, answer.value]);
}
