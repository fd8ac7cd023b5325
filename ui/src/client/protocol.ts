/**
 * The messages of the live protocol, version 1, as types. src/transport/PROTOCOL.md is what they follow, and the files in
 * tests/wire are the examples that the tests of both sides read. A row is `[row_id, value of column 0, column 1, …]`.
 */
export const PROTOCOL = 1;

export type Value = string | number | boolean | null;
export type RowTuple = readonly Value[];
export type ParamValue = string | number | boolean | null | readonly (string | number)[];
export type Params = Readonly<Record<string, ParamValue>>;

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** What is followed. `limit` makes it a window; `order_by` and `offset` need one. */
export interface Selection {
  readonly view: string;
  readonly params?: Params;
  readonly group_by?: readonly string[];
  readonly filter?: string;
  readonly order_by?: readonly string[];
  readonly offset?: number;
  readonly limit?: number;
}

export interface Since {
  readonly epoch: string;
  readonly version: number;
}

/* --- client → server --- */

type Nullable<T> = { [K in keyof T]?: T[K] | null };

export interface SubscribeMessage extends Selection {
  readonly op: 'subscribe';
  readonly id: string;
  readonly conflate_ms?: number;
  readonly since?: Since;
  readonly group?: string;
}
export interface ChangeMessage extends Nullable<Omit<Selection, 'view'>> {
  readonly op: 'change';
  readonly id: string;
  readonly conflate_ms?: number | null;
}
export interface PauseMessage {
  readonly op: 'pause';
  readonly id: string;
}
export interface ResumeMessage {
  readonly op: 'resume';
  readonly id: string;
}
export interface UnsubscribeMessage {
  readonly op: 'unsubscribe';
  readonly id: string;
}
export interface PingMessage {
  readonly op: 'ping';
  readonly nonce: string;
}
export type ClientMessage = SubscribeMessage | ChangeMessage | PauseMessage | ResumeMessage | UnsubscribeMessage | PingMessage;

/* --- server → client --- */

export interface Hello {
  readonly type: 'hello';
  readonly protocol: number;
  readonly server: string;
  readonly version: number;
  readonly epoch: string;
  readonly heartbeat_ms: number;
  readonly limits: Readonly<Record<string, number>>;
}
export interface Subscribed {
  readonly type: 'subscribed';
  readonly id: string;
  readonly view: string;
  readonly epoch: string;
  readonly version: number;
  readonly strategy: string;
  readonly reset: boolean;
  readonly resumed: boolean;
  readonly key: readonly string[];
  readonly columns: readonly Column[];
  readonly selection: Readonly<Record<string, unknown>>;
}
export interface Snapshot {
  readonly type: 'snapshot';
  readonly id: string;
  readonly seq: number;
  readonly version: number;
  readonly chunk: number;
  readonly last: boolean;
  readonly total: number;
  readonly rows: readonly RowTuple[];
}
export interface Changes {
  readonly remove?: readonly (readonly [number, string])[];
  readonly set?: readonly (readonly [number, number, Value])[];
  readonly add?: readonly RowTuple[];
  readonly move?: readonly (readonly [number, number])[];
}
export interface Delta extends Changes {
  readonly type: 'delta';
  readonly id: string;
  readonly seq: number;
  readonly version: number;
  /** Wall clock of the commit of `version`, milliseconds. */
  readonly time: number;
  readonly total?: number;
}
export interface Progress {
  readonly type: 'progress';
  readonly id: string;
  readonly seq: number;
  readonly version: number;
}
export interface Overflow {
  readonly type: 'overflow';
  readonly id: string;
  readonly seq: number;
  readonly reason: string;
}
export interface MustResnapshot {
  readonly type: 'must_resnapshot';
  readonly id: string;
  readonly reason: string;
}
export interface Unsubscribed {
  readonly type: 'unsubscribed';
  readonly id: string;
}
export interface Group {
  readonly type: 'group';
  readonly group: string;
  readonly version: number;
  readonly messages: readonly (Delta | Progress)[];
}
export interface ServerError {
  readonly type: 'error';
  readonly id: string | null;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly allowed?: readonly string[];
}
export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly version: number;
  readonly time: number;
}
export interface Pong {
  readonly type: 'pong';
  readonly nonce: string;
  readonly version: number;
  readonly time: number;
}
export type ServerMessage =
  | Hello | Subscribed | Snapshot | Delta | Progress | Overflow | MustResnapshot | Unsubscribed | Group | ServerError | Heartbeat | Pong;

/** The message in a frame's text, or null where it is none that we know the outside of (such are ignored). */
export function parseServerMessage(text: string): ServerMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null) return null;
  return typeof (message as { type?: unknown }).type === 'string' ? (message as ServerMessage) : null;
}
