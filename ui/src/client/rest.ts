/** The REST side, typed: what the page asks once. Live rows come over the WebSocket. Works where `fetch` is: browsers, Node 18. */
import type { Column, Value } from './protocol.js';

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

  /** Where in the text that was sent, from 1; null where the server does not say. */
  get position(): { line: number; column: number } | null {
    const { line, column } = this.detail;
    return typeof line === 'number' && typeof column === 'number' ? { line, column } : null;
  }
}

export interface ViewParam {
  readonly name: string;
  readonly kind: 'set' | 'scalar';
  readonly type: string;
  /** The values to choose from, where the view lists them. */
  readonly values?: readonly (string | number)[];
  /** The table and its column that hold the values to choose from, where the view names them. */
  readonly table?: string;
  readonly column?: string;
  readonly required?: boolean;
  /** A value, a list of values, or "all". */
  readonly default?: unknown;
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
  /** Why that strategy. */
  readonly reason: string;
  readonly alive: boolean;
  readonly instances: number;
  readonly topic: string | null;
  readonly eager: boolean;
}

export interface TableInfo {
  readonly name: string;
  readonly title: string;
  readonly topic: string;
  readonly append: boolean;
  readonly records: number;
  readonly dead_letters: number;
  readonly columns: readonly Column[];
  readonly key: readonly string[];
}

export interface RowSet {
  readonly view?: string;
  readonly version: number;
  readonly key?: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
  /** There are more rows than the limit. */
  readonly truncated?: boolean;
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

  views(): Promise<readonly ViewInfo[]> {
    return this.json('/api/v1/views');
  }

  tables(): Promise<readonly TableInfo[]> {
    return this.json('/api/v1/tables');
  }

  tableRows(table: string, query = ''): Promise<RowSet> {
    return this.json(`/api/v1/tables/${encodeURIComponent(table)}/rows${query}`);
  }

  sql(sql: string, limit: number, signal?: AbortSignal): Promise<RowSet> {
    return this.post('/api/v1/sql', { sql, limit }, signal ? { signal } : undefined);
  }

  async text(path: string): Promise<string> {
    const response = await fetch(this.base + path).catch(() => {
      throw new Problem(0, 'The server cannot be reached.');
    });
    if (!response.ok) throw new Problem(response.status, `The server answered ${response.status}.`);
    return response.text();
  }
}
