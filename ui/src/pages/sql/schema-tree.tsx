/** Everything that SQL can name here: the topics' tables and the views, with their columns. A click writes the name. */
import { useState } from 'react';
import type { TableInfo, ViewInfo } from '../../client/index.js';

interface Props {
  readonly tables: readonly TableInfo[];
  readonly views: readonly ViewInfo[];
  readonly onInsert: (text: string) => void;
  readonly onOpenView: (name: string) => void;
}

export function SchemaTree({ tables, views, onInsert, onOpenView }: Props) {
  const [search, setSearch] = useState('');
  const matches = (name: string, columns: readonly { name: string }[]): boolean => {
    const word = search.toLowerCase();
    return word === '' || name.includes(word) || columns.some((c) => c.name.includes(word));
  };
  return (
    <nav className="schema" aria-label="Tables and views">
      <input className="field" type="search" placeholder="Find a column or table" aria-label="Find a column or table" value={search} onChange={(event) => setSearch(event.target.value)} />
      <h2>Views</h2>
      {views.filter((v) => matches(v.name, v.columns)).map((v) => (
        <Entry key={v.name} name={v.name} title={v.description} columns={v.columns} open={search !== ''} onInsert={onInsert}>
          <button type="button" className="button plain" title={`Edit the definition of ${v.name}`} onClick={() => onOpenView(v.name)}>edit</button>
        </Entry>
      ))}
      <h2>Tables</h2>
      {tables.filter((t) => matches(t.name, t.columns)).map((t) => (
        <Entry key={t.name} name={t.name} title={`${t.title} (${t.topic})`} columns={t.columns} open={search !== ''} onInsert={onInsert} />
      ))}
    </nav>
  );
}

interface EntryProps {
  readonly name: string;
  readonly title: string;
  readonly columns: readonly { name: string; type: string }[];
  readonly open: boolean;
  readonly onInsert: (text: string) => void;
  readonly children?: React.ReactNode;
}

function Entry({ name, title, columns, open, onInsert, children }: EntryProps) {
  return (
    <details open={open || undefined}>
      <summary title={title}>{name}</summary>
      <div className="entry">
        <button type="button" className="button plain" onClick={() => onInsert(name)}>write its name</button>
        {children}
      </div>
      <ul>
        {columns.map((c) => (
          <li key={c.name}>
            <button type="button" onClick={() => onInsert(c.name)}>{c.name}</button> <span className="dim">{c.type.toLowerCase()}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
