/**
 * The text that each batch carries in `info.debug` (protocol 3.2, 3.3, 3.12.3).
 * @pure
 */
import { trackingText } from "../../dead-letters/dead-letter-search.ts";
import type { HeldPartitions } from "./held-partitions.ts";
import type { PartitionWindow } from "./partition-window.ts";

export class DebugTexts {
  #isStartReported = false;
  #isTrackingDue = false;

  /** The stream has sent a text other than that it started, which it leaves out from then on. */
  textSent(): void {
    this.#isStartReported = true;
  }

  /** The next batch names the partitions whose failed commits are counted. */
  topologyChanged(): void {
    this.#isTrackingDue = true;
  }

  /** The text of the next batch, which belongs to `window`; `undefined`: it has none. */
  next({ expired }: PartitionWindow, held: HeldPartitions, note: string | undefined): string | undefined {
    const texts: string[] = [];
    if (!this.#isStartReported) {
      texts.push("Stream started");
      if (expired > 0) texts.push(`skipped events due to retention time passed, count: ${expired}`);
    }
    if (note !== undefined) texts.push(note);
    const tracking = this.#isTrackingDue ? trackingText(held) : undefined;
    if (tracking !== undefined) texts.push(tracking);
    this.#isStartReported = true;
    this.#isTrackingDue = false;
    return texts.length > 0 ? texts.join("; ") : undefined;
  }
}
