import { describe, expect, it } from 'vitest';
import { labelsOf, parseMetrics, quantileOf, rateOf, valueOf, type Reading } from '../../src/pages/system/metrics.js';

const reading = (at: number, text: string): Reading => ({ at, samples: parseMetrics(text) });

describe('metrics', () => {
  it('takes names, labels and values from the text', () => {
    expect(parseMetrics('# TYPE a counter\na_total 7\nb{x="1",y="q\\"z"} 1.5e3\nc{le="+Inf"} 9\n# EOF\n')).toEqual([
      { name: 'a_total', labels: {}, value: 7 },
      { name: 'b', labels: { x: '1', y: 'q"z' }, value: 1500 },
      { name: 'c', labels: { le: '+Inf' }, value: 9 },
    ]);
  });

  it('adds up over labels, and says when there is nothing', () => {
    const now = reading(0, 'a{t="x"} 1\na{t="y"} 2\n');
    expect(valueOf(now, 'a')).toBe(3);
    expect(valueOf(now, 'a', { t: 'y' })).toBe(2);
    expect(valueOf(now, 'b')).toBeNull();
    expect(labelsOf(now, 'a', 't')).toEqual(['x', 'y']);
  });

  it('gives rates between two readings, none over a restart', () => {
    expect(rateOf(reading(0, 'a 10'), reading(2000, 'a 30'), 'a')).toBe(10);
    expect(rateOf(reading(0, 'a 10'), reading(2000, 'a 3'), 'a')).toBeNull();
    expect(rateOf(null, reading(2000, 'a 3'), 'a')).toBeNull();
  });

  it('gives quantiles of what came between two readings', () => {
    const before = reading(0, 'h_bucket{le="1"} 100\nh_bucket{le="2"} 100\nh_bucket{le="+Inf"} 100\n');
    const now = reading(1, 'h_bucket{le="1"} 110\nh_bucket{le="2"} 120\nh_bucket{le="+Inf"} 120\n');
    expect(quantileOf(before, now, 'h', 0.5)).toBe(1);
    expect(quantileOf(before, now, 'h', 0.75)).toBe(1.5);
    expect(quantileOf(now, now, 'h', 0.5)).toBeNull();
  });
});
