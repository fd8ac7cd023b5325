/** The REST side, typed: what the page asks once. Live rows come over the WebSocket. Works where `fetch` is: browsers, Node 18. */
import type { Column, RowTuple, Value } from './protocol.js';

/** What a server says when it refuses (RFC 9457), as an exception. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly detail: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.name = 'Problem';
  }

  get hint(): string {
    return typeof this.detail.hint === 'string' ? this.detail.hint : '';
  }
}

export interface ViewParam {
  readonly name: string;
  /** `set` takes any number of values, `value` one. */
  readonly kind: string;
  readonly type?: string;
  /** The values to choose from, where the view lists them. */
  readonly values?: readonly (string | number)[];
  /** `table.column` that holds the values to choose from. */
  readonly source?: string;
  readonly default?: unknown;
  readonly title?: string;
}

export interface ViewInfo {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly params: readonly ViewParam[];
  readonly group_by: { readonly dimensions: readonly string[]; readonly default: readonly string[] } | null;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  readonly strategy: string;
  readonly alive: number | boolean;
  readonly definition?: string;
  readonly [more: string]: unknown;
}

export interface RowSet {
  readonly view?: string;
  readonly version: number;
  readonly key?: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
}

export class Rest {
  constructor(private readonly base: string) {}

  async json<T>(path: string, init?: RequestInit): Promise<T> {
    let response: Response;
    try {
      response = await fetch(this.base + path, { ...init, headers: { Accept: 'application/json', ...init?.headers } });
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error;
      throw new Problem(0, 'The server cannot be reached.');
    }
    const text = await response.text();
    let body: unknown = null;
    try {
      body = text === '' ? null : JSON.parse(text);
    } catch {
      throw new Problem(response.status, `The server answered ${response.status} with something that is not JSON.`);
    }
    if (!response.ok) {
      const detail = (body ?? {}) as Record<string, unknown>;
      const words = detail.detail ?? detail.title ?? `The server answered ${response.status}.`;
      throw new Problem(response.status, String(words), detail);
    }
    return body as T;
  }

  post<T>(path: string, body: unknown, init?: RequestInit): Promise<T> {
    return this.json<T>(path, {
      method: 'POST', body: JSON.stringify(body), ...init, headers: { 'Content-Type': 'application/json', ...init?.headers },
    });
  }

  async views(): Promise<readonly ViewInfo[]> {
    return listOf<ViewInfo>(await this.json<unknown>('/api/v1/views'), 'views');
  }

  async view(name: string): Promise<ViewInfo> {
    return this.json<ViewInfo>(`/api/v1/views/${encodeURIComponent(name)}`);
  }

  tableRows(table: string, query = ''): Promise<RowSet> {
    return this.json<RowSet>(`/api/v1/tables/${encodeURIComponent(table)}/rows${query}`);
  }

  sql(sql: string, params?: Readonly<Record<string, Value>>, signal?: AbortSignal): Promise<RowSet> {
    return this.post<RowSet>('/api/v1/sql', params ? { sql, params } : { sql }, signal ? { signal } : undefined);
  }

  async text(path: string): Promise<string> {
    const response = await fetch(this.base + path).catch(() => {
      throw new Problem(0, 'The server cannot be reached.');
    });
    if (!response.ok) throw new Problem(response.status, `The server answered ${response.status}.`);
    return response.text();
  }
}

/** A list that comes bare or as the member of an object. */
export function listOf<T>(body: unknown, member: string): readonly T[] {
  if (Array.isArray(body)) return body as T[];
  const inner = (body as Record<string, unknown> | null)?.[member];
  return Array.isArray(inner) ? (inner as T[]) : [];
}

export type { RowTuple };
