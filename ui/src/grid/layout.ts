/** What a reader did to the columns, as plain data that fits into an address: order, hidden, widths, sort, filters. */
import type { GridApi } from 'ag-grid-community';

export interface ColumnLayout {
  /** Only where it is not the view's own. */
  readonly order?: readonly string[];
  readonly hidden?: readonly string[];
  readonly widths?: Readonly<Record<string, number>>;
  /** `-name` for descending, the first sorts first. */
  readonly sort?: readonly string[];
  readonly filters?: Readonly<Record<string, unknown>>;
}

export function applyColumns<T>(api: GridApi<T>, layout: ColumnLayout): void {
  const sorts = (layout.sort ?? []).map((term) => (term.startsWith('-') ? term.slice(1) : term));
  const names = api.getColumnState().map((state) => state.colId);
  const known = (layout.order ?? []).filter((name) => names.includes(name));
  const order = [...known, ...names.filter((name) => !known.includes(name))];
  api.applyColumnState({
    applyOrder: known.length > 0,
    state: order.map((colId) => {
      const width = layout.widths?.[colId];
      const at = sorts.indexOf(colId);
      return {
        colId,
        hide: layout.hidden?.includes(colId) ?? false,
        sort: at < 0 ? null : layout.sort![at]!.startsWith('-') ? 'desc' : 'asc',
        sortIndex: at < 0 ? null : at,
        ...(width === undefined ? {} : { width }),
      };
    }),
  });
  const filters = Object.entries(layout.filters ?? {}).filter(([name]) => names.includes(name));
  api.setFilterModel(filters.length > 0 ? (Object.fromEntries(filters) as never) : null);
}

export function readColumns<T>(api: GridApi<T>, natural: readonly string[]): ColumnLayout {
  const state = api.getColumnState();
  const order = state.map((s) => s.colId);
  const hidden = state.filter((s) => s.hide).map((s) => s.colId);
  const widths: Record<string, number> = {};
  for (const { colId, width } of state) {
    const initial = api.getColumn(colId)?.getColDef().width;
    if (width && initial && Math.round(width) !== Math.round(initial)) widths[colId] = Math.round(width);
  }
  const sort = state
    .filter((s) => s.sort)
    .sort((a, b) => (a.sortIndex ?? 0) - (b.sortIndex ?? 0))
    .map((s) => (s.sort === 'desc' ? '-' : '') + s.colId);
  const filters = api.getFilterModel();
  return {
    ...(order.join() === natural.join() ? {} : { order }),
    ...(hidden.length > 0 ? { hidden } : {}),
    ...(Object.keys(widths).length > 0 ? { widths } : {}),
    ...(sort.length > 0 ? { sort } : {}),
    ...(Object.keys(filters).length > 0 ? { filters } : {}),
  };
}
