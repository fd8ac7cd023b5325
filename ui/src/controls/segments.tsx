/** Some of a few, each a button that is in or out. The last one stays in. */
interface Choice {
  readonly value: string;
  readonly label: string;
  readonly title?: string;
}

interface SomeProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: readonly string[];
  readonly onChange: (chosen: readonly string[]) => void;
}

export function SomeOf({ label, choices, chosen, onChange }: SomeProps) {
  return (
    <div className="control" role="group" aria-label={label}>
      <span className="label" aria-hidden="true">{label}</span>
      <div className="segments">
        {choices.map(({ value, label: text, title }) => {
          const on = chosen.includes(value);
          return (
            <button
              key={value}
              type="button"
              aria-pressed={on}
              title={title}
              onClick={() => {
                const next = choices.map((c) => c.value).filter((v) => (v === value ? !on : chosen.includes(v)));
                if (next.length > 0) onChange(next);
              }}
            >
              {text}
            </button>
          );
        })}
      </div>
    </div>
  );
}

interface OneProps {
  readonly label: string;
  readonly choices: readonly Choice[];
  readonly chosen: string;
  readonly onChange: (chosen: string) => void;
  readonly hideLabel?: boolean;
}

/** One of a few: a radio group. */
export function OneOf({ label, choices, chosen, onChange, hideLabel }: OneProps) {
  return (
    <div className="control">
      {!hideLabel && <span className="label" aria-hidden="true">{label}</span>}
      <div
        className="segments"
        role="radiogroup"
        aria-label={label}
        onKeyDown={(event) => {
          const step = event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? -1 : event.key === 'ArrowRight' || event.key === 'ArrowDown' ? 1 : 0;
          if (step === 0) return;
          event.preventDefault();
          const at = (choices.findIndex((c) => c.value === chosen) + step + choices.length) % choices.length;
          onChange(choices[at]!.value);
          (event.currentTarget.children[at] as HTMLElement | undefined)?.focus();
        }}
      >
        {choices.map(({ value, label: text, title }) => (
          <button key={value} type="button" role="radio" aria-checked={value === chosen} tabIndex={value === chosen ? 0 : -1} title={title} onClick={() => onChange(value)}>
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}
