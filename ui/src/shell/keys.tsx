/** The keyboard: what the keys do, and the dialog that tells. */
import { useEffect, useRef } from 'react';
import { changeSettings, useSettings } from '../store/settings.js';
import { PAGES } from './pages.js';

const KEYS: readonly (readonly [readonly string[], string])[] = [
  [['?'], 'This list'],
  [['Space'], 'Pause and go on (outside of fields and buttons)'],
  [['/'], 'Find in the grid'],
  [['a'], 'Choose accounts'],
  [['e'], 'Into the grid'],
  [['t'], 'Dark or light'],
  [['←', '→', '↑', '↓'], 'From cell to cell; Enter opens what is behind a row; on a column’s head Enter sorts'],
  [['Shift', '←', '→'], 'Order a grouping'],
  [['Esc'], 'Close'],
];

export function KeysDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { letterKeys } = useSettings();
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="keys-title">
      <header>
        <h2 id="keys-title">Keys</h2>
        <button type="button" className="button" onClick={onClose}>Close</button>
      </header>
      <div className="keys">
        {KEYS.map(([keys, what]) => (
          <Line key={what} keys={keys} what={what} />
        ))}
        {PAGES.map((page) => (
          <Line key={page.path} keys={['g', page.key]} what={`Go to ${page.title}`} />
        ))}
      </div>
      <p style={{ marginTop: 14 }}>
        <label>
          <input type="checkbox" checked={letterKeys} onChange={(event) => changeSettings({ letterKeys: event.target.checked })} /> Single keys act (turn off for
          speech input; ? then still opens this list)
        </label>
      </p>
    </dialog>
  );
}

function Line({ keys, what }: { keys: readonly string[]; what: string }) {
  return (
    <>
      <span>{keys.map((k) => <kbd key={k}>{k}</kbd>)}</span>
      <span>{what}</span>
    </>
  );
}

export interface KeyActions {
  readonly help: () => void;
  readonly pause: () => void;
  readonly theme: () => void;
  readonly go: (path: string) => void;
}

/** How long after `g` the next key still says where to. */
const SEQUENCE_MS = 3000;

const FIELDS = 'input, textarea, select, [contenteditable="true"], dialog, .cm-editor';

/** Listens while the page is there. Keys in fields are the field's. */
export function useKeys(actions: KeyActions, enabled: boolean): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    let going = 0;
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target.closest(FIELDS)) return;
      if (event.key === '?') return latest.current.help();
      if (!enabled) return;
      if (Date.now() - going < SEQUENCE_MS) {
        going = 0;
        const page = PAGES.find((p) => p.key === event.key);
        if (page) latest.current.go(page.path);
        return;
      }
      switch (event.key) {
        case 'g':
          going = Date.now();
          return;
        case ' ':
          if (target.closest('button, a, [role="gridcell"], summary, .popover')) return;
          event.preventDefault();
          return latest.current.pause();
        case 't':
          return latest.current.theme();
        case '/':
        case 'a':
        case 'e': {
          const place = { '/': '[data-key="find"]', a: '[data-key="first-control"] button', e: '' }[event.key];
          event.preventDefault();
          if (event.key === 'e') document.dispatchEvent(new CustomEvent('viewserver:focus-grid'));
          else document.querySelector<HTMLElement>(place)?.click();
          if (event.key === '/') document.querySelector<HTMLElement>(place)?.focus();
          return;
        }
        default:
      }
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, [enabled]);
}
