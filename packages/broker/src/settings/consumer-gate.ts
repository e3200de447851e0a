/** Refuses streams and cursors to blocked consumers (protocol 6.2). */
import type { Snapshot } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { Blacklist } from "./blacklist.ts";

export class ConsumerGate {
  readonly #blacklist: Blacklist;
  readonly #app: string;

  /** @param app name of the consuming application */
  constructor(blacklist: Blacklist, app: string) {
    this.#blacklist = blacklist;
    this.#app = app;
  }

  /** Whether the consumer or any of the event types is blocked. */
  blocks(eventTypes: readonly string[], at?: Snapshot): Promise<boolean> {
    return this.#blacklist.blocksConsumer(this.#app, eventTypes, at);
  }

  /** @throws {ProblemError} 403 */
  async demandStream(eventTypes: readonly string[], at?: Snapshot): Promise<void> {
    if (await this.blocks(eventTypes, at)) throw new ProblemError(403, "Application or event type is blocked");
  }

  /** @throws {ProblemError} 403 */
  async demandCursors(eventTypes: readonly string[], at?: Snapshot): Promise<void> {
    if (await this.blocks(eventTypes, at)) throw new ProblemError(403, "Application or subscription is blocked");
  }

  /** Calls `look` when the blacklist may have changed. */
  onChange(look: () => void): Disposable {
    return this.#blacklist.onChange(look);
  }
}
