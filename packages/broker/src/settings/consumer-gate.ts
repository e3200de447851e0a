/** Keeps consumers of what is blocked away from streams and cursors (protocol 6.2). */
import type { Snapshot } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";
import type { Blacklist } from "./blacklist.ts";

export class ConsumerGate {
  readonly #blacklist: Blacklist;
  readonly #app: string;

  /** @param app who consumes */
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

  /** Calls `look` when others may be blocked than before. */
  onChange(look: () => void): Disposable {
    return this.#blacklist.onChange(look);
  }
}
