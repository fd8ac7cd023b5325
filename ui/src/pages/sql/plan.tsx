/** How the server would keep a view, in words: the strategy and why, then the plan itself for those who want to know. */
export interface DryRun {
  readonly strategy: string;
  readonly reason: string;
  readonly sql: string;
  readonly columns: readonly { name: string; type: string }[];
  readonly plan: unknown;
}

const MEANING: Readonly<Record<string, string>> = {
  delta: 'kept from changes: a change costs what it touches',
  group: 'the groups that a change touches are computed again',
  rerun: 'the whole SELECT is run again and compared, within a budget of time',
};

export function Plan({ found }: { found: DryRun }) {
  return (
    <section className="plan" aria-label="Plan">
      <p>
        <b>{found.strategy}</b> <span className="dim">{MEANING[found.strategy] ?? ''}</span>
      </p>
      {found.reason && <p>{found.reason}</p>}
      <p className="dim">{found.columns.length} columns: {found.columns.map((c) => c.name).join(', ')}</p>
      <details>
        <summary>The plan</summary>
        <Tree value={found.plan} />
      </details>
      <details>
        <summary>The SELECT of its default selection</summary>
        <pre tabIndex={0}>{found.sql}</pre>
      </details>
    </section>
  );
}

/** Any JSON, indented; texts of several lines as they are. */
function Tree({ value }: { value: unknown }) {
  if (Array.isArray(value)) {
    return <ol>{value.map((item, i) => <li key={i}><Tree value={item} /></li>)}</ol>;
  }
  if (typeof value === 'object' && value !== null) {
    return (
      <ul>
        {Object.entries(value).map(([name, inner]) => (
          <li key={name}><span className="dim">{name}</span> <Tree value={inner} /></li>
        ))}
      </ul>
    );
  }
  return typeof value === 'string' && value.length > 60 ? <pre tabIndex={0}>{value}</pre> : <span>{String(value)}</span>;
}
