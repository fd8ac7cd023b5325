import { createRoot } from 'react-dom/client';
import { App } from './shell/app.js';
import { start } from './store/server.js';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/grid.css';

start();
createRoot(document.getElementById('root')!).render(<App />);
