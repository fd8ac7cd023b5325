/** The pages: where they are, what they are called, what loads them. Each is a chunk of its own. */
import { lazy, type ComponentType, type LazyExoticComponent } from 'react';

export interface PageProps {
  /** What follows the page's path: `AAPL` in `/market/AAPL`. */
  readonly rest: string;
}

export interface Page {
  readonly path: string;
  readonly title: string;
  /** Goes there after `g`. */
  readonly key: string;
  readonly component: LazyExoticComponent<ComponentType<PageProps>>;
}

export const PAGES: readonly Page[] = [
  { path: '/view', title: 'Portfolio', key: 'p', component: lazy(() => import('../pages/view-page.js')) },
  { path: '/market', title: 'Market', key: 'm', component: lazy(() => import('../pages/market-page.js')) },
  { path: '/alerts', title: 'Alerts', key: 'a', component: lazy(() => import('../pages/alerts-page.js')) },
  { path: '/sql', title: 'SQL', key: 's', component: lazy(() => import('../pages/sql-page.js')) },
  { path: '/system', title: 'System', key: 'y', component: lazy(() => import('../pages/system-page.js')) },
  { path: '/views', title: 'Views', key: 'v', component: lazy(() => import('../pages/views-page.js')) },
  { path: '/activity', title: 'Activity', key: 'l', component: lazy(() => import('../pages/activity-page.js')) },
];

export const HOME = '/view/account_overview';

export function findPage(path: string): { page: Page; rest: string } | null {
  const page = PAGES.find((p) => path === p.path || path.startsWith(p.path + '/'));
  return page ? { page, rest: decodeURIComponent(path.slice(page.path.length + 1)) } : null;
}
