/**
 * Applications and event types that may not publish or consume (protocol 6.2): metadata of kind `blacklist`, its id the
 * type of the entry and the name.
 */
import type { Clock, Timer } from "nakadi-protocol";
import type { MetadataPort, Versioned } from "nakadi-storage";
import type { Snapshot, Snapshots } from "../metadata-snapshot.ts";
import { ProblemError } from "../problems.ts";

const TYPES = ["CONSUMER_APP", "CONSUMER_ET", "PRODUCER_APP", "PRODUCER_ET"] as const;
type EntryType = (typeof TYPES)[number];

export interface BlacklistContent {
  consumers: { event_types: string[]; apps: string[] };
  producers: { event_types: string[]; apps: string[] };
}

const KIND = "blacklist";
/** Interval at which listeners are called even without a hint, because hints may be lost. */
const POLL_MS = 5_000;

export class Blacklist implements Disposable {
  readonly #metadata: MetadataPort;
  readonly #clock: Clock;
  readonly #snapshots: Snapshots;
  readonly #listeners = new Set<() => void>();
  readonly #hints: Disposable;
  #poll: Timer | undefined;

  constructor(metadata: MetadataPort, snapshots: Snapshots, clock: Clock) {
    this.#metadata = metadata;
    this.#clock = clock;
    this.#snapshots = snapshots;
    this.#hints = metadata.onWrite(KIND, null, () => this.#notifyListeners());
    this.#schedulePoll();
  }

  async content(): Promise<BlacklistContent> {
    const ids = [...(await this.#entries()).keys()];
    const named = (type: EntryType): string[] =>
      ids.filter((id) => id.startsWith(`${type}:`)).map((id) => id.slice(type.length + 1));
    return {
      consumers: { event_types: named("CONSUMER_ET"), apps: named("CONSUMER_APP") },
      producers: { event_types: named("PRODUCER_ET"), apps: named("PRODUCER_APP") },
    };
  }

  /**
   * @returns false if the entry exists already
   * @throws {ProblemError} 400 for an unknown type
   */
  async add(type: string, name: string): Promise<boolean> {
    const id = entryId(type, name);
    if ((await this.#entries()).has(id)) return false;
    await this.#metadata.write([{ kind: KIND, id, expect: "any", value: true }]);
    return true;
  }

  /**
   * @returns false if the entry does not exist
   * @throws {ProblemError} 400 for an unknown type
   */
  async remove(type: string, name: string): Promise<boolean> {
    const id = entryId(type, name);
    for (;;) {
      const entry = (await this.#entries()).get(id);
      if (!entry) return false;
      const removal = { kind: KIND, id, expect: entry.version, remove: true } as const;
      if ((await this.#metadata.write([removal])) === "written") return true;
    }
  }

  /** @throws {ProblemError} 403 if the application or the event type is blocked for producers */
  async demandProducer(app: string, eventType: string, at: Snapshot): Promise<void> {
    const entries = await this.#entries(at);
    if (entries.has(`PRODUCER_APP:${app}`) || entries.has(`PRODUCER_ET:${eventType}`))
      throw new ProblemError(403, "Application or event type is blocked");
  }

  async blocksConsumer(app: string, eventTypes: readonly string[], at?: Snapshot): Promise<boolean> {
    const entries = await this.#entries(at);
    return entries.has(`CONSUMER_APP:${app}`) || eventTypes.some((name) => entries.has(`CONSUMER_ET:${name}`));
  }

  /** Calls `look` when entries may have changed. */
  onChange(look: () => void): Disposable {
    this.#listeners.add(look);
    return { [Symbol.dispose]: () => void this.#listeners.delete(look) };
  }

  [Symbol.dispose](): void {
    this.#poll?.cancel();
    this.#hints[Symbol.dispose]();
    this.#listeners.clear();
  }

  async #entries(at?: Snapshot): Promise<ReadonlyMap<string, Versioned<true>>> {
    return (at ?? (await this.#snapshots.take())).records<true>(KIND);
  }

  #notifyListeners(): void {
    for (const look of this.#listeners) look();
  }

  #schedulePoll(): void {
    this.#poll = this.#clock.schedule(POLL_MS, () => {
      this.#notifyListeners();
      this.#schedulePoll();
    });
  }
}

function entryId(type: string, name: string): string {
  const known = TYPES.find((one) => one === type);
  if (known === undefined) {
    throw new ProblemError(400, `Illegal enum value: '${type}'. Possible values: [${TYPES.join(", ")}]`);
  }
  return `${known}:${name}`;
}
