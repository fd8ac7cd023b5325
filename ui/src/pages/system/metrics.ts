/** What `/metrics` says (OpenMetrics text), taken apart: samples by name and labels, and what two readings tell together. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Reading {
  /** performance.now() when it was read. */
  readonly at: number;
  readonly samples: readonly Sample[];
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([^ ]+)/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const match = LINE.exec(line);
    if (!match) continue;
    const labels: Record<string, string> = {};
    for (const [, name, value] of (match[2] ?? '').matchAll(LABEL)) labels[name!] = value!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    samples.push({ name: match[1]!, labels, value: match[3] === '+Inf' ? Infinity : Number(match[3]) });
  }
  return samples;
}

type Labels = Readonly<Record<string, string>>;
const matches = (sample: Sample, name: string, labels: Labels): boolean =>
  sample.name === name && Object.entries(labels).every(([k, v]) => sample.labels[k] === v);

/** The sum over all samples of that name, or null where there is none. */
export function valueOf(reading: Reading | null, name: string, labels: Labels = {}): number | null {
  const found = reading?.samples.filter((s) => matches(s, name, labels)) ?? [];
  return found.length === 0 ? null : found.reduce((sum, s) => sum + s.value, 0);
}

/** A counter's growth per second between two readings; null before there are two, or after a restart. */
export function rateOf(before: Reading | null, now: Reading | null, name: string, labels: Labels = {}): number | null {
  const [a, b] = [valueOf(before, name, labels), valueOf(now, name, labels)];
  if (a === null || b === null || b < a || now!.at <= before!.at) return null;
  return ((b - a) / (now!.at - before!.at)) * 1000;
}

/** A quantile of what a histogram took in between two readings, by linear interpolation in its bucket. Seconds. */
export function quantileOf(before: Reading | null, now: Reading | null, name: string, q: number): number | null {
  const buckets = (reading: Reading | null): Map<number, number> => {
    const counts = new Map<number, number>();
    for (const s of reading?.samples ?? []) {
      if (s.name !== `${name}_bucket`) continue;
      const bound = s.labels.le === '+Inf' ? Infinity : Number(s.labels.le);
      counts.set(bound, (counts.get(bound) ?? 0) + s.value);
    }
    return counts;
  };
  const [old, current] = [buckets(before), buckets(now)];
  const bounds = [...current.keys()].sort((a, b) => a - b);
  const grown = bounds.map((bound) => current.get(bound)! - (old.get(bound) ?? 0));
  const total = grown.at(-1) ?? 0;
  if (total <= 0) return null;
  const wanted = q * total;
  const at = grown.findIndex((count) => count >= wanted);
  const low = at > 0 ? bounds[at - 1]! : 0;
  const high = bounds[at]!;
  if (!Number.isFinite(high)) return low;
  const below = at > 0 ? grown[at - 1]! : 0;
  const inside = grown[at]! - below;
  return inside > 0 ? low + ((wanted - below) / inside) * (high - low) : high;
}

/** The values of a label, in order. */
export function labelsOf(reading: Reading | null, name: string, label: string): string[] {
  const found = new Set<string>();
  for (const s of reading?.samples ?? []) if (s.name === name && s.labels[label] !== undefined) found.add(s.labels[label]);
  return [...found].sort();
}
