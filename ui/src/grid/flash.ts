/**
 * Which cells are lit, and until when.
 *
 * A cell is lit for FLASH_MS from the last change that its reader could see, whether it was on screen then or not: a cell
 * that is scrolled into sight asks `of` and shows the rest of its time. All flashes last equally long, so they end in the
 * order in which they began: one queue and one clock do for any number of cells. Memory is bounded by the cells that
 * changed within FLASH_MS.
 */
import type { Row } from '../client/rows.js';

export const FLASH_MS = 2000;
/** The last part of it, in which the colour goes (unless less motion is asked for). */
export const FADE_MS = 350;

export type Direction = 'up' | 'down' | 'changed';

export interface Flash {
  readonly row: Row;
  readonly column: number;
  readonly direction: Direction;
  readonly until: number;
}

type Ended = (row: Row, column: number) => void;

export class FlashBook {
  private readonly lit = new Map<Row, Map<number, Flash>>();
  private readonly queue: Flash[] = [];
  private fadeAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly onFade: Ended,
    private readonly onEnd: Ended,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** `now`: for those who mark many at once. */
  mark(row: Row, column: number, direction: Direction, now = this.now()): void {
    const flash: Flash = { row, column, direction, until: now + FLASH_MS };
    let cells = this.lit.get(row);
    if (!cells) this.lit.set(row, (cells = new Map()));
    cells.set(column, flash);
    this.queue.push(flash);
    this.schedule();
  }

  /** The flash of a cell with the milliseconds that are left of it. */
  of(row: Row, column: number): { direction: Direction; leftMs: number } | null {
    const flash = this.lit.get(row)?.get(column);
    if (!flash) return null;
    const leftMs = flash.until - this.now();
    return leftMs > 0 ? { direction: flash.direction, leftMs } : null;
  }

  get size(): number {
    let cells = 0;
    for (const row of this.lit.values()) cells += row.size;
    return cells;
  }

  clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.lit.clear();
    this.queue.length = 0;
    this.fadeAt = 0;
  }

  private isCurrent(flash: Flash): boolean {
    return this.lit.get(flash.row)?.get(flash.column) === flash;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.queue.length === 0) return;
    const fading = this.queue[this.fadeAt];
    const next = Math.min(this.queue[0]!.until, fading ? fading.until - FADE_MS : Infinity);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.advance();
      this.schedule();
    }, Math.max(0, next - this.now()));
  }

  private advance(): void {
    const now = this.now();
    for (; this.fadeAt < this.queue.length; this.fadeAt++) {
      const flash = this.queue[this.fadeAt]!;
      if (flash.until - FADE_MS > now) break;
      if (this.isCurrent(flash)) this.onFade(flash.row, flash.column);
    }
    let ended = 0;
    while (ended < this.queue.length && this.queue[ended]!.until <= now) {
      const flash = this.queue[ended++]!;
      if (!this.isCurrent(flash)) continue;
      const cells = this.lit.get(flash.row)!;
      cells.delete(flash.column);
      if (cells.size === 0) this.lit.delete(flash.row);
      this.onEnd(flash.row, flash.column);
    }
    this.queue.splice(0, ended);
    this.fadeAt = Math.max(0, this.fadeAt - ended);
  }
}
