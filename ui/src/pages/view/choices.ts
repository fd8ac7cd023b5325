/** The values that a parameter may take: the view's own list, or the column of a table that it names. */
import { useMemo } from 'react';
import type { RowSet, ViewParam } from '../../client/index.js';
import type { Choice } from '../../controls/multi-select.js';
import { rest, useAnswer } from '../../store/server.js';

/** `account.account_id` → [account, account_id]. */
export function sourceOf(param: ViewParam): readonly [string, string] | null {
  const text = param.source ?? '';
  const dot = text.indexOf('.');
  return dot > 0 ? [text.slice(0, dot), text.slice(dot + 1)] : null;
}

/** Labels come from the column beside it that names the thing: account_id has account_name. */
export function choicesOf(rows: RowSet, column: string): Choice[] {
  const at = rows.columns.findIndex((c) => c.name === column);
  const stem = column.replace(/_id$/, '');
  const named = rows.columns.findIndex((c) => c.name === `${stem}_name`);
  if (at < 0) return [];
  const seen = new Map<string, Choice>();
  for (const row of rows.rows) {
    const value = row[at];
    if (value === null || value === undefined) continue;
    const label = named >= 0 && row[named] ? String(row[named]) : String(value);
    seen.set(String(value), { value: String(value), label, code: String(value) });
  }
  return [...seen.values()].sort((a, b) => a.label.localeCompare(b.label, 'en', { numeric: true }));
}

export function useChoices(param: ViewParam): readonly Choice[] {
  const source = sourceOf(param);
  const answer = useAnswer(source ? source.join('.') : '', async () => (source ? rest.tableRows(source[0], '?limit=10000') : null));
  return useMemo(() => {
    if (param.values) return param.values.map((v) => ({ value: String(v), label: String(v) }));
    return source && answer.value ? choicesOf(answer.value, source[1]) : [];
  }, [param, answer.value]);
}
