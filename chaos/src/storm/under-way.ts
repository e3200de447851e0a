/**
 * Requests that were sent and not answered, by process, as the history tells.
 * @pure
 */
import type { Entry } from "../history/line.ts";
import { entryOf } from "../history/places.ts";

export class UnderWay {
  readonly #open = new Map<string, Set<string>>();

  take(from: string, entry: Entry): void {
    if (entry.kind === "publishing") this.#of(from).add(entry.call);
    else if (entry.kind === "published") this.#of(from).delete(entry.call);
    else if (entry.kind === "committing") this.#of(from).add(entry.commit);
    else if (entry.kind === "committed" || entry.kind === "not-committed") this.#of(from).delete(entry.commit);
  }

  /** Publishes and commits of these processes. */
  requests(processes: readonly string[]): number {
    return processes.reduce((sum, process) => sum + (this.#open.get(process)?.size ?? 0), 0);
  }

  #of(from: string): Set<string> {
    return entryOf(this.#open, from, () => new Set<string>());
  }
}
