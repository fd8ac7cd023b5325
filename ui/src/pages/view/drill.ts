/**
 * From a row to the rows behind it: which other views can show them, and with what filter.
 *
 * A view can, when it has all the columns that make the row what it is. Of the selection it must be able to say what the
 * row's own controls said: a parameter that chooses among `table.column` becomes a condition on the column of that name.
 */
import { formatOf } from '../../grid/format.js';
import type { Row, RowStore, Selection, Value, ViewInfo } from '../../client/index.js';

export function literal(value: Value): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return `'${value.replaceAll("'", "''")}'`;
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export function conditionOf(key: readonly string[], columns: readonly { name: string }[], row: Row): string {
  return key
    .map((name) => {
      const value = row.values[columns.findIndex((c) => c.name === name)] ?? null;
      return `${quoted(name)} IS ${literal(value)}`;
    })
    .join(' AND ');
}

export interface Behind {
  readonly view: ViewInfo;
  readonly selection: Selection;
}

const MOST = 1000;
/** So many views are offered; more would hide the good ones. */
const VIEWS_MOST = 5;

/** What people ask for first: what is held, then what is ordered. */
const rankOf = (name: string): number => (name.includes('holding') ? 0 : name.includes('order') ? 1 : 2);

/** The views that show what is behind the row: holdings, orders, then those with the most detail. */
export function behind(views: readonly ViewInfo[], from: ViewInfo, selection: Selection, rows: RowStore, row: Row): readonly Behind[] {
  const key = rows.key.length > 0 ? rows.key : (selection.group_by ?? []);
  if (key.length === 0) return [];
  const condition = conditionOf(key, rows.columns, row);
  const found: Behind[] = [];
  for (const view of views) {
    if (view.name === from.name || view.group_by) continue;
    const names = new Set(view.columns.map((c) => c.name));
    if (!key.every((name) => names.has(name))) continue;
    if (view.key.length > 0 && view.key.every((name) => key.includes(name))) continue;
    const chosen = chosenConditions(from, selection, names);
    found.push({ view, selection: { view: view.name, filter: [condition, ...chosen].join(' AND '), limit: MOST } });
  }
  return found.sort((a, b) => rankOf(a.view.name) - rankOf(b.view.name) || b.view.columns.length - a.view.columns.length).slice(0, VIEWS_MOST);
}

/**
 * The columns of a view behind a row, best first for a narrow place: two that name the thing, what is counted, the rest.
 * What all rows share (the key they were found by) and numbers that stand for a name that is there too are left out.
 */
export function layoutBehind(view: ViewInfo, key: readonly string[]): { order: string[]; hidden: string[] } {
  const names = view.columns.map((c) => c.name);
  const hidden = names.filter((n) => key.includes(n) || (n.endsWith('_id') && names.includes(n.replace(/_id$/, '_name'))));
  const shown = view.columns.filter((c) => !hidden.includes(c.name));
  const naming = shown.filter((c) => /(^|_)(name|symbol|id)$/.test(c.name)).slice(0, 2);
  const others = shown.filter((c) => !naming.includes(c));
  const counted = others.filter((c) => c.type !== 'TEXT' && formatOf(c).kind !== 'time');
  const rest = others.filter((c) => !counted.includes(c));
  return { order: [...[...naming, ...counted, ...rest].map((c) => c.name), ...hidden], hidden };
}

function chosenConditions(from: ViewInfo, selection: Selection, names: ReadonlySet<string>): string[] {
  const conditions: string[] = [];
  for (const param of from.params) {
    const values = selection.params?.[param.name];
    if (!Array.isArray(values) || param.column === undefined || !names.has(param.column)) continue;
    conditions.push(`${quoted(param.column)} IN (${(values as Value[]).map(literal).join(', ')})`);
  }
  return conditions;
}
