/** What became of the events so far; what was not published is said at once. */
import type { Verdict, VerdictStatus } from "nakadi-client";
import type { Output } from "../../context.ts";
import { visible } from "../../output/visible.ts";
import type { SourcedEvent } from "./event-source.ts";

const ORDER: readonly VerdictStatus[] = ["submitted", "rejected", "aborted", "unknown"];

const MEANING: Readonly<Record<Exclude<VerdictStatus, "submitted">, string>> = {
  rejected: "the server will not take it",
  aborted: "not published, may be tried again",
  unknown: "may or may not be published",
};

export class Tally {
  readonly #stderr: Output;
  readonly #counts = new Map<VerdictStatus, number>();

  constructor(stderr: Output) {
    this.#stderr = stderr;
  }

  get seen(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  get complete(): boolean {
    return this.seen === this.#count("submitted");
  }

  add(events: readonly SourcedEvent[], verdicts: readonly Verdict[]): void {
    for (const [index, { status, step, detail }] of verdicts.entries()) {
      this.#counts.set(status, this.#count(status) + 1);
      if (status === "submitted") continue;
      const place = `${events[index]?.file}:${events[index]?.line}`;
      const while_ = step === undefined || step === "none" ? "" : ` while ${step}`;
      this.#stderr.write(`${visible(`${place}: ${status}${while_}: ${detail ?? MEANING[status]}`)}\n`);
    }
  }

  sayTotal(eventType: string, dry: boolean): void {
    const others = ORDER.slice(1).filter((status) => this.#count(status) > 0);
    const refused = others.map((status) => `, ${this.#count(status)} ${status}`).join("");
    const said = dry ? "would be published" : "published";
    this.#stderr.write(
      `${this.#count("submitted")} of ${this.seen} events ${said} to ${visible(eventType)}${refused}\n`,
    );
  }

  #count(status: VerdictStatus): number {
    return this.#counts.get(status) ?? 0;
  }
}
