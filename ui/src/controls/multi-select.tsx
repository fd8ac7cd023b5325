/** Any of many, with search: a combobox over a list box. None chosen means all: a selection of nothing shows nothing of use. */
import { useId, useMemo, useRef, useState } from 'react';
import { Popover } from './popover.js';

export interface Choice {
  readonly value: string;
  readonly label: string;
  /** Shown at the side when it differs from the label. */
  readonly code?: string;
}

interface Props {
  readonly label: string;
  readonly choices: readonly Choice[];
  /** null = all. */
  readonly chosen: readonly string[] | null;
  readonly onChange: (chosen: readonly string[] | null) => void;
}

/** What one list shows at most; the search finds the others. */
const LIST_MOST = 200;

export function MultiSelect({ label, choices, chosen, onChange }: Props) {
  const summary =
    chosen === null
      ? `All${choices.length > 0 ? ` (${choices.length.toLocaleString('en')})` : ''}`
      : chosen.length <= 2
        ? chosen.map((value) => choices.find((c) => c.value === value)?.label ?? value).join(', ')
        : `${chosen.length} of ${choices.length.toLocaleString('en')}`;
  return (
    <div className="control" role="group" aria-label={label}>
      <span className="label" aria-hidden="true">{label}</span>
      <Popover label={<>{summary} <span aria-hidden="true" className="dim">▾</span></>} ariaLabel={`${label}: ${summary}`} panelLabel={`Choose ${label.toLowerCase()}`}>
        {(close) => <Panel label={label} choices={choices} chosen={chosen} onChange={onChange} close={close} />}
      </Popover>
    </div>
  );
}

function Panel({ label, choices, chosen, onChange, close }: Props & { close: () => void }) {
  const [search, setSearch] = useState('');
  const [active, setActive] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const set = useMemo(() => new Set(chosen ?? []), [chosen]);

  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return choices.filter((c) => {
      const text = `${c.label} ${c.code ?? ''}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }, [choices, search]);
  const shown = found.slice(0, LIST_MOST);

  const choose = (next: Set<string>): void => {
    const all = next.size === 0 || next.size === choices.length;
    onChange(all ? null : choices.filter((c) => next.has(c.value)).map((c) => c.value));
  };
  const toggle = (value: string): void => {
    const next = new Set(set);
    if (!next.delete(value)) next.add(value);
    choose(next);
  };
  const moveTo = (index: number): void => {
    const to = Math.max(0, Math.min(shown.length - 1, index));
    setActive(to);
    list.current?.children[to]?.scrollIntoView({ block: 'nearest' });
  };

  return (
    <>
      <input
        data-autofocus
        className="field"
        style={{ width: '100%' }}
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown.length > 0 ? `${id}-${active}` : undefined}
        aria-label={`Search ${label.toLowerCase()}`}
        placeholder="Search; Enter chooses"
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setActive(0);
        }}
        onKeyDown={(event) => {
          const moves: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + 10, PageUp: active - 10 };
          if (event.key in moves) {
            event.preventDefault();
            moveTo(moves[event.key]!);
          } else if (event.key === 'Enter') {
            event.preventDefault();
            const choice = shown[active];
            if (event.ctrlKey || event.metaKey) close();
            else if (choice) toggle(choice.value);
          }
        }}
      />
      <div className="row">
        <button type="button" className="button" onClick={() => onChange(null)} disabled={chosen === null}>All</button>
        <button type="button" className="button" disabled={search === '' || found.length === 0} onClick={() => choose(new Set([...set, ...found.map((c) => c.value)]))}>
          Add found
        </button>
        <button type="button" className="button" disabled={search === '' || found.length === 0} onClick={() => choose(new Set(found.map((c) => c.value)))}>
          Only found
        </button>
        <span className="dim push" role="status">{chosen === null ? 'all' : `${chosen.length} chosen`}</span>
      </div>
      <ul className="options" role="listbox" aria-multiselectable="true" aria-label={label} id={`${id}-list`} ref={list} tabIndex={-1}>
        {shown.map((choice, index) => (
          <li
            key={choice.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={set.has(choice.value)}
            className={index === active ? 'active' : ''}
            onPointerMove={() => setActive(index)}
            onClick={() => toggle(choice.value)}
          >
            <span className="check" aria-hidden="true" />
            {choice.label}
            {choice.code && choice.code !== choice.label && <span className="code">{choice.code}</span>}
          </li>
        ))}
      </ul>
      {found.length > shown.length && <p className="dim">{(found.length - shown.length).toLocaleString('en')} more: search to find them</p>}
      {found.length === 0 && <p className="dim">{choices.length === 0 ? 'Loading…' : 'Nothing matches'}</p>}
    </>
  );
}
