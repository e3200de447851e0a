/** Everything that takes part in a chaos run: the broker, and publishers and consumers, each behind a proxy of its own. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ConsumerAssignment, PublisherAssignment } from "../actors/assignment.ts";
import type { Recorder } from "../history/recorder.ts";
import { type Plant, plantOptions } from "../plants/plant.ts";
import { BrokerProcess } from "../processes/broker-process.ts";
import type { Random } from "../random.ts";
import { Actor } from "./actor.ts";
import type { Cast } from "./schedule.ts";
import { DEAD_LETTERS, EVENT_TYPES, setUp } from "./set-up.ts";
import type { UnderWay } from "./under-way.ts";

export const CAST: Cast = { consumers: [0, 1, 2, 3, 4], publishers: [0, 1, 2, 3, 4] };

/** In whose name the conductor of a run writes. */
export const JUDGE = "judge";

const CONSUMER = fileURLToPath(new URL("../actors/consumer.js", import.meta.url));
const PUBLISHER = fileURLToPath(new URL("../actors/publisher.js", import.meta.url));

export interface StageParts {
  /** Of this run alone. */
  folder: string;
  recorder: Recorder;
  recorderPort: number;
  underWay: UnderWay;
  random: Random;
  plant: Plant | undefined;
}

type Role = "consumer" | "publisher";

export class Stage {
  readonly broker: BrokerProcess;
  readonly consumers: Actor[] = [];
  readonly publishers: Actor[] = [];
  readonly underWay: UnderWay;
  subscription = "";
  readonly #parts: StageParts;
  #isBroken = false;

  private constructor(parts: StageParts) {
    this.#parts = parts;
    this.underWay = parts.underWay;
    this.broker = new BrokerProcess(join(parts.folder, "data"));
  }

  /** @throws {Error} if the broker does not come up */
  static async open(parts: StageParts): Promise<Stage> {
    const stage = new Stage(parts);
    const { broker } = stage;
    await broker.start();
    stage.subscription = await setUp(broker.url);
    if (parts.plant?.in === "broker") await broker.infect(parts.plant);
    for (const index of CAST.consumers) stage.consumers.push(await stage.#actor("consumer", index + 1));
    for (const index of CAST.publishers) stage.publishers.push(await stage.#actor("publisher", index + 1));
    return stage;
  }

  /** Whether a process ended by itself: the run cannot go on. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  async close(): Promise<void> {
    await Promise.all([...this.consumers, ...this.publishers].map((one) => one.close()));
    await this.broker.stop();
  }

  #actor(role: Role, number: number): Promise<Actor> {
    const { plant, random, recorder } = this.#parts;
    return Actor.start(
      {
        place: `${role} ${number}`,
        script: role === "consumer" ? CONSUMER : PUBLISHER,
        assignment: (name, url) => this.#assignment(role, number, name, url),
        child: plantOptions(plant?.in === role ? plant : undefined),
        random: random.fork(),
        gone: (process, how) => {
          if (how.killed) return recorder.record(JUDGE, { kind: "killed", process });
          this.#isBroken = true;
          recorder.record(JUDGE, { kind: "died", process, ending: how.ending });
        },
      },
      this.broker.url,
    );
  }

  #assignment(role: Role, number: number, name: string, url: string): ConsumerAssignment | PublisherAssignment {
    const { recorderPort, random } = this.#parts;
    const common = { name, url, recorderPort, seed: random.between(0, 2 ** 31) };
    return role === "consumer"
      ? { ...common, subscription: this.subscription, deadLetters: DEAD_LETTERS }
      : { ...common, eventTypes: EVENT_TYPES, singly: number % 2 === 0 };
  }
}
