/** The workbench: ad-hoc queries, and drafts of views that are checked as they are typed, previewed and published. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { Problem } from '../client/index.js';
import { GridView } from '../grid/grid-view.js';
import { hrefOf } from '../store/address.js';
import { LocalRows } from '../store/local-rows.js';
import { rest, useAnswer, useViews } from '../store/server.js';
import type { PageProps } from '../shell/pages.js';
import { changeDraft, chooseDraft, closeDraft, openDraft, useDrafts, type Draft } from './sql/drafts.js';
import { Editor, type EditorHandle, type Mistake } from './sql/editor.js';
import { Plan, type DryRun } from './sql/plan.js';
import { SchemaTree } from './sql/schema-tree.js';
import '../styles/sql.css';

const ROWS = 1000;
const PREVIEW_ROWS = 200;
const PREVIEW_EVERY_MS = 1000;
const CHECK_AFTER_MS = 350;
const NEW_VIEW = '-- @title My view\n-- @key   \nSELECT \n  FROM \n';

interface Told {
  readonly good: boolean;
  readonly text: string;
  readonly hint?: string;
  readonly view?: string;
}

const mistakeOf = (error: unknown): Mistake | null =>
  error instanceof Problem && error.position ? { ...error.position, message: error.message } : null;
const toldOf = (error: unknown): Told => ({ good: false, text: error instanceof Error ? error.message : String(error), ...(error instanceof Problem && error.hint ? { hint: error.hint } : {}) });

interface Definition {
  readonly definition: string;
  readonly etag: string;
}
const definitionOf = (name: string): Promise<Definition> => rest.json<Definition>(`/api/v1/views/${encodeURIComponent(name)}`);

export default function SqlPage(_: PageProps) {
  const { drafts, active } = useDrafts();
  const draft = drafts.find((d) => d.id === active) ?? drafts[0]!;
  const views = useViews();
  const tables = useAnswer('tables', () => rest.tables());
  const editor = useRef<EditorHandle>(null);
  const [problem, setProblem] = useState<Told | null>(null);
  const schema = useMemo(
    () => Object.fromEntries([...(tables.value ?? []), ...(views.value ?? [])].map((t) => [t.name, t.columns.map((c) => c.name)])),
    [tables.value, views.value],
  );
  useEffect(() => {
    document.title = 'SQL – View Server';
  }, []);

  const openView = (name: string): void => {
    definitionOf(name).then(
      ({ definition, etag }) => openDraft({ kind: 'view', name, text: definition, base: definition, etag }),
      (error: unknown) => setProblem(toldOf(error)),
    );
  };
  const newView = (): void => {
    const taken = new Set([...(views.value ?? []).map((v) => v.name), ...drafts.map((d) => d.name)]);
    let n = 1;
    while (taken.has(`my_view_${n}`)) n++;
    openDraft({ kind: 'view', name: `my_view_${n}`, text: NEW_VIEW, base: '', etag: '' });
  };

  return (
    <div className="inner">
      <div className="page-head"><h1>SQL</h1><p>Read the live database, and write views that stay up to date.</p></div>
      <div className="workbench">
        <SchemaTree tables={tables.value ?? []} views={views.value ?? []} onInsert={(text) => editor.current?.insert(text)} onOpenView={openView} />
        <div className="bench">
          <div className="tabs">
            {drafts.map((d) => (
              <span key={d.id} className="tab" data-active={d.id === draft.id}>
                <button type="button" aria-current={d.id === draft.id ? 'true' : undefined} onClick={() => chooseDraft(d.id)}>
                  {d.name}{d.kind === 'view' && d.text !== d.base ? ' •' : ''}
                </button>
                <button type="button" aria-label={`Close ${d.name}`} onClick={() => closeDraft(d.id)}>×</button>
              </span>
            ))}
            <button type="button" className="button plain" onClick={() => openDraft({ kind: 'query', name: `Query ${drafts.filter((d) => d.kind === 'query').length + 1}`, text: '', base: '', etag: '' })}>+ query</button>
            <button type="button" className="button plain" onClick={newView}>+ view</button>
          </div>
          {problem && <div className="notice error" role="alert">{problem.text}<button type="button" className="button" onClick={() => setProblem(null)}>Close</button></div>}
          {draft.kind === 'query'
            ? <QueryTab key={draft.id} draft={draft} schema={schema} editor={editor} />
            : <ViewTab key={draft.id} draft={draft} schema={schema} editor={editor} onPublished={views.again} />}
        </div>
      </div>
    </div>
  );
}

interface TabProps {
  readonly draft: Draft;
  readonly schema: Readonly<Record<string, readonly string[]>>;
  readonly editor: React.RefObject<EditorHandle | null>;
}

function QueryTab({ draft, schema, editor }: TabProps) {
  const [rows] = useState(() => new LocalRows());
  const [mistake, setMistake] = useState<Mistake | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [ran, setRan] = useState('');
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const run = (): void => {
    const text = editor.current?.selected().trim() || draft.text;
    const started = performance.now();
    abort.current?.abort();
    abort.current = new AbortController();
    setTold({ good: true, text: 'Running…' });
    rest.sql(text, ROWS, abort.current.signal).then(
      (answer) => {
        rows.show(answer, text === ran);
        setRan(text);
        setMistake(null);
        const more = answer.truncated ? `, the first ${ROWS} of more` : '';
        setTold({ good: true, text: `${answer.rows.length} rows${more} in ${Math.round(performance.now() - started)} ms, complete for version ${answer.version.toLocaleString('en')}` });
      },
      (error: unknown) => {
        if (error instanceof DOMException && error.name === 'AbortError') return;
        setMistake(mistakeOf(error));
        setTold(toldOf(error));
      },
    );
  };
  return (
    <>
      <Editor ref={editor} id={draft.id} text={draft.text} schema={schema} mistake={mistake} onChange={(text) => changeDraft(draft.id, { text })} onRun={run} />
      <div className="controls">
        <button type="button" className="button primary" onClick={run} title="Ctrl with Enter">Run</button>
        <Line told={told} fallback="Ctrl with Enter runs it, or what is selected. Read-only, under limits." />
      </div>
      {ran !== '' && <GridView subscription={rows} label="Result" />}
    </>
  );
}

function ViewTab({ draft, schema, editor, onPublished }: TabProps & { onPublished: () => void }) {
  const [rows] = useState(() => new LocalRows());
  const [mistake, setMistake] = useState<Mistake | null>(null);
  const [found, setFound] = useState<DryRun | null>(null);
  const [told, setTold] = useState<Told | null>(null);
  const [comparing, setComparing] = useState(false);
  const path = `/api/v1/views/${encodeURIComponent(draft.name)}`;

  // Checked a moment after the last key.
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      rest.post<DryRun>(`${path}/dry_run`, { definition: draft.text }, { signal: abort.signal }).then(
        (answer) => {
          setFound(answer);
          setMistake(null);
          setTold((old) => (old?.view ? old : { good: true, text: 'The draft is valid.' }));
        },
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setMistake(mistakeOf(error));
          setTold(toldOf(error));
        },
      );
    }, CHECK_AFTER_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [draft.text, path]);

  // The preview is the draft's own SELECT on the live database, again every second while the draft is valid.
  const sql = mistake ? null : found?.sql;
  useEffect(() => {
    if (!sql) return;
    let again = false;
    let timer: ReturnType<typeof setTimeout>;
    const abort = new AbortController();
    const look = (): void => {
      rest.sql(sql, PREVIEW_ROWS, abort.signal).then(
        (answer) => {
          rows.show(answer, again);
          again = true;
          timer = setTimeout(look, PREVIEW_EVERY_MS);
        },
        () => undefined, // the check above tells what is wrong
      );
    };
    look();
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [sql, rows]);

  const publish = (): void => {
    const fresh = draft.base === '';
    const done = fresh
      ? rest.post<Definition>('/api/v1/views', { name: draft.name, definition: draft.text })
      : rest.post<Definition>(path, { definition: draft.text }, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'If-Match': `"${draft.etag}"` } });
    done.then(
      ({ definition, etag }) => {
        changeDraft(draft.id, { base: definition ?? draft.text, text: definition ?? draft.text, etag });
        setTold({ good: true, text: 'Published.', view: draft.name });
        onPublished();
      },
      (error: unknown) => {
        const overtaken = error instanceof Problem && error.status === 412;
        setTold(overtaken ? { good: false, text: 'Somebody published another version meanwhile.', hint: 'Close this tab and open the view again to begin from it; copy your text first.' } : toldOf(error));
        setMistake(mistakeOf(error));
      },
    );
  };
  return (
    <>
      {draft.base === '' && (
        <label className="control"><span className="label">Name of the view</span>
          <input className="field" value={draft.name} pattern="[A-Za-z_][A-Za-z0-9_]*" onChange={(event) => changeDraft(draft.id, { name: event.target.value })} />
        </label>
      )}
      <Editor ref={editor} id={draft.id} text={draft.text} schema={schema} mistake={mistake} onChange={(text) => { changeDraft(draft.id, { text }); setTold(null); }} onRun={publish} />
      <div className="controls">
        <button type="button" className="button primary" disabled={mistake !== null || draft.text === draft.base} onClick={publish}>Publish</button>
        <button type="button" className="button" aria-pressed={comparing} disabled={draft.base === ''} onClick={() => setComparing(!comparing)}>What changed</button>
        <button type="button" className="button" disabled={draft.base === '' || draft.text === draft.base} onClick={() => { closeDraft(draft.id); openDraft({ kind: 'view', name: draft.name, text: draft.base, base: draft.base, etag: draft.etag }); }}>Discard</button>
        <Line told={told} fallback="Checked as you type." />
      </div>
      {comparing && <Difference before={draft.base} after={draft.text} />}
      {found && !mistake && <Plan found={found} />}
      {sql && <GridView subscription={rows} label={`Preview of ${draft.name}`} note={<span>preview of the draft, the first {PREVIEW_ROWS} rows, every second</span>} />}
    </>
  );
}

function Line({ told, fallback }: { told: Told | null; fallback: string }) {
  return (
    <span role="status" className={told && !told.good ? 'negative' : 'dim'}>
      {told?.text ?? fallback} {told?.hint && <span className="dim">{told.hint}</span>}
      {told?.view && <a href={hrefOf(`/view/${told.view}`)}>Open it</a>}
    </span>
  );
}

/** Line by line: what the published text has and the draft has not, and the other way round. */
function Difference({ before, after }: { before: string; after: string }) {
  return (
    <pre className="difference" tabIndex={0} aria-label="What changed">
      {differenceOf(before.split('\n'), after.split('\n')).map(({ mark, line }, i) => (
        <div key={i} className={mark === '+' ? 'positive' : mark === '-' ? 'negative' : 'dim'}>{mark} {line}</div>
      ))}
    </pre>
  );
}

/** The longest common subsequence of lines; texts here are short. */
export function differenceOf(before: readonly string[], after: readonly string[]): { mark: ' ' | '+' | '-'; line: string }[] {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i--) {
    for (let j = after.length - 1; j >= 0; j--) {
      common[i]![j] = before[i] === after[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const lines: { mark: ' ' | '+' | '-'; line: string }[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) lines.push({ mark: ' ', line: before[i++]! }), j++;
    else if (j >= after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) lines.push({ mark: '-', line: before[i++]! });
    else lines.push({ mark: '+', line: after[j++]! });
  }
  return lines;
}
