/**
 * What is being written, by tabs, kept in this browser as it is typed: nothing is lost by an error, a reload or a closed
 * lid. A draft of a view remembers the version (etag) that it began from, so that publishing cannot undo another's work.
 */
import { useSyncExternalStore } from 'react';

export interface Draft {
  readonly id: string;
  readonly kind: 'query' | 'view';
  /** Of the view; the tab's name of a query. */
  readonly name: string;
  readonly text: string;
  /** As it was published when the draft began; '' for a view that is new. */
  readonly base: string;
  readonly etag: string;
}

interface State {
  readonly drafts: readonly Draft[];
  readonly active: string;
}

const NAME = 'viewserver.drafts';
const FIRST: Draft = { id: 'd1', kind: 'query', name: 'Query 1', text: 'SELECT name, sql\n  FROM sqlite_master\n ORDER BY name', base: '', etag: '' };

function load(): State {
  try {
    const stored = JSON.parse(localStorage.getItem(NAME) ?? 'null') as State | null;
    if (stored && stored.drafts.length > 0) return stored;
  } catch {
    // A browser that forgot begins with an empty page.
  }
  return { drafts: [FIRST], active: FIRST.id };
}

let state = load();
const listeners = new Set<() => void>();

function set(next: State): void {
  state = next;
  try {
    localStorage.setItem(NAME, JSON.stringify(state));
  } catch {
    // Kept for as long as the page is open.
  }
  for (const listener of listeners) listener();
}

export function useDrafts(): State {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => state,
  );
}

const nextId = (): string => `d${Math.max(0, ...state.drafts.map((d) => Number(d.id.slice(1)) || 0)) + 1}`;

export function openDraft(draft: Omit<Draft, 'id'>): void {
  const there = draft.kind === 'view' ? state.drafts.find((d) => d.kind === 'view' && d.name === draft.name) : undefined;
  if (there) return set({ ...state, active: there.id });
  const made = { ...draft, id: nextId() };
  set({ drafts: [...state.drafts, made], active: made.id });
}

export const changeDraft = (id: string, change: Partial<Draft>): void => set({ ...state, drafts: state.drafts.map((d) => (d.id === id ? { ...d, ...change } : d)) });

export const chooseDraft = (id: string): void => set({ ...state, active: id });

export function closeDraft(id: string): void {
  const at = state.drafts.findIndex((d) => d.id === id);
  const left = state.drafts.filter((d) => d.id !== id);
  const drafts = left.length > 0 ? left : [{ ...FIRST, id: nextId() }];
  const active = state.active === id ? drafts[Math.min(at, drafts.length - 1)]!.id : state.active;
  set({ drafts, active });
}
