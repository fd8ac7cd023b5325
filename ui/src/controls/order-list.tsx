/**
 * An ordered choice: chips that are put in order by dragging, by keys (Shift with ← or →), or by a click (one further to the
 * front); Delete takes one out; "+" adds one. At least one stays.
 */
import { useRef, useState } from 'react';
import { Popover } from './popover.js';
import { titleOf } from '../grid/format.js';

interface Props {
  readonly label: string;
  readonly all: readonly string[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

export function OrderList({ label, all, chosen, onChange }: Props) {
  const [dragged, setDragged] = useState<string | null>(null);
  const [over, setOver] = useState<string | null>(null);
  const [said, setSaid] = useState('');
  const list = useRef<HTMLUListElement>(null);
  const rest = all.filter((name) => !chosen.includes(name));

  const focus = (name: string): void => {
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-name="${CSS.escape(name)}"]`)?.focus());
  };
  const put = (name: string, to: number): void => {
    const without = chosen.filter((n) => n !== name);
    const at = Math.max(0, Math.min(without.length, to));
    onChange([...without.slice(0, at), name, ...without.slice(at)]);
    setSaid(`${titleOf(name)} is number ${at + 1} of ${without.length + 1}`);
    focus(name);
  };
  const remove = (name: string): void => {
    if (chosen.length < 2) return;
    const at = chosen.indexOf(name);
    const next = chosen.filter((n) => n !== name);
    onChange(next);
    setSaid(`${titleOf(name)} taken out`);
    focus(next[Math.min(at, next.length - 1)]!);
  };

  return (
    <div className="control" role="group" aria-label={label}>
      <span className="label" aria-hidden="true">{label}</span>
      <ul className="chips" ref={list} aria-label={`${label}, in order`}>
        {chosen.map((name, index) => (
          <li
            key={name}
            className="chip"
            draggable
            data-dragged={dragged === name}
            data-over={over === name && dragged !== name}
            onDragStart={(event) => {
              event.dataTransfer.effectAllowed = 'move';
              event.dataTransfer.setData('text/plain', name);
              setDragged(name);
            }}
            onDragOver={(event) => {
              event.preventDefault();
              setOver(name);
            }}
            onDragEnd={() => {
              setDragged(null);
              setOver(null);
            }}
            onDrop={(event) => {
              event.preventDefault();
              if (dragged !== null && dragged !== name) put(dragged, chosen.indexOf(name));
              setDragged(null);
              setOver(null);
            }}
          >
            <button
              type="button"
              data-name={name}
              title="Drag it, or press Shift with ← or →, to put it elsewhere; a click puts it one further to the front; Delete takes it out"
              onKeyDown={(event) => {
                const step = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
                if (step !== 0) {
                  event.preventDefault();
                  if (event.shiftKey || event.altKey) put(name, index + step);
                  else focus(chosen[Math.max(0, Math.min(chosen.length - 1, index + step))]!);
                } else if (event.key === 'Delete' || event.key === 'Backspace') {
                  event.preventDefault();
                  remove(name);
                }
              }}
              onClick={() => index > 0 && put(name, index - 1)}
            >
              <span className="rank">{index + 1}</span> {titleOf(name)}
            </button>
            <button type="button" aria-label={`Take ${titleOf(name)} out`} title="Take out" disabled={chosen.length < 2} onClick={() => remove(name)}>×</button>
          </li>
        ))}
      </ul>
      {rest.length > 0 && (
        <Popover label="+" className="button square" ariaLabel={`Add to ${label.toLowerCase()}`} panelLabel={`Add to ${label.toLowerCase()}`} title="Add a dimension">
          {(close) => (
            <div className="options">
              {rest.map((name) => (
                <button
                  key={name}
                  type="button"
                  onClick={() => {
                    onChange([...chosen, name]);
                    setSaid(`${titleOf(name)} added as number ${chosen.length + 1}`);
                    close();
                  }}
                >
                  {titleOf(name)}
                </button>
              ))}
            </div>
          )}
        </Popover>
      )}
      <span className="sr-only" role="status">{said}</span>
    </div>
  );
}
