/**
 * One refresh for all requests that were refused with the same token: an identity provider that rotates refresh tokens or limits
 * their rate would refuse the other refreshes.
 */
import type { Clock } from "nakadi-protocol";
import type { TokenProvider } from "./token.ts";

/** The token that replaces a refused one. */
export interface Successor {
  readonly token: string | Promise<string>;
  /** Whether the refresh is in flight; false for a token that an earlier refresh returned. */
  readonly isFresh: boolean;
}

/** Refused tokens that are kept with their successors. */
const MAX_SUCCESSORS = 8;

export class Refreshes {
  readonly #provider: TokenProvider;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** By the refused token, the oldest first. */
  readonly #successors = new Map<string, Promise<string>>();
  readonly #known = new WeakMap<Promise<string>, string>();

  /** @param timeoutMs after this time further requests start a new refresh instead of waiting for the one in flight */
  constructor(provider: TokenProvider, clock: Clock, timeoutMs: number) {
    this.#provider = provider;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** The token to use after `refused`: from the refresh in flight, from an earlier one, or from a new one. */
  after(refused: string): Successor {
    const successor = this.#successors.get(refused);
    if (!successor) return { token: this.#refresh(refused), isFresh: true };
    const token = this.#known.get(successor);
    return token === undefined ? { token: successor, isFresh: true } : { token, isFresh: false };
  }

  #refresh(refused: string): Promise<string> {
    const given = (async () => this.#provider({ refresh: true }))();
    this.#successors.set(refused, given);
    const [oldest] = this.#successors.keys();
    if (this.#successors.size > MAX_SUCCESSORS && oldest !== undefined) this.#successors.delete(oldest);
    const forget = (): void => {
      if (this.#successors.get(refused) === given) this.#successors.delete(refused);
    };
    const timer = this.#clock.schedule(this.#timeoutMs, forget);
    given.then(
      (token) => {
        timer.cancel();
        this.#known.set(given, token);
        // The provider returned a refused token: the next request starts a new refresh.
        if (token === refused || this.#successors.has(token)) forget();
      },
      () => {
        timer.cancel();
        forget();
      },
    );
    return given;
  }
}
