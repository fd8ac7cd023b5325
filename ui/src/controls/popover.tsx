/** A button with a panel below it. Escape, a click elsewhere and leaving it by Tab close it; focus goes back to the button. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';

interface Props {
  readonly label: ReactNode;
  readonly title?: string;
  readonly className?: string;
  readonly end?: boolean;
  /** Name for people who do not see the label. */
  readonly ariaLabel?: string;
  readonly panelLabel: string;
  readonly children: (close: () => void) => ReactNode;
}

export function Popover({ label, title, className = 'button', end, ariaLabel, panelLabel, children }: Props) {
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();

  useEffect(() => {
    if (!open) return;
    const first = panel.current?.querySelector<HTMLElement>('[data-autofocus], input, button, [tabindex="0"], a');
    first?.focus();
    keepInside(panel.current);
    const outside = (event: Event): void => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  return (
    <div
      className="anchor"
      ref={anchor}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !open) return;
        event.stopPropagation();
        close();
      }}
      onBlur={(event) => {
        if (event.relatedTarget && !anchor.current?.contains(event.relatedTarget as Node)) setOpen(false);
      }}
    >
      <button ref={button} type="button" className={className} title={title} aria-label={ariaLabel} aria-expanded={open} aria-haspopup="dialog" aria-controls={open ? id : undefined} onClick={() => setOpen(!open)}>
        {label}
      </button>
      {open && (
        <div id={id} ref={panel} className={end ? 'popover end' : 'popover'} role="dialog" aria-label={panelLabel}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Moves a panel that would stand outside the window back into it. */
function keepInside(panel: HTMLElement | null): void {
  if (!panel) return;
  const box = panel.getBoundingClientRect();
  const left = box.left < 8 ? 8 - box.left : box.right > innerWidth - 8 ? innerWidth - 8 - box.right : 0;
  if (left !== 0) panel.style.transform = `translateX(${left}px)`;
}
