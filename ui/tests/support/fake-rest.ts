/** The REST answers of the fake server that are not rows: definitions, plans, what the server tells about itself. */
import { Refused } from './fake-views.js';

export interface Told {
  readonly status: number;
  readonly body: unknown;
}

const definitions = new Map<string, { definition: string; etag: number }>();

export function definitionOf(name: string): unknown {
  const known = definitions.get(name) ?? { definition: `-- @title ${name}\nSELECT *\n  FROM account\n`, etag: 1 };
  definitions.set(name, known);
  return { name, definition: known.definition, etag: String(known.etag) };
}

/** The one mistake that it knows is FRM for FROM, and where. */
export function dryRun(definition: string): Told {
  const lines = definition.split('\n');
  const at = lines.findIndex((line) => /\bFRM\b/.test(line));
  if (at >= 0) {
    return { status: 400, body: { title: 'Bad Request', status: 400, detail: 'near "FRM": expected FROM', line: at + 1, column: lines[at]!.indexOf('FRM') + 1 } };
  }
  return {
    status: 200,
    body: {
      strategy: 'delta', reason: 'one table, no aggregate', sql: 'SELECT * FROM "account"', columns: [{ name: 'account_id', type: 'TEXT' }],
      plan: { strategy: 'delta', nodes: [{ kind: 'table', name: 'account' }] },
    },
  };
}

export function publish(name: string, definition: string, ifMatch: string | undefined): Told {
  const tried = dryRun(definition);
  if (tried.status !== 200) return tried;
  const known = definitions.get(name);
  if (known && ifMatch !== `"${known.etag}"`) return { status: 412, body: { title: 'Precondition Failed', status: 412, detail: 'changed meanwhile' } };
  definitions.set(name, { definition, etag: (known?.etag ?? 0) + 1 });
  return { status: known ? 200 : 201, body: definitionOf(name) };
}

let turns = 0;
export function metrics(version: number, clients: number): string {
  turns += 10;
  const fast = Math.round(turns * 0.9);
  return `# TYPE viewserver_records counter
viewserver_records_total ${turns * 83}
# TYPE viewserver_turns counter
viewserver_turns_total ${turns}
viewserver_version ${version}
viewserver_ready 1
viewserver_instances 3
viewserver_instance_state_bytes 1048576
viewserver_live_db_bytes 8388608
viewserver_wal_bytes 65536
viewserver_clients{kind="websocket"} ${clients}
viewserver_clients{kind="sse"} 0
viewserver_messages_total ${turns * 2}
viewserver_topic_records_total{topic="base.price"} ${turns * 80}
viewserver_topic_lag{topic="base.price"} 0
viewserver_topic_dead_letters_total{topic="base.price"} 1
viewserver_view_rows{view="account_overview"} 1229
viewserver_view_deltas{view="account_overview"} ${turns * 9}
viewserver_view_maintenance_seconds{view="account_overview"} ${turns / 1000}
# TYPE viewserver_delivery_latency_seconds histogram
viewserver_delivery_latency_seconds_bucket{le="0.005"} ${fast}
viewserver_delivery_latency_seconds_bucket{le="0.1"} ${turns}
viewserver_delivery_latency_seconds_bucket{le="+Inf"} ${turns}
viewserver_delivery_latency_seconds_count ${turns}
viewserver_delivery_latency_seconds_sum ${turns / 250}
# TYPE viewserver_turn_seconds histogram
viewserver_turn_seconds_bucket{le="0.002"} ${fast}
viewserver_turn_seconds_bucket{le="0.01"} ${turns}
viewserver_turn_seconds_bucket{le="+Inf"} ${turns}
viewserver_turn_seconds_count ${turns}
viewserver_turn_seconds_sum ${turns / 500}
# EOF
`;
}

export function instances(): unknown {
  return [
    { id: 1, view: 'account_overview', params: { accounts: 'all', group_by: ['sector'] }, filter: null, strategy: 'delta', table: 'vs_r1', rows: 7, subscribers: 1, turns: turns, deltas: turns * 7, total_ns: turns * 90_000, last_ns: 81_000, state_bytes: 4096, eager: false, expires_ms: null },
    { id: 2, view: 'enriched_holdings', params: {}, filter: `"sector" IS 'Energy'`, strategy: 'delta', table: 'vs_r2', rows: 188, subscribers: 0, turns: 90, deltas: 900, total_ns: 8_000_000, last_ns: 60_000, state_bytes: 65_536, eager: false, expires_ms: 41_000 },
  ];
}

const LINES = [
  ['info', 'source=kafka: caught up'],
  ['warn', 'topic=base.price offset=17: set aside, price must be above 0'],
  ['info', 'view=account_overview version=101: an instance was made'],
] as const;
export function log(since: number): unknown {
  const lines = LINES.map(([level, text], i) => ({ id: i + 1, time: 1_763_640_000 + i, level, text })).filter((line) => line.id > since);
  return { next: LINES.length, lines };
}

export function body<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new Refused('bad_json', 'the body is not JSON');
  }
}
