/**
 * Many streams on one subscription that join, leave, stall and die while events keep coming; and what must hold of it:
 * every event is delivered, each partition's in order, and whenever things have been quiet for a second the partitions are
 * spread evenly over the streams that are there.
 */
import { randomUUID } from "node:crypto";
import http from "node:http";
import type { EventType } from "nakadi-client";
import { Member } from "./member.ts";

export const PARTITIONS = 60;
const STREAMS = 50;

/** How time passes: a second of a manual clock, or a real one. */
export interface Pace {
  /** Lets `ms` milliseconds pass. */
  wait(ms: number): Promise<void>;
}

export interface Figures {
  published: number;
  /** Deliveries of an event after its first one. */
  again: number;
  joined: number;
  left: number;
  died: number;
  stalled: number;
  endedByServer: number;
  quietSeconds: number;
  /** The longest time, in real milliseconds, that shares took to be seen even after a quiet second. */
  evenAfterMs: number;
  /** Faults: gaps, disorder, uneven shares, events that never came. None must be there. */
  faults: string[];
}

/** Seconds of churn before two quiet ones. */
const CHURN_SECONDS = 3;

export class Churn {
  readonly #url: string;
  readonly #pace: Pace;
  readonly #random: () => number;
  readonly #turns: number;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  readonly #eventType = `test.churn.${randomUUID()}`;
  #subscription = "";
  #members: Member[] = [];
  /** By partition: how many events were published, and how many of them have come without a gap. */
  readonly #published: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #reached: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly figures: Figures = {
    published: 0,
    again: 0,
    joined: 0,
    left: 0,
    died: 0,
    stalled: 0,
    endedByServer: 0,
    quietSeconds: 0,
    evenAfterMs: 0,
    faults: [],
  };

  /**
   * @param random 0 up to 1
   * @param turns how often in a second something happens
   */
  constructor(url: string, pace: Pace, random: () => number, turns: number) {
    this.#url = url;
    this.#pace = pace;
    this.#random = random;
    this.#turns = turns;
  }

  /** Churns for `seconds` seconds, then waits until each event is delivered. */
  async run(seconds: number): Promise<Figures> {
    await this.#prepare();
    for (let joined = 0; joined < STREAMS; joined += 1) await this.#join();
    for (let second = 0; second < seconds; second += 1) {
      const quiet = second % (CHURN_SECONDS + 2) >= CHURN_SECONDS;
      if (quiet) this.#calm();
      for (let turn = 0; turn < this.#turns; turn += 1) {
        await this.#publish();
        if (!quiet) await this.#stir();
        await this.#pace.wait(1_000 / this.#turns);
        this.#dropEnded();
      }
      // In the first quiet second the sessions of killed members wait for commits; in the second one no session changes.
      if (second % (CHURN_SECONDS + 2) === CHURN_SECONDS + 1) await this.#checkShares();
    }
    this.#calm();
    await this.#drain();
    for (const member of this.#members) member.die();
    this.#agent.destroy();
    return this.figures;
  }

  async #prepare(): Promise<void> {
    const eventType: EventType = {
      name: this.#eventType,
      owning_application: "test",
      category: "business",
      enrichment_strategies: ["metadata_enrichment"],
      partition_strategy: "user_defined",
      schema: { type: "json_schema", schema: "{}" },
      default_statistic: {
        messages_per_minute: 1,
        message_size: 1,
        read_parallelism: PARTITIONS,
        write_parallelism: PARTITIONS,
      },
    };
    await this.#ask("POST", "/event-types", eventType);
    const subscription = { owning_application: randomUUID(), event_types: [this.#eventType], read_from: "begin" };
    this.#subscription = ((await this.#ask("POST", "/subscriptions", subscription)) as { id: string }).id;
  }

  async #join(): Promise<void> {
    const last = new Map<string, number>();
    const member = await Member.join(this.#url, this.#subscription, this.#agent, (partition, numbers) => {
      for (const number of numbers) this.#received(Number(partition), number, last);
    });
    if (!member) return;
    this.#members.push(member);
    this.figures.joined += 1;
  }

  /** `last`: of each partition the last number that the same stream has brought. */
  #received(partition: number, number: number, last: Map<string, number>): void {
    const before = last.get(String(partition));
    last.set(String(partition), number);
    // It may have lost the partition in between, and what others were sent.
    if (before !== undefined && number <= before)
      this.figures.faults.push(`partition ${partition}: ${number} follows ${before} in one stream`);
    const reached = this.#reached[partition] ?? 0;
    if (number > reached) this.figures.faults.push(`partition ${partition}: ${number} came before ${reached}`);
    else if (number < reached) this.figures.again += 1;
    this.#reached[partition] = Math.max(reached, number + 1);
  }

  /** An event for about every sixth partition. */
  async #publish(): Promise<void> {
    const occurredAt = new Date().toISOString();
    const batch: unknown[] = [];
    for (let partition = 0; partition < PARTITIONS; partition += 1) {
      if (this.#random() > 0.17) continue;
      const n = this.#published[partition] ?? 0;
      this.#published[partition] = n + 1;
      batch.push({ metadata: { eid: randomUUID(), occurred_at: occurredAt, partition: String(partition) }, n });
    }
    if (batch.length === 0) return;
    this.figures.published += batch.length;
    await this.#ask("POST", `/event-types/${this.#eventType}/events`, batch);
  }

  async #stir(): Promise<void> {
    const member = this.#members[Math.floor(this.#random() * this.#members.length)];
    const what = Math.floor(this.#random() * 6);
    if (this.#members.length < STREAMS / 2 || (what <= 2 && this.#members.length < STREAMS)) return this.#join();
    if (!member) return;
    if (what === 3) {
      this.figures.left += 1;
      await member.leave();
    } else if (what === 4) {
      this.figures.died += 1;
      member.die();
    } else {
      this.figures.stalled += 1;
      member.stall(this.#random() < 0.5 ? "reads nothing" : "commits nothing");
    }
  }

  #calm(): void {
    for (const member of this.#members) if (member.stalled) member.goOn();
  }

  /** Streams that left or died, and those that the server ended since they had stalled for too long. */
  #dropEnded(): void {
    this.#members = this.#members.filter((member) => {
      if (member.ended && member.stalled) this.figures.endedByServer += 1;
      return !member.ended;
    });
  }

  /** Every partition belongs to a stream that is there, and no two streams' numbers differ by more than one. */
  async #checkShares(): Promise<void> {
    this.figures.quietSeconds += 1;
    const sinceMs = performance.now();
    let uneven: string | undefined;
    await this.#until(async () => (uneven = await this.#unevenness()) === undefined);
    this.figures.evenAfterMs = Math.max(this.figures.evenAfterMs, Math.round(performance.now() - sinceMs));
    if (uneven !== undefined) this.figures.faults.push(`after a quiet second: ${uneven}`);
  }

  async #unevenness(): Promise<string | undefined> {
    this.#dropEnded();
    const stats = (await this.#ask("GET", `/subscriptions/${this.#subscription}/stats`)) as {
      items: { partitions: { state: string; stream_id: string }[] }[];
    };
    const partitions = stats.items.flatMap((item) => item.partitions);
    const waiting = partitions.filter(({ state }) => state !== "assigned").length;
    if (waiting > 0) return `${waiting} partitions are not assigned`;
    const counts = new Map(this.#members.map(({ id }) => [id, 0]));
    for (const { stream_id: id } of partitions) counts.set(id, (counts.get(id) ?? 0) + 1);
    if (counts.size > this.#members.length) return "a stream that is gone has partitions";
    const [most, least] = [Math.max(...counts.values()), Math.min(...counts.values())];
    return most - least > 1 ? `shares from ${least} to ${most}` : undefined;
  }

  async #drain(): Promise<void> {
    const missing = (): number[] =>
      this.#published.flatMap((count, partition) => (this.#reached[partition] === count ? [] : [partition]));
    for (let second = 0; second < 10 && missing().length > 0; second += 1) {
      await this.#pace.wait(1_000);
      await this.#until(async () => missing().length === 0);
    }
    for (const partition of missing())
      this.figures.faults.push(
        `partition ${partition}: ${this.#reached[partition]} of ${this.#published[partition]} events came`,
      );
  }

  /** Gives answers that are on their way the time to come in. */
  async #until(done: () => Promise<boolean>): Promise<void> {
    const deadlineMs = performance.now() + 1_000;
    while (!(await done()) && performance.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async #ask(method: string, path: string, json?: unknown): Promise<unknown> {
    const response = await fetch(this.#url + path, {
      method,
      ...(json === undefined ? {} : { body: JSON.stringify(json), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  }
}

/** The same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
