/** What a person hears of a server that goes away while events are read, and when it is given up. */
import type { NakadiError } from "nakadi-client";
import { describe } from "../../failure.ts";

/** The wait before each try: some twenty seconds in all until it is given up. */
export const RETRY = { initialDelayMs: 200, maxDelayMs: 5_000 };
const TRIES = 10;

export class Interruptions {
  readonly #say: (text: string) => void;
  readonly #giveUp: ((error: NakadiError) => void) | undefined;
  #said: string | undefined;
  #tries = 0;

  /** @param giveUp told when nothing was read for so long; never, where it is left out */
  constructor(say: (text: string) => void, giveUp?: (error: NakadiError) => void) {
    this.#say = say;
    this.#giveUp = giveUp;
  }

  /** For `onRetry`. The same failure is reported once. */
  readonly retry = (error: NakadiError): void => {
    this.#tries += 1;
    const text = describe(error);
    if (text !== this.#said) this.#say(`nakadi: ${text}; trying again`);
    this.#said = text;
    if (this.#tries >= TRIES) this.#giveUp?.(error);
  };

  /** For `onHealthy`. */
  readonly healthy = (): void => {
    if (this.#said !== undefined) this.#say("nakadi: reading goes on");
    this.#said = undefined;
  };

  /** Something was read. */
  progress(): void {
    this.#tries = 0;
  }
}
