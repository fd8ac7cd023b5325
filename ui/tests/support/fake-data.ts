/** A small market for the tests: accounts, instruments, holdings and orders, seeded, with prices that move when told to. */

/** mulberry32: small, seeded, good enough for prices. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export interface Instrument {
  readonly id: number;
  readonly symbol: string;
  readonly sector: string;
  readonly currency: string;
  readonly open: number;
  price: number | null;
  time: number;
}
export interface Account {
  readonly id: string;
  readonly name: string;
}
export interface Holding {
  readonly account: Account;
  readonly instrument: Instrument;
  readonly position: number;
  filled: number;
  ordered: number;
}

const SECTORS = ['Energy', 'Financials', 'Health Care', 'Industrials', 'Information Technology', 'Materials', 'Utilities'];
const STYLES = ['Growth', 'Value', 'Momentum', 'Quality', 'Small Cap', 'Dividend', 'Low Volatility', 'Core'];
const CURRENCIES = ['USD', 'USD', 'USD', 'EUR', 'GBP', 'JPY'];

export class Market {
  readonly accounts: Account[] = [];
  readonly instruments: Instrument[] = [];
  readonly holdings: Holding[] = [];
  private readonly next: () => number;

  constructor(accounts = 24, instruments = 80, seed = 7) {
    this.next = random(seed);
    for (let i = 1; i <= accounts; i++) {
      const id = `ACC${String(i).padStart(3, '0')}`;
      this.accounts.push({ id, name: `${STYLES[i % STYLES.length]} Equity ${String(i).padStart(2, '0')}` });
    }
    for (let i = 1; i <= instruments; i++) {
      const open = Math.round((10 + this.next() * 490) * 100) / 100;
      this.instruments.push({
        id: 1000 + i, symbol: symbolOf(i), sector: SECTORS[i % SECTORS.length]!, currency: CURRENCIES[i % CURRENCIES.length]!, open,
        price: i % 40 === 0 ? null : open, time: Date.now(),
      });
    }
    for (const account of this.accounts) {
      for (const instrument of this.instruments) {
        if (this.next() < 0.35) continue;
        this.holdings.push({ account, instrument, position: Math.round((this.next() - 0.2) * 20_000), filled: 0, ordered: 0 });
      }
    }
  }

  /** Moves some prices, and fills an order here and there. */
  tick(share = 0.2): void {
    for (const instrument of this.instruments) {
      if (instrument.price === null || this.next() > share) continue;
      instrument.price = Math.max(0.01, Math.round(instrument.price * (1 + (this.next() - 0.5) * 0.004) * 100) / 100);
      instrument.time = Date.now();
    }
    const holding = this.holdings[Math.floor(this.next() * this.holdings.length)];
    if (holding && this.next() < 0.3) {
      holding.ordered += 100;
      holding.filled += 60;
    }
  }
}

function symbolOf(n: number): string {
  let text = '';
  for (let i = 0, left = n * 37 + 11; i < 3; i++, left = Math.floor(left / 26)) text = String.fromCharCode(65 + (left % 26)) + text;
  return text;
}
