/**
 * AG Grid over a RowStore, painting the cells that changed and nothing else.
 *
 * Changes are gathered and applied once per frame. A changed cell that is on screen is painted directly; AG Grid hears of
 * it only where its column is sorted or filtered (the row may have to move), and then at most every RESORT_MS, since rows
 * that jump ten times a second cannot be read. A cell is lit when what it *shows* changed. In a hidden tab there are no
 * frames: a slow timer takes their place, so that nothing piles up.
 */
import {
  CellStyleModule, ClientSideRowModelApiModule, ClientSideRowModelModule, ColumnApiModule, ColumnAutoSizeModule, CsvExportModule, EventApiModule,
  GridStateModule, ModuleRegistry, NumberFilterModule, PinnedRowModule, QuickFilterModule, RenderApiModule, RowApiModule, RowSelectionModule,
  ScrollApiModule, TextFilterModule, createGrid,
  type ColDef, type GridApi, type IRowNode,
} from 'ag-grid-community';
import type { Value } from '../client/protocol.js';
import type { Row, RowChange, RowStore } from '../client/rows.js';
import { CellRegistry, LiveCell, type CellContext, type CellParams } from './cell.js';
import { FlashBook, type Direction } from './flash.js';
import { formatOf, type ColumnFormat } from './format.js';
import { gridTheme } from './theme.js';
import { Totals } from './totals.js';
import { applyColumns, readColumns, type ColumnLayout } from './layout.js';

ModuleRegistry.registerModules([
  CellStyleModule, ClientSideRowModelApiModule, ClientSideRowModelModule, ColumnApiModule, ColumnAutoSizeModule, CsvExportModule, EventApiModule,
  GridStateModule, NumberFilterModule, PinnedRowModule, QuickFilterModule, RenderApiModule, RowApiModule, RowSelectionModule, ScrollApiModule,
  TextFilterModule,
]);

const RESORT_MS = 500;
const TOTALS_MS = 250;
/** Adding up many rows takes its time; it then rests so many times as long. */
const TOTALS_REST = 30;
const HIDDEN_FLUSH_MS = 1000;
/** Below this width columns scroll freely: pinned ones would leave no room. */
const NARROW_PX = 640;
const SCROLLBAR_PX = 18;
const SORT_MARK_PX = 20;
const WIDEST = 1.6;
const SAMPLE_ROWS = 50;
const CHARACTER_PX = 7.1;
const PADDING_PX = 26;
const TEXT_WIDEST_PX = 280;

export interface GridOptions {
  readonly rows: RowStore;
  /** What the grid holds, for people who hear it. */
  readonly label: string;
  readonly rowHeight: number;
  readonly cents?: boolean;
  readonly totals?: boolean;
  /** What the reader did to the columns before; asked whenever columns are made. */
  readonly layout?: () => ColumnLayout;
  readonly quickFilter?: string;
  readonly onLayout?: (layout: ColumnLayout) => void;
  readonly onOpenRow?: (row: Row) => void;
  readonly onShown?: (shown: number) => void;
  /** Called after a frame in which cells were painted. */
  readonly onPainted?: (cells: number) => void;
}

export class LiveGrid {
  private readonly api: GridApi<Row>;
  private readonly rows: RowStore;
  private readonly registry = new CellRegistry();
  private readonly flashes: FlashBook;
  private readonly live: CellContext;
  private readonly totals: Totals;
  private readonly stop: () => void;
  private formats: ColumnFormat[] = [];
  private cells = new Map<Row, Map<number, Value>>();
  private added = new Set<Row>();
  private removed = new Set<Row>();
  private reset = true;
  /** The columns were made without a row to judge them by. */
  private guessed = false;
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private moving = new Set<Row>();
  private movedAt = 0;
  private totalledAt = 0;
  private totalsEvery = TOTALS_MS;
  private totalsStale = true;
  private sensitive = new Set<number>();
  private restoring = false;
  private cents: boolean;

  constructor(
    private readonly element: HTMLElement,
    private readonly options: GridOptions,
  ) {
    this.rows = options.rows;
    this.cents = options.cents ?? false;
    this.flashes = new FlashBook(
      (row, column) => this.registry.find(row, column)?.fade(),
      (row, column) => this.registry.find(row, column)?.dark(),
    );
    this.live = { registry: this.registry, flashes: this.flashes };
    this.totals = new Totals();
    this.api = createGrid<Row>(element, {
      theme: gridTheme,
      rowHeight: options.rowHeight,
      headerHeight: Math.max(28, options.rowHeight + 4),
      columnDefs: [],
      rowData: [],
      getRowId: ({ data }) => String(data.uid),
      animateRows: false,
      suppressColumnMoveAnimation: true,
      suppressDragLeaveHidesColumns: true,
      suppressScrollOnNewData: true,
      deltaSort: true,
      enableCellTextSelection: false,
      rowSelection: { mode: 'singleRow', checkboxes: false, enableClickSelection: true },
      quickFilterText: options.quickFilter ?? '',
      overlayNoRowsTemplate: '<span class="no-rows">No rows</span>',
      onRowDoubleClicked: ({ data, rowPinned }) => data && !rowPinned && options.onOpenRow?.(data),
      onCellKeyDown: ({ event, data, rowPinned }) => {
        if (data && !rowPinned && event instanceof KeyboardEvent && event.key === 'Enter') options.onOpenRow?.(data);
      },
      onSortChanged: () => this.layoutChanged(),
      onFilterChanged: () => this.layoutChanged(),
      onColumnVisible: () => this.layoutChanged(),
      onColumnMoved: ({ finished }) => finished && this.layoutChanged(),
      onColumnResized: ({ finished, source }) => finished && source !== 'api' && this.layoutChanged(),
      onModelUpdated: () => this.told(),
    });
    this.element.querySelector('[role="grid"],[role="treegrid"]')?.setAttribute('aria-label', options.label);
    this.stop = this.rows.onChange((change) => this.gather(change));
    this.flush();
  }

  destroy(): void {
    this.stop();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.flashes.clear();
    this.api.destroy();
  }

  setRowHeight(px: number): void {
    this.api.updateGridOptions({ rowHeight: px, headerHeight: Math.max(28, px + 4) });
    this.api.resetRowHeights();
  }

  setQuickFilter(text: string): void {
    this.api.setGridOption('quickFilterText', text);
  }

  setCents(cents: boolean): void {
    if (cents === this.cents) return;
    this.cents = cents;
    this.rebuild(true);
  }

  setLayout(layout: ColumnLayout): void {
    this.restoring = true;
    applyColumns(this.api, layout);
    this.restoring = false;
    this.watchColumns();
  }

  layout(): ColumnLayout {
    const layout = readColumns(this.api, this.rows.columns.map((c) => c.name));
    // By the key is how rows stand when nobody says otherwise.
    const { sort, ...rest } = layout;
    return sort && sort.join() !== this.rows.key.join() ? layout : rest;
  }

  fitColumns(): void {
    this.api.autoSizeAllColumns();
  }

  csv(fileName: string): void {
    this.api.exportDataAsCsv({
      fileName,
      skipPinnedBottom: true,
      processCellCallback: ({ column, node }) => {
        const index = this.indexOf(column.getColId());
        const value = node?.data?.values[index];
        return value === null || value === undefined ? '' : value;
      },
    });
  }

  /** The row that has the keyboard's focus, or is selected. */
  current(): Row | null {
    const focused = this.api.getFocusedCell();
    const node = focused && !focused.rowPinned ? this.api.getDisplayedRowAtIndex(focused.rowIndex) : undefined;
    return node?.data ?? this.api.getSelectedRows()[0] ?? null;
  }

  focus(): void {
    const first = this.api.getAllDisplayedColumns()[0];
    if (!first) return;
    const cell = this.api.getFocusedCell();
    this.api.setFocusedCell(cell?.rowIndex ?? this.api.getFirstDisplayedRowIndex(), cell?.column ?? first);
  }

  /* --- gathering --- */

  private gather(change: RowChange): void {
    if (change.kind === 'reset') {
      this.reset = true;
      this.cells.clear();
      this.added.clear();
      this.removed.clear();
    } else if (!this.reset) {
      for (const row of change.removed) {
        this.cells.delete(row);
        if (!this.added.delete(row)) this.removed.add(row);
      }
      for (const row of change.added) this.added.add(row);
      for (const { row, column, before } of change.cells) {
        if (this.added.has(row)) continue;
        let cells = this.cells.get(row);
        if (!cells) this.cells.set(row, (cells = new Map()));
        if (!cells.has(column)) cells.set(column, before);
      }
    }
    this.schedule();
  }

  private schedule(): void {
    if (this.frame !== 0 || this.timer !== undefined) return;
    if (document.hidden) {
      this.timer = setTimeout(() => this.flush(), HIDDEN_FLUSH_MS);
    } else {
      this.frame = requestAnimationFrame(() => this.flush());
      // A tab that is hidden before the frame comes would wait for ever.
      this.timer = setTimeout(() => this.flush(), HIDDEN_FLUSH_MS);
    }
  }

  private flush(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.frame = 0;
    this.timer = undefined;
    this.totalsStale = true;
    if (this.reset || (this.guessed && this.rows.size > 0)) {
      const columnsStay = !this.reset;
      this.reset = false;
      this.rebuild(columnsStay);
    } else {
      this.applyRows();
      this.paintCells();
    }
    this.resort();
    this.total();
  }

  private applyRows(): void {
    if (this.added.size + this.removed.size === 0) return;
    this.api.applyTransaction({ add: [...this.added], remove: [...this.removed] });
    this.added.clear();
    this.removed.clear();
  }

  private paintCells(): void {
    let painted = 0;
    const now = performance.now();
    for (const [row, columns] of this.cells) {
      for (const [column, before] of columns) {
        const format = this.formats[column];
        if (!format) continue;
        if (this.sensitive.has(column)) this.moving.add(row);
        const after = row.values[column] as Value;
        if (!format.differs(before, after)) continue;
        const direction = format.numeric ? directionOf(before, after) : 'changed';
        this.flashes.mark(row, column, direction, now);
        const cell = this.registry.find(row, column);
        if (!cell) continue;
        cell.paint();
        cell.light(direction);
        painted++;
      }
    }
    this.cells.clear();
    if (painted > 0) this.options.onPainted?.(painted);
  }

  /** Rows whose sorted or filtered column changed find their new places. */
  private resort(): void {
    if (this.moving.size === 0) return;
    const wait = this.movedAt + RESORT_MS - performance.now();
    if (wait > 0) {
      this.timer ??= setTimeout(() => this.flush(), wait);
      return;
    }
    this.movedAt = performance.now();
    const update = [...this.moving].filter((row) => this.api.getRowNode(String(row.uid)) !== undefined);
    this.moving.clear();
    this.api.applyTransaction({ update });
  }

  private total(): void {
    if (!this.options.totals || !this.totalsStale) return;
    const wait = this.totalledAt + this.totalsEvery - performance.now();
    if (wait > 0) {
      this.timer ??= setTimeout(() => this.flush(), wait);
      return;
    }
    this.totalsStale = false;
    const began = performance.now();
    const shown: Row[] = [];
    this.api.forEachNodeAfterFilter((node: IRowNode<Row>) => node.data && shown.push(node.data));
    const { row, changed } = this.totals.update(this.rows.columns, this.formats, shown);
    this.totalledAt = performance.now();
    this.totalsEvery = Math.max(TOTALS_MS, (this.totalledAt - began) * TOTALS_REST);
    if (shown.length < 2) {
      if (this.api.getPinnedBottomRowCount() > 0) this.api.setGridOption('pinnedBottomRowData', []);
      return;
    }
    if (this.api.getPinnedBottomRowCount() === 0) this.api.setGridOption('pinnedBottomRowData', [row]);
    for (const { column, before } of changed) {
      const cell = this.registry.find(row, column);
      if (!cell) continue;
      cell.paint();
      if (before === null || !this.formats[column]!.numeric) continue;
      const direction = directionOf(before, row.values[column] as Value);
      this.flashes.mark(row, column, direction);
      cell.light(direction);
    }
  }

  /* --- columns --- */

  private rebuild(keepLayout: boolean): void {
    const layout = keepLayout ? this.layout() : this.options.layout?.();
    const sample: Row[] = [];
    for (const row of this.rows.rows()) if (sample.push(row) === SAMPLE_ROWS) break;
    this.guessed = sample.length === 0;
    this.formats = this.rows.columns.map((column, i) => fitted(formatOf(column, this.cents, sample.map((row) => row.values[i] as Value)), sample, i));
    this.flashes.clear();
    this.totals.clear();
    this.moving.clear();
    this.restoring = true;
    this.api.setGridOption('pinnedBottomRowData', []);
    this.api.setGridOption('rowData', []);
    this.api.setGridOption('columnDefs', this.columnDefs());
    applyColumns(this.api, { ...layout, sort: layout?.sort ?? this.rows.key });
    this.api.setGridOption('rowData', [...this.rows.rows()]);
    this.added.clear();
    this.removed.clear();
    this.cells.clear();
    this.restoring = false;
    this.watchColumns();
    this.totalledAt = 0;
    this.total();
  }

  private columnDefs(): ColDef<Row>[] {
    const narrow = this.element.clientWidth < NARROW_PX;
    const keys = new Set(this.rows.key);
    // Columns that leave room share it; none grows beyond what reads well.
    const natural = this.formats.reduce((width, format) => width + format.width, 0);
    const room = this.element.clientWidth - SCROLLBAR_PX - keys.size * SORT_MARK_PX;
    const stretch = Math.min(WIDEST, Math.max(1, room / natural));
    return this.rows.columns.map((column, index): ColDef<Row> => {
      const format = this.formats[index]!;
      const params: CellParams = { column_index: index, format, live: this.live };
      return {
        colId: column.name,
        headerName: format.title,
        valueGetter: ({ data }) => data?.values[index] ?? null,
        cellRenderer: LiveCell,
        cellRendererParams: params,
        getQuickFilterText: ({ data }) => (data && !format.numeric ? format.text(data.values[index] as Value) : ''),
        // A key column is sorted by and shows its place among them.
        width: Math.floor(format.width * stretch) + (keys.has(column.name) ? SORT_MARK_PX : 0),
        minWidth: 60,
        type: format.numeric ? 'rightAligned' : [],
        sortable: true,
        resizable: true,
        filter: format.numeric ? 'agNumberColumnFilter' : 'agTextColumnFilter',
        pinned: keys.has(column.name) && !narrow ? 'left' : null,
        sortingOrder: format.numeric ? ['desc', 'asc', null] : ['asc', 'desc', null],
      };
    });
  }

  private indexOf(name: string): number {
    return this.rows.columns.findIndex((column) => column.name === name);
  }

  private watchColumns(): void {
    this.sensitive.clear();
    for (const state of this.api.getColumnState()) {
      if (state.sort) this.sensitive.add(this.indexOf(state.colId));
    }
    for (const name of Object.keys(this.api.getFilterModel())) this.sensitive.add(this.indexOf(name));
  }

  private layoutChanged(): void {
    this.watchColumns();
    this.totalsStale = true;
    this.totalledAt = 0;
    this.total();
    if (!this.restoring) this.options.onLayout?.(this.layout());
  }

  private told(): void {
    this.totalsStale = true;
    this.options.onShown?.(this.api.getDisplayedRowCount());
  }
}

/** As wide as its values, as far as some of them tell. */
function fitted(format: ColumnFormat, sample: readonly Row[], column: number): ColumnFormat {
  const longest = sample.reduce((most, row) => Math.max(most, format.text(row.values[column] as Value).length), 0);
  return { ...format, width: Math.max(format.width, Math.min(TEXT_WIDEST_PX, Math.ceil(longest * CHARACTER_PX + PADDING_PX))) };
}

function directionOf(before: Value, after: Value): Direction {
  if (typeof before !== 'number' || typeof after !== 'number') return 'changed';
  return after > before ? 'up' : 'down';
}
