/** What a reader prefers on this machine: kept in the browser, and overridden by the address where a link says so. */
import { useSyncExternalStore } from 'react';

export type Theme = 'dark' | 'light';
export type Density = 'compact' | 'normal' | 'roomy';

export interface Settings {
  readonly theme: Theme;
  readonly density: Density;
  readonly cents: boolean;
  /** Single-letter keys act (they can get in the way of speech input). */
  readonly letterKeys: boolean;
}

const NAME = 'viewserver.settings';

const preferred = (): Theme =>
  typeof matchMedia !== 'undefined' && matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';

function load(): Settings {
  const fallback: Settings = { theme: preferred(), density: 'normal', cents: false, letterKeys: true };
  try {
    const stored = JSON.parse(localStorage.getItem(NAME) ?? '{}') as Partial<Settings>;
    return { ...fallback, ...stored };
  } catch {
    return fallback;
  }
}

let current = load();
const listeners = new Set<() => void>();

export const settings = (): Settings => current;

export function changeSettings(change: Partial<Settings>): void {
  current = { ...current, ...change };
  try {
    localStorage.setItem(NAME, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing still shows everything.
  }
  for (const listener of listeners) listener();
}

export function useSettings(): Settings {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

export const ROW_HEIGHT: Readonly<Record<Density, number>> = { compact: 23, normal: 28, roomy: 36 };
