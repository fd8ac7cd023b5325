/** The editor: SQLite's SQL, completion from the live schema, errors where they are. */
import { useEffect, useImperativeHandle, useRef, type Ref } from 'react';
import { autocompletion, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { SQLite, sql } from '@codemirror/lang-sql';
import { HighlightStyle, bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export interface EditorHandle {
  insert(text: string): void;
  selected(): string;
}

interface Props {
  /** Another one is another text: what is typed stays the editor's own. */
  readonly id: string;
  readonly text: string;
  readonly schema: Readonly<Record<string, readonly string[]>>;
  readonly mistake: Mistake | null;
  readonly onChange: (text: string) => void;
  readonly onRun: () => void;
  readonly ref?: Ref<EditorHandle>;
}

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--code-keyword)', fontWeight: '600' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--code-number)' },
  { tag: tags.comment, color: 'var(--dim)', fontStyle: 'italic' },
  { tag: [tags.typeName, tags.standard(tags.name)], color: 'var(--code-name)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', backgroundColor: 'var(--surface)', color: 'var(--text)', fontSize: '13px' },
  '.cm-scroller': { fontFamily: "ui-monospace, 'SF Mono', 'Cascadia Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace", lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'var(--raised)', color: 'var(--dim)', border: 'none' },
  '.cm-activeLine': { backgroundColor: 'var(--hover)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'var(--selected)' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--selected)', color: 'var(--text)' },
});

export function Editor({ id, text, schema, mistake, onChange, onRun, ref }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const language = useRef(new Compartment());
  const latest = useRef({ onChange, onRun });
  latest.current = { onChange, onRun };

  useEffect(() => {
    const made = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(), autocompletion(),
          language.current.of(sql({ dialect: SQLite, schema })),
          syntaxHighlighting(colours),
          look,
          EditorView.contentAttributes.of({ 'aria-label': 'SQL', 'aria-multiline': 'true' }),
          keymap.of([
            { key: 'Mod-Enter', run: () => (latest.current.onRun(), true) },
            // Escape, then Tab leaves the editor: CodeMirror's own way out for those who have only the keyboard.
            ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) latest.current.onChange(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
    // The text is the editor's from then on.
  }, [id]);

  useEffect(() => {
    view.current?.dispatch({ effects: language.current.reconfigure(sql({ dialect: SQLite, schema })) });
  }, [schema, id]);

  useEffect(() => {
    const now = view.current;
    if (!now) return;
    const marks: Diagnostic[] = [];
    if (mistake) {
      const line = now.state.doc.line(Math.max(1, Math.min(mistake.line, now.state.doc.lines)));
      const from = Math.min(line.from + Math.max(0, mistake.column - 1), line.to);
      const word = /^[\w"]+|^./.exec(now.state.doc.sliceString(from, line.to))?.[0].length ?? 0;
      marks.push({ from, to: from + word, severity: 'error', message: mistake.message });
    }
    now.dispatch(setDiagnostics(now.state, marks));
  }, [mistake, id]);

  useImperativeHandle(ref, () => ({
    insert: (piece) => {
      const now = view.current;
      if (!now) return;
      now.dispatch(now.state.replaceSelection(piece));
      now.focus();
    },
    selected: () => {
      const now = view.current;
      return now ? now.state.sliceDoc(now.state.selection.main.from, now.state.selection.main.to) : '';
    },
  }));

  return <div className="editor" ref={host} />;
}
