/** The demo's two consumers and what they have told so far. */
import { Child } from "./child.ts";
import type { Progress } from "./consumer.ts";

export interface ConsumerTotals {
  handled: number;
  strongest: { mag: number; place: string } | undefined;
}

export class Consumers {
  readonly totals: ConsumerTotals = { handled: 0, strongest: undefined };
  readonly files: readonly string[];
  readonly #children: readonly Child[];

  /**
   * @param urls where each consumer finds the broker; the number of URLs is the number of consumers
   * @param fileOf the journal of the n-th consumer
   */
  constructor(
    urls: readonly string[],
    subscription: string,
    fileOf: (n: number) => string,
    news: (text: string) => void,
  ) {
    this.files = urls.map((_, index) => fileOf(index + 1));
    this.#children = urls.map((url, index) => {
      const name = `consumer ${index + 1}`;
      const file = fileOf(index + 1);
      const args = ["demo-consumer", "--url", url, "--subscription", subscription, "--file", file];
      return new Child(name, args, (line) => this.#take(name, JSON.parse(line) as Progress, news));
    });
  }

  /** Rejects when one of them ends by itself. */
  get died(): Promise<never> {
    return Promise.race(this.#children.map(({ died }) => died));
  }

  /** Lets them finish what they have. */
  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.endInput()));
  }

  #take(name: string, progress: Progress, news: (text: string) => void): void {
    if ("retry" in progress) {
      news(`${name} tries again: ${progress.retry}`);
      return;
    }
    this.totals.handled += progress.handled;
    if (progress.strongest.mag > (this.totals.strongest?.mag ?? Number.NEGATIVE_INFINITY)) {
      this.totals.strongest = progress.strongest;
    }
  }
}
