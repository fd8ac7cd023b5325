/** The frame around every page: navigation, pace, the connection, what the reader prefers. */
import { Component, Suspense, useEffect, useState, type ReactNode } from 'react';
import { address, go, hrefOf, setQuery, useAddress } from '../store/address.js';
import { RATES, setPace, type Rate } from '../store/server.js';
import { changeSettings, useSettings, type Density, type Theme } from '../store/settings.js';
import { OneOf } from '../controls/segments.js';
import { Popover } from '../controls/popover.js';
import { HOME, PAGES, findPage } from './pages.js';
import { KeysDialog, useKeys } from './keys.js';
import { Pill } from './pill.js';

const THEMES = [{ value: 'dark', label: 'Dark' }, { value: 'light', label: 'Light' }];
const DENSITIES = [{ value: 'compact', label: 'Compact' }, { value: 'normal', label: 'Normal' }, { value: 'roomy', label: 'Roomy' }];

export function App() {
  const { path, query } = useAddress();
  const preferences = useSettings();
  const [help, setHelp] = useState(false);
  const theme: Theme = query.theme === 'light' || query.theme === 'dark' ? query.theme : preferences.theme;
  const rate: Rate = RATES.some((r) => r.value === query.rate) ? (query.rate as Rate) : 'live';
  const paused = query.paused === '1';
  const found = findPage(path);

  useEffect(() => {
    if (path === '/' || !found) history.replaceState(null, '', hrefOf(HOME, address().query));
    if (path === '/' || !found) window.dispatchEvent(new HashChangeEvent('hashchange'));
  }, [path, found]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  useEffect(() => setPace(rate, paused), [rate, paused]);
  useEffect(() => {
    const density = address().query.density;
    if (density === 'compact' || density === 'normal' || density === 'roomy') changeSettings({ density });
  }, []);

  const togglePause = (): void => setQuery({ paused: paused ? undefined : '1' });
  const setTheme = (value: Theme): void => {
    changeSettings({ theme: value });
    setQuery({ theme: undefined });
  };
  useKeys({ help: () => setHelp(true), pause: togglePause, theme: () => setTheme(theme === 'dark' ? 'light' : 'dark'), go: (to) => go(to) }, preferences.letterKeys);

  return (
    <div className="app">
      <a className="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>Skip to content</a>
      <header className="bar">
        <a className="brand" href={hrefOf(HOME)} aria-label="View Server, home">
          <svg viewBox="0 0 32 32" aria-hidden="true"><g fill="currentColor"><rect x="4" y="6" width="14" height="5" rx="1.5" /><rect x="4" y="14" width="24" height="5" rx="1.5" opacity=".55" /><rect x="4" y="22" width="9" height="5" rx="1.5" /></g></svg>
          <span>View Server</span>
        </a>
        <nav className="nav" aria-label="Pages">
          {PAGES.map((page) => (
            <a key={page.path} href={hrefOf(page.path)} aria-current={found?.page === page ? 'page' : undefined}>{page.title}</a>
          ))}
        </nav>
        <div className="pace">
          <OneOf label="Rate" hideLabel choices={RATES} chosen={rate} onChange={(value) => setQuery({ rate: value === 'live' ? undefined : value })} />
          <button type="button" className="button" aria-pressed={paused} onClick={togglePause} title="Space">{paused ? 'Go on' : 'Pause'}</button>
        </div>
        <Pill paused={paused} />
        <Preferences theme={theme} setTheme={setTheme} onHelp={() => setHelp(true)} />
      </header>
      <main className="page" id="main" tabIndex={-1}>
        <Fence key={path}>
          <Suspense fallback={<div className="inner"><p className="dim">Loading the page…</p></div>}>
            {found && <found.page.component key={found.page.path} rest={found.rest} />}
          </Suspense>
        </Fence>
      </main>
      <KeysDialog open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

function Preferences({ theme, setTheme, onHelp }: { theme: Theme; setTheme: (theme: Theme) => void; onHelp: () => void }) {
  const { density, cents } = useSettings();
  return (
    <Popover end label={<span aria-hidden="true">⚙</span>} className="button plain square" ariaLabel="Display" panelLabel="Display" title="Display">
      {(close) => (
        <>
          <OneOf label="Theme" choices={THEMES} chosen={theme} onChange={(value) => setTheme(value as Theme)} />
          <OneOf label="Rows" choices={DENSITIES} chosen={density} onChange={(value) => changeSettings({ density: value as Density })} />
          <p><label><input type="checkbox" checked={cents} onChange={(event) => changeSettings({ cents: event.target.checked })} /> Money with cents</label></p>
          <button type="button" className="button" onClick={() => { close(); onHelp(); }}>Keys <kbd>?</kbd></button>
        </>
      )}
    </Popover>
  );
}

/** A page that breaks says so; the frame and the other pages go on. */
class Fence extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }

  override render(): ReactNode {
    if (!this.state.error) return this.props.children;
    return (
      <div className="inner">
        <div className="notice error" role="alert">
          <b>This page broke.</b> <span>{this.state.error.message}</span>
          <button type="button" className="button" onClick={() => this.setState({ error: null })}>Show it again</button>
        </div>
      </div>
    );
  }
}

