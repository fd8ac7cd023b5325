/** A view's controls and the address: what is chosen, what is the default, what goes to the server. */
import type { Params, ParamValue, Selection, ViewInfo, ViewParam } from '../../client/index.js';
import { readList, readText, writeList, writeText, type Query } from '../../store/address.js';
import type { ColumnLayout } from '../../grid/layout.js';

export const isSet = (param: ViewParam): boolean => param.kind === 'set';

/** The list that a default names; null stands for "all". */
export function defaultList(param: ViewParam): readonly string[] | null {
  const value = param.default;
  if (Array.isArray(value)) return value.map(String);
  if (value === undefined || value === null || value === 'all') return null;
  return [String(value)];
}

export function chosenDimensions(view: ViewInfo, query: Query): readonly string[] {
  if (!view.group_by) return [];
  const asked = readList(query.group_by)?.filter((name) => view.group_by!.dimensions.includes(name));
  return asked && asked.length > 0 ? [...new Set(asked)] : view.group_by.default;
}

export function chosenValues(param: ViewParam, query: Query): readonly string[] | null {
  const asked = readList(query[param.name]);
  return asked && asked.length > 0 ? asked : defaultList(param);
}

export function chosenValue(param: ViewParam, query: Query): string {
  return readText(query[param.name]) ?? (param.default === null || param.default === undefined ? '' : String(param.default));
}

/** Only what differs from the view's own defaults is sent, so that clients who choose alike share an instance. */
export function selectionOf(view: ViewInfo, query: Query): Selection {
  const params: Record<string, ParamValue> = {};
  for (const param of view.params) {
    if (query[param.name] === undefined) continue;
    if (isSet(param)) {
      const values = chosenValues(param, query);
      if (values) params[param.name] = values.map((v) => typed(param, v));
    } else {
      const value = chosenValue(param, query);
      if (value !== '') params[param.name] = typed(param, value);
    }
  }
  const group_by = chosenDimensions(view, query);
  return {
    view: view.name,
    ...(Object.keys(params).length > 0 ? { params: params as Params } : {}),
    ...(view.group_by ? { group_by } : {}),
  };
}

function typed(param: ViewParam, value: string): string | number {
  const numeric = /INT|REAL|NUM/i.test(param.type);
  return numeric && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
}

/* --- the columns' layout in the address --- */

export function readLayout(query: Query): ColumnLayout {
  const widths: Record<string, number> = {};
  for (const pair of readList(query.widths) ?? []) {
    const [name, px] = pair.split(':');
    if (name && Number(px) > 0) widths[name] = Number(px);
  }
  let filters: Record<string, unknown> | undefined;
  try {
    if (query.columns_filter) filters = JSON.parse(readText(query.columns_filter)!) as Record<string, unknown>;
  } catch {
    // A link that was cut shows everything.
  }
  return {
    ...(query.order ? { order: readList(query.order)! } : {}),
    ...(query.hide ? { hidden: readList(query.hide)! } : {}),
    ...(query.sort ? { sort: readList(query.sort)! } : {}),
    ...(Object.keys(widths).length > 0 ? { widths } : {}),
    ...(filters ? { filters } : {}),
  };
}

export function writeLayout(layout: ColumnLayout): Record<string, string | undefined> {
  return {
    order: layout.order ? writeList(layout.order) : undefined,
    hide: layout.hidden ? writeList(layout.hidden) : undefined,
    sort: layout.sort ? writeList(layout.sort) : undefined,
    widths: layout.widths ? writeList(Object.entries(layout.widths).map(([name, px]) => `${name}:${px}`)) : undefined,
    columns_filter: layout.filters ? writeText(JSON.stringify(layout.filters)) : undefined,
  };
}
