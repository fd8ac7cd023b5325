/** `npx vite-node tests/support/serve.ts [port]`: the fake server by itself, to look at the page without the real one. */
import { fileURLToPath } from 'node:url';
import { Market } from './fake-data.js';
import { FakeServer } from './fake-server.js';

const [port = '8090', accounts = '24', instruments = '80', tick = '100'] = process.argv.slice(2);
const server = new FakeServer({
  port: Number(port), tick_ms: Number(tick), dist: fileURLToPath(new URL('../../dist', import.meta.url)), market: new Market(Number(accounts), Number(instruments)),
});
console.log(`the fake server listens on ${await server.start()}`);
