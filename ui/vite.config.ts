import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** `npm run dev` proxies to a running server, so that the page always sees one origin. */
const server = process.env.VIEWSERVER_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    target: 'es2022',
    outDir: 'dist',
    chunkSizeWarningLimit: 1200,
    // The policy allows no data: scripts and the files are few: everything is a file of its own.
    assetsInlineLimit: 0,
    rollupOptions: {
      output: {
        manualChunks(id) {
          if (id.includes('ag-grid-community')) return 'grid-library';
          if (id.includes('lightweight-charts') || id.includes('fancy-canvas')) return 'chart-library';
          if (/@codemirror|@lezer|crelt|style-mod|w3c-keyname|@marijn/.test(id)) return 'editor-library';
          return undefined;
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': server,
      '/metrics': server,
      '/ws': { target: server.replace(/^http/, 'ws'), ws: true },
    },
  },
});
