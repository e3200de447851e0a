/**
 * What a program asked to be told about a stream. What an observer throws, or rejects with, is its own affair.
 * @pure
 */
import type { NakadiError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { tellObserver } from "../observability/observer.ts";
import type { ReadingSettings } from "./reading-options.ts";

export class StreamObservers {
  readonly #told: Pick<ReadingSettings, "onRetry" | "onHealthy">;
  readonly #logger: Logger;

  constructor(told: Pick<ReadingSettings, "onRetry" | "onHealthy">, logger: Logger) {
    this.#told = told;
    this.#logger = logger;
  }

  retry(error: NakadiError, delayMs: number): void {
    this.tell(() => this.#told.onRetry?.(error, delayMs));
  }

  healthy(): void {
    this.tell(() => this.#told.onHealthy?.());
  }

  tell(call: () => unknown): void {
    tellObserver(call, (error) => this.#logger.error({ error }, "an observer of a stream has thrown"));
  }
}
