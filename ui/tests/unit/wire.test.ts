/** The examples of the protocol that the server's tests read too: the client understands each of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseServerMessage, type Changes, type Column, type RowTuple } from '../../src/client/protocol.js';
import { RowStore } from '../../src/client/rows.js';

const folder = new URL('../../../tests/wire/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));

const KNOWN = [
  'hello', 'subscribed', 'snapshot', 'delta', 'progress', 'overflow', 'must_resnapshot', 'unsubscribed', 'group', 'error', 'heartbeat', 'pong',
];

describe('server messages', () => {
  for (const name of names.filter((n) => n.startsWith('server_'))) {
    it(name, () => {
      const message = parseServerMessage(read(name));
      expect(message).not.toBeNull();
      expect(KNOWN).toContain(message!.type);
    });
  }

  it('a frame that is no message is none', () => {
    for (const text of ['', '{', '7', 'null', '[]', '{"type":7}']) expect(parseServerMessage(text)).toBeNull();
  });
});

interface ApplyCase {
  readonly title: string;
  readonly columns: number;
  readonly window?: boolean;
  readonly rows: RowTuple[];
  readonly delta: Changes;
  readonly after: RowTuple[];
}

describe('applying a delta', () => {
  for (const test of JSON.parse(read('apply.json')) as ApplyCase[]) {
    it(test.title, () => {
      const store = new RowStore();
      const columns: Column[] = Array.from({ length: test.columns }, (_, i) => ({ name: `c${i}`, type: '' }));
      store.expectSnapshot({ columns, key: [] }, false, test.window ?? false);
      store.snapshotChunk(true, test.rows);
      expect(store.apply(test.delta)).toBe(true);
      const rows = [...store.rows()].map((row) => [row.id, ...row.values]);
      const byId = (a: RowTuple, b: RowTuple): number => Number(a[0]) - Number(b[0]);
      expect(test.window ? rows : rows.sort(byId)).toEqual(test.window ? test.after : [...test.after].sort(byId));
    });
  }
});
