/**
 * One cell on screen: its text, its light, its cue. AG Grid makes and destroys it; the grid paints it directly when its
 * value changed, without a detour over AG's refresh.
 */
import type { ICellRendererComp, ICellRendererParams } from 'ag-grid-community';
import type { Row } from '../client/rows.js';
import type { Value } from '../client/protocol.js';
import type { ColumnFormat } from './format.js';
import { FADE_MS, type Direction, type FlashBook } from './flash.js';

/** Cells that are on screen now, by row and column. */
export class CellRegistry {
  private readonly rows = new Map<Row, (LiveCell | undefined)[]>();

  add(row: Row, column: number, cell: LiveCell): void {
    let cells = this.rows.get(row);
    if (!cells) this.rows.set(row, (cells = []));
    cells[column] = cell;
  }

  remove(row: Row, column: number, cell: LiveCell): void {
    const cells = this.rows.get(row);
    if (!cells || cells[column] !== cell) return;
    cells[column] = undefined;
    if (cells.every((c) => c === undefined)) this.rows.delete(row);
  }

  find(row: Row, column: number): LiveCell | undefined {
    return this.rows.get(row)?.[column];
  }
}

export interface CellContext {
  readonly registry: CellRegistry;
  readonly flashes: FlashBook;
}

export interface CellParams {
  readonly column_index: number;
  readonly format: ColumnFormat;
  readonly live: CellContext;
}

type Params = ICellRendererParams<Row, Value> & CellParams;

const LIT = /(?:^| )(?:lit|up|down|changed|fading)(?= |$)/g;

export class LiveCell implements ICellRendererComp<Row> {
  private element!: HTMLElement;
  private params!: Params;
  private row: Row | undefined;

  init(params: Params): void {
    this.element = document.createElement('span');
    this.element.className = `cell ${params.format.kind}`;
    this.bind(params);
  }

  getGui(): HTMLElement {
    return this.element;
  }

  refresh(params: Params): boolean {
    if (params.data !== this.row || params.column_index !== this.params.column_index) {
      this.unbind();
      this.bind(params);
    } else {
      this.params = params;
      this.paint();
    }
    return true;
  }

  destroy(): void {
    this.unbind();
  }

  /** Writes the value's text where it differs from what stands there. */
  paint(): void {
    if (!this.row) return;
    const value = this.row.values[this.params.column_index] as Value;
    const text = value === null && this.params.node.rowPinned ? '' : this.params.format.text(value);
    if (this.element.textContent === text) return;
    this.element.textContent = text;
    if (this.params.format.kind === 'flag') this.paintFlag(value);
    if (this.params.format.numeric) this.element.classList.toggle('negative', typeof value === 'number' && value < 0);
  }

  light(direction: Direction, leftMs = Infinity): void {
    this.element.className = `${this.bare()} lit ${direction}${leftMs <= FADE_MS ? ' fading' : ''}`;
  }

  fade(): void {
    this.element.classList.add('fading');
  }

  dark(): void {
    this.element.className = this.bare();
  }

  private bare(): string {
    return this.element.className.replace(LIT, '');
  }

  private bind(params: Params): void {
    this.params = params;
    this.row = params.data;
    if (!this.row) return;
    params.live.registry.add(this.row, params.column_index, this);
    this.paint();
    const flash = params.live.flashes.of(this.row, params.column_index);
    if (flash) this.light(flash.direction, flash.leftMs);
    else this.dark();
  }

  private unbind(): void {
    if (this.row) this.params.live.registry.remove(this.row, this.params.column_index, this);
    this.row = undefined;
  }

  private paintFlag(value: Value): void {
    const good = value === null || value === '' || value === 0 || /^(ok|good|complete|info)$/i.test(String(value));
    this.element.classList.toggle('warn', !good);
    if (value === null || value === '' || value === 0) this.element.textContent = '';
  }
}
