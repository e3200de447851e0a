/**
 * Opens a batch: parses its events, a large batch over several turns of the event loop, and divides them into parts.
 */
import type { NakadiError } from "../../errors/nakadi-error.ts";
import { eventsFrom } from "./event-slices.ts";
import type { Handler } from "./handler.ts";
import { ownError } from "../failures/handler-error.ts";
import type { Parsed } from "../../stream/event-parsing.ts";
import { laneOf } from "./lane.ts";
import { checkedHandler, type ConsumerSettings } from "../options.ts";
import { partsOf, type Work, type WorkPart } from "./work.ts";

export interface OpeningParts<E> {
  settings: Pick<ConsumerSettings<E>, "handlerOf" | "key">;
  opened: (work: Work<E>, parts: readonly WorkPart<E>[]) => void;
  /** A large batch was opened, or opening it failed, after `open` had returned. */
  later: () => void;
  fatal: (error: NakadiError) => void;
}

export class Opening<E> {
  readonly #parts: OpeningParts<E>;

  constructor(parts: OpeningParts<E>) {
    this.#parts = parts;
  }

  open(work: Work<E>): void {
    this.#orFatal(() => {
      const events = eventsFrom<E>(work.batch.raw);
      if (events instanceof Promise) void this.#openLarge(work, events);
      else this.#opened(work, events);
    });
  }

  handlerOf({ session, lane, batch }: Work<E>): Handler<E> {
    const known = session.handlers.get(lane);
    if (known) return known;
    const made = checkedHandler(this.#parts.settings.handlerOf(laneOf(batch.cursor)));
    session.handlers.set(lane, made);
    return made;
  }

  async #openLarge(work: Work<E>, parsing: Promise<readonly Parsed<E>[]>): Promise<void> {
    const parsed = await parsing.then(
      (events) => ({ events }),
      (error: unknown) => ({ error }),
    );
    this.#orFatal(() => {
      if (work.gone) return;
      if ("error" in parsed) throw parsed.error;
      this.#opened(work, parsed.events);
    });
    this.#parts.later();
  }

  #opened(work: Work<E>, events: readonly Parsed<E>[]): void {
    const single = this.handlerOf(work).onEvent !== undefined;
    this.#parts.opened(work, partsOf(work, events, single, this.#parts.settings.key));
  }

  /** The program or the wire is at fault, not an event, so the failure policy does not apply. */
  #orFatal(step: () => void): void {
    try {
      step();
    } catch (thrown) {
      this.#parts.fatal(ownError("could not be created, or options.key has thrown", thrown));
    }
  }
}
