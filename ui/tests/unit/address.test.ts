import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, readList, readText, writeList, writeText } from '../../src/store/address.js';
import { readLayout, selectionOf, writeLayout } from '../../src/pages/view/selection.js';
import { behind, literal } from '../../src/pages/view/drill.js';
import { RowStore } from '../../src/client/rows.js';
import type { ViewInfo } from '../../src/client/rest.js';

const VIEW: ViewInfo = {
  name: 'account_overview', title: '', description: '', key: [], columns: [], strategy: 'delta', reason: '', alive: false, instances: 0, topic: null, eager: false,
  params: [
    { name: 'accounts', kind: 'set', type: 'TEXT', table: 'account', column: 'account_id', default: 'all' },
    { name: 'exposures', kind: 'set', type: 'TEXT', values: ['sod', 'current'], default: 'all' },
    { name: 'limit_usd', kind: 'scalar', type: 'REAL', default: 5 },
  ],
  group_by: { dimensions: ['sector', 'currency', 'pid'], default: ['sector'] },
};

describe('the address', () => {
  it('gives back what was put in', () => {
    const values = ['A,B', 'x&y=z', 'ü %', '#?', ''];
    const query = { accounts: writeList(values), find: writeText('a b+c') };
    const there = parseAddress(formatAddress('/view/account_overview', query));
    expect(there.path).toBe('/view/account_overview');
    expect(readList(there.query.accounts)).toEqual(values);
    expect(readText(there.query.find)).toBe('a b+c');
  });

  it('an empty one is the root', () => {
    expect(parseAddress('')).toEqual({ path: '/', query: {} });
    expect(parseAddress('#/x?')).toEqual({ path: '/x', query: {} });
  });

  it('does not break on what is no encoding', () => {
    expect(readText(parseAddress('#/x?q=%zz').query.q)).toBe('%zz');
  });
});

describe('a selection from the address', () => {
  it('sends the defaults as nothing, and the dimensions always', () => {
    expect(selectionOf(VIEW, {})).toEqual({ view: 'account_overview', group_by: ['sector'] });
  });

  it('takes lists, numbers and the order of the dimensions', () => {
    expect(selectionOf(VIEW, { accounts: 'ACC001,ACC002', group_by: 'pid,sector,nonsense,pid', limit_usd: '7.5' })).toEqual({
      view: 'account_overview', params: { accounts: ['ACC001', 'ACC002'], limit_usd: 7.5 }, group_by: ['pid', 'sector'],
    });
  });

  it('the layout of the columns comes back', () => {
    const layout = { order: ['b', 'a'], hidden: ['c'], widths: { a: 120 }, sort: ['-b', 'a'], filters: { a: { filterType: 'text', type: 'contains', filter: 'x,y' } } };
    const query = Object.fromEntries(Object.entries(writeLayout(layout)).filter(([, v]) => v !== undefined)) as Record<string, string>;
    expect(readLayout(parseAddress(formatAddress('/', query)).query)).toEqual(layout);
    expect(readLayout({ columns_filter: '{broken' })).toEqual({});
  });
});

describe('what is behind a row', () => {
  const detail: ViewInfo = { ...VIEW, name: 'holdings', group_by: null, params: [], columns: ['account_id', 'sector', 'value'].map((name) => ({ name, type: '' })), key: ['account_id'] };

  it('is filtered by the key, and by what the controls chose', () => {
    const rows = new RowStore();
    rows.expectSnapshot({ columns: [{ name: 'sector', type: 'TEXT' }], key: ['sector'] }, false, false);
    rows.snapshotChunk(true, [[1, "O'Neil"]]);
    const found = behind([VIEW, detail], VIEW, { view: VIEW.name, params: { accounts: ['ACC001'] } }, rows, rows.get(1)!);
    expect(found.map((b) => b.selection.filter)).toEqual([`"sector" IS 'O''Neil' AND "account_id" IN ('ACC001')`]);
  });

  it('literals are SQL', () => {
    expect([null, 1.5, true, "a'b"].map(literal)).toEqual(['NULL', '1.5', '1', "'a''b'"]);
  });
});
