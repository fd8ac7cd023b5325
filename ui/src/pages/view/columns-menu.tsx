/** Which columns are shown and in which order, for those who do not drag. */
import { useState, type RefObject } from 'react';
import type { Column } from '../../client/index.js';
import type { GridHandle } from '../../grid/grid-view.js';
import { titleOf } from '../../grid/format.js';
import { Popover } from '../../controls/popover.js';

export function ColumnsMenu({ grid, columns }: { grid: RefObject<GridHandle | null>; columns: readonly Column[] }) {
  return (
    <Popover end label="Columns" panelLabel="Columns">
      {() => <Panel grid={grid} columns={columns} />}
    </Popover>
  );
}

function Panel({ grid, columns }: { grid: RefObject<GridHandle | null>; columns: readonly Column[] }) {
  const [layout, setLayout] = useState(() => grid.current?.layout() ?? {});
  const names = layout.order ?? columns.map((c) => c.name);
  const hidden = layout.hidden ?? [];
  const change = (next: typeof layout): void => {
    grid.current?.setLayout(next);
    setLayout(next);
  };
  const move = (name: string, step: number): void => {
    const at = names.indexOf(name);
    const order = names.filter((n) => n !== name);
    order.splice(Math.max(0, at + step), 0, name);
    change({ ...layout, order });
  };
  return (
    <>
      <div className="options">
        {names.map((name) => (
          <div className="row" key={name}>
            <label>
              <input type="checkbox" checked={!hidden.includes(name)} onChange={() => change({ ...layout, hidden: hidden.includes(name) ? hidden.filter((n) => n !== name) : [...hidden, name] })} />
              {titleOf(name)}
            </label>
            <button type="button" style={{ width: 28 }} aria-label={`${titleOf(name)} further to the left`} onClick={() => move(name, -1)}>↑</button>
            <button type="button" style={{ width: 28 }} aria-label={`${titleOf(name)} further to the right`} onClick={() => move(name, 1)}>↓</button>
          </div>
        ))}
      </div>
      <div className="row">
        <button type="button" className="button" onClick={() => grid.current?.fit()}>Fit widths</button>
        <button type="button" className="button" onClick={() => change({ order: columns.map((c) => c.name) })}>As the view has them</button>
      </div>
    </>
  );
}
