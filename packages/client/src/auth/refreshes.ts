/**
 * One refresh for all requests that were refused with the same token: an identity provider that rotates refresh tokens or limits
 * their rate would fail all others.
 */
import type { Clock } from "nakadi-protocol";
import type { TokenProvider } from "./token.ts";

/** What follows a token that was refused. */
export interface Successor {
  readonly token: string | Promise<string>;
  /** The provider is asked for it now; not so one that an earlier request has brought. */
  readonly isFresh: boolean;
}

/** Refused tokens that are remembered with what followed them. */
const REMEMBERED = 8;

export class Refreshes {
  readonly #provider: TokenProvider;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** By the refused token, the oldest first. */
  readonly #successors = new Map<string, Promise<string>>();
  readonly #known = new WeakMap<Promise<string>, string>();

  /** @param timeoutMs a refresh that takes longer is joined by no further request: the provider is asked again */
  constructor(provider: TokenProvider, clock: Clock, timeoutMs: number) {
    this.#provider = provider;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** The token to try after `refused`: what the refresh under way brings, or an earlier one has brought, or a new one will. */
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
    if (this.#successors.size > REMEMBERED && oldest !== undefined) this.#successors.delete(oldest);
    const forget = (): void => {
      if (this.#successors.get(refused) === given) this.#successors.delete(refused);
    };
    const timer = this.#clock.schedule(this.#timeoutMs, forget);
    given.then(
      (token) => {
        timer.cancel();
        this.#known.set(given, token);
        // The same one again, or one that was refused before: the provider is asked again next time.
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
