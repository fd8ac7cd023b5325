/** Delays between attempts to connect: doubling from `first` to `most`, each spread by up to a half, so that the clients
 * of a server that came back do not all knock at once. */
export class Backoff {
  private attempt = 0;

  constructor(
    private readonly firstMs = 250,
    private readonly mostMs = 10_000,
    private readonly random: () => number = Math.random,
  ) {}

  next(): number {
    const whole = Math.min(this.mostMs, this.firstMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 16);
    return Math.round(whole * (0.5 + this.random() / 2));
  }

  reset(): void {
    this.attempt = 0;
  }
}
