/**
 * The page's address as its state: `#/view/account_overview?accounts=ACC001,ACC002&group_by=sector`.
 *
 * It stands behind the `#`, so that any server of static files can serve the page and a link reopens what it was made
 * from. A list is separated by commas; each of its values is encoded by itself, so a value may hold one.
 */
import { useSyncExternalStore } from 'react';

export type Query = Readonly<Record<string, string>>;
export interface Address {
  readonly path: string;
  /** Raw: lists are not taken apart and values not decoded; see readText and readList. */
  readonly query: Query;
}

export function parseAddress(hash: string): Address {
  const text = hash.replace(/^#/, '');
  const at = text.indexOf('?');
  const path = (at < 0 ? text : text.slice(0, at)) || '/';
  const query: Record<string, string> = {};
  if (at >= 0) {
    for (const part of text.slice(at + 1).split('&')) {
      if (part === '') continue;
      const eq = part.indexOf('=');
      query[decode(eq < 0 ? part : part.slice(0, eq))] = eq < 0 ? '' : part.slice(eq + 1);
    }
  }
  return { path: path.startsWith('/') ? path : '/' + path, query };
}

export function formatAddress(path: string, query: Query): string {
  const parts = Object.entries(query).map(([name, raw]) => `${encodeURIComponent(name)}=${raw}`);
  return '#' + path + (parts.length > 0 ? '?' + parts.join('&') : '');
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replace(/\+/g, ' '));
  } catch {
    return raw;
  }
}

/** Readable where it may be: only what would be misunderstood is encoded. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/%(20|3A|2F|3B|40|24)/g, (whole, hex: string) => (hex === '20' ? '+' : decodeURIComponent(whole)));

export const readText = (raw: string | undefined): string | undefined => (raw === undefined ? undefined : decode(raw));
export const readList = (raw: string | undefined): string[] | undefined =>
  raw === undefined ? undefined : raw === '' ? [] : raw.split(',').map(decode);
export const writeText = encode;
export const writeList = (values: readonly (string | number)[]): string => values.map((v) => encode(String(v))).join(',');

/* --- the live address --- */

let current = parseAddress(typeof location === 'undefined' ? '' : location.hash);
const listeners = new Set<() => void>();

function changed(): void {
  const next = parseAddress(location.hash);
  if (formatAddress(next.path, next.query) === formatAddress(current.path, current.query)) return;
  current = next;
  for (const listener of listeners) listener();
}
if (typeof window !== 'undefined') {
  window.addEventListener('hashchange', changed);
  window.addEventListener('popstate', changed);
}

export const address = (): Address => current;

export function useAddress(): Address {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Another page: a step in the history. What belongs to the whole page (GLOBAL) goes along. */
export const GLOBAL = ['rate', 'paused', 'theme', 'density'] as const;

export function hrefOf(path: string, query: Query = {}): string {
  const kept: Record<string, string> = {};
  for (const name of GLOBAL) if (current.query[name] !== undefined) kept[name] = current.query[name]!;
  return formatAddress(path, { ...query, ...kept });
}

export function go(path: string, query: Query = {}): void {
  history.pushState(null, '', hrefOf(path, query));
  changed();
}

/** Changes some of the query in place; undefined takes one out. */
export function setQuery(change: Readonly<Record<string, string | undefined>>): void {
  const query: Record<string, string> = { ...current.query };
  for (const [name, raw] of Object.entries(change)) {
    if (raw === undefined) delete query[name];
    else query[name] = raw;
  }
  history.replaceState(null, '', formatAddress(current.path, query));
  changed();
}
