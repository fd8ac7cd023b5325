/** A line of the last prices, drawn small; for the eye only, the figures stand beside it. */
const WIDTH = 132;
const HEIGHT = 34;

export function Sparkline({ points, rising }: { points: readonly number[]; rising: boolean }) {
  if (points.length < 2) return <svg className="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const low = Math.min(...points);
  const span = Math.max(...points) - low || 1;
  const path = points
    .map((p, i) => `${i === 0 ? 'M' : 'L'}${((i / (points.length - 1)) * (WIDTH - 2) + 1).toFixed(1)} ${(HEIGHT - 3 - ((p - low) / span) * (HEIGHT - 6)).toFixed(1)}`)
    .join('');
  return (
    <svg className={`spark ${rising ? 'positive' : 'negative'}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}
