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
  /** Those that each consumer has read from. */
  readonly #streams: readonly Set<string>[];
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
    this.#streams = urls.map(() => new Set());
    this.#children = urls.map((url, index) => {
      const name = `consumer ${index + 1}`;
      const file = fileOf(index + 1);
      const args = ["demo-consumer", "--url", url, "--subscription", subscription, "--file", file];
      // The same again and again says nothing new until something was read.
      const complaints = new Set<string>();
      return new Child(name, args, (line) => {
        const progress = JSON.parse(line) as Progress;
        if (!("retry" in progress)) {
          complaints.clear();
          this.#streams[index]?.add(progress.stream);
          this.#count(progress);
        } else if (!complaints.has(progress.retry)) {
          complaints.add(progress.retry);
          news(`${name} tries again: ${progress.retry}`);
        }
      });
    });
  }

  /** From how many streams the n-th consumer has read. */
  streamsOf(n: number): number {
    return this.#streams[n - 1]?.size ?? 0;
  }

  /** Rejects when one of them ends by itself. */
  get died(): Promise<never> {
    return Promise.race(this.#children.map(({ died }) => died));
  }

  /** Lets them finish what they have. */
  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.endInput()));
  }

  #count({ handled, strongest }: Exclude<Progress, { retry: string }>): void {
    this.totals.handled += handled;
    if (strongest.mag > (this.totals.strongest?.mag ?? Number.NEGATIVE_INFINITY)) this.totals.strongest = strongest;
  }
}
