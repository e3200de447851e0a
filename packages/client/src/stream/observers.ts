/**
 * The observers of a stream. An error of an observer is logged and ignored.
 * @pure
 */
import type { NakadiError } from "../errors/nakadi-error.ts";
import type { Logger } from "../observability/logger.ts";
import { tellObserver } from "../observability/observer.ts";
import type { ReadingSettings } from "./reading-options.ts";

export class StreamObservers {
  readonly #observers: Pick<ReadingSettings, "onRetry" | "onHealthy">;
  readonly #logger: Logger;

  constructor(observers: Pick<ReadingSettings, "onRetry" | "onHealthy">, logger: Logger) {
    this.#observers = observers;
    this.#logger = logger;
  }

  retry(error: NakadiError, delayMs: number): void {
    this.tell(() => this.#observers.onRetry?.(error, delayMs));
  }

  healthy(): void {
    this.tell(() => this.#observers.onHealthy?.());
  }

  tell(call: () => unknown): void {
    tellObserver(call, (error) => this.#logger.error({ error }, "stream observer failed"));
  }
}
