/** The client library: usable alone, in Node 18 or later and in browsers. Start with `new ViewClient({ url }).connect()`. */
export { Backoff } from './backoff.js';
export { ViewClient, type ClientOptions, type ConnectionStatus, type ConnectionPhase, type SocketFactory, type SocketLike } from './client.js';
export { Problem, Rest, type RowSet, type TableInfo, type ViewInfo, type ViewParam } from './rest.js';
export { RowStore, type CellChange, type Row, type RowChange, type RowListener } from './rows.js';
export { Subscription, type Phase, type SubscriptionOptions, type SubscriptionState } from './subscription.js';
export type * from './protocol.js';
