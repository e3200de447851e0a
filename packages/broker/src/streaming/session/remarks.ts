/**
 * What `info.debug` of ordinary batches says (protocol 3.2, 3.3, 3.12.3).
 * @pure
 */
import { trackingText } from "../../dead-letters/dead-letter-search.ts";
import type { HeldPartitions } from "./held-partitions.ts";
import type { PartitionWindow } from "./partition-window.ts";

export class Remarks {
  #started = false;
  #tellsTracking = false;

  /** The stream has said something, be it its end: it does not say any more that it started. */
  said(): void {
    this.#started = true;
  }

  /** The next batch says which partitions are tracked for dead letters. */
  topologyChanged(): void {
    this.#tellsTracking = true;
  }

  /** Of the next batch, which belongs to `window`; `undefined`: it has none. */
  next({ expired }: PartitionWindow, held: HeldPartitions, note: string | undefined): string | undefined {
    const texts: string[] = [];
    if (!this.#started) {
      texts.push("Stream started");
      if (expired > 0) texts.push(`skipped events due to retention time passed, count: ${expired}`);
    }
    if (note !== undefined) texts.push(note);
    const tracking = this.#tellsTracking ? trackingText(held) : undefined;
    if (tracking !== undefined) texts.push(tracking);
    this.#started = true;
    this.#tellsTracking = false;
    return texts.length > 0 ? texts.join("; ") : undefined;
  }
}
