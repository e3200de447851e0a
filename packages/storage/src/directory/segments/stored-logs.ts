/**
 * All logs of a directory as all nodes share them, and what is done to them in the background.
 */
import type { Clock } from "nakadi-protocol";
import type { ClockReadings } from "../../in-process/clock-readings.ts";
import { Hints } from "../../in-process/hints.ts";
import type { Rows } from "../../in-process/rows.ts";
import type { LogId, LogPolicy } from "../../ports.ts";
import { Background } from "../background.ts";
import type { Files } from "../files.ts";
import type { JournalPosition } from "../journal/entry.ts";
import type { FileJournal } from "../journal/file-journal.ts";
import { Catalogue } from "./catalogue.ts";
import type { StoredLog } from "./catalogue.ts";
import { keepReadings } from "./kept-readings.ts";
import type { Partition } from "./partition.ts";
import { Partitions } from "./partitions.ts";
import type { PartitionsOptions } from "./partitions.ts";
import { discardLog } from "./trash.ts";

export interface StoredLogsOptions extends PartitionsOptions {
  clock: Clock;
  background?: Background;
}

interface Running {
  journal: FileJournal;
  appended: () => void;
  readings: ClockReadings;
}

export class StoredLogs {
  readonly catalogue: Catalogue;
  readonly partitions: Partitions;
  /** By number of the log and partition. */
  readonly appends: Hints<string> = new Hints();
  readonly #files: Files;
  readonly #directory: string;
  readonly #rows: Rows;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  readonly #background: Background;
  readonly #working = new Set<Promise<void>>();
  #started: Running | undefined;

  constructor({ clock, background = new Background(), ...options }: StoredLogsOptions) {
    this.#background = background;
    this.#files = options.files;
    this.#directory = options.directory;
    this.#rows = options.rows;
    this.#clock = clock;
    this.catalogue = new Catalogue(options.rows);
    this.partitions = new Partitions(options);
  }

  /** Everything is replayed. `appended` is called after each append. */
  async start(journal: FileJournal, appended: () => void): Promise<void> {
    await this.partitions.replayed();
    const readings = keepReadings(this.#rows, this.#clock, this.#closing.signal);
    this.#started = { journal, appended, readings };
    for (const number of new Set([...this.catalogue.removed, ...this.#orphans()])) this.#discard(number);
  }

  /** Aborted by `stop`. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get readings(): ClockReadings {
    return this.running.readings;
  }

  async create(id: LogId, partitions: number, policy: LogPolicy): Promise<void> {
    await (this.catalogue.find(id) ? this.catalogue.durable(id) : this.catalogue.create(id, partitions, { ...policy }));
  }

  async remove(id: LogId): Promise<void> {
    const stored = this.catalogue.find(id);
    if (!stored) return this.catalogue.durable(id);
    await this.catalogue.remove(stored, this.partitions.rows.remove(stored.number, stored.partitions));
    this.#discard(stored.number);
  }

  /** What `look` finds in the partition, which is without what its retention has taken. */
  async current<T>(stored: StoredLog, partition: number, look: (at: Partition) => T | Promise<T>): Promise<T> {
    return this.partitions.use(stored.number, partition, async (found) => {
      const { retentionMs, retentionBytes } = stored.policy;
      if (retentionMs !== null) await found.expire(this.readings.given(retentionMs));
      if (retentionBytes !== undefined) found.keepNewest(retentionBytes);
      if (found.hasExpired) this.inBackground(() => this.partitions.dropExpired(stored.number, partition));
      return look(found);
    });
  }

  /**
   * All frames before `position` in the journal are in segments on disk, and the rows say so.
   * @param position default: the journal's end
   */
  async flush(position: JournalPosition = this.running.journal.end): Promise<void> {
    await this.running.journal.whenDurable(position);
    await this.partitions.flush(position);
    await this.partitions.sync();
  }

  /** Work that no request waits for. What it cannot write, nothing can write. */
  inBackground(work: () => Promise<void>): void {
    const running = this.#background
      .run(work)
      .catch((error: unknown) => {
        if (!this.#closing.signal.aborted) this.running.journal.fail(error);
      })
      .finally(() => this.#working.delete(running));
    this.#working.add(running);
  }

  /** Ends what runs in the background; a last `flush` may follow. */
  async stop(): Promise<void> {
    this.#closing.abort();
    this.#background.end();
    await Promise.all(this.#working);
  }

  /** After the last use. */
  async close(): Promise<void> {
    await this.partitions.close();
  }

  /** What there is from the start on. */
  get running(): Running {
    if (!this.#started) throw new TypeError("Logs are used only when the journal is open.");
    return this.#started;
  }

  /** Numbers of logs of which the journal had frames, and which were removed since. */
  #orphans(): Iterable<number> {
    const orphans = new Set(this.partitions.numbers);
    if (orphans.size > 0) for (const id of this.catalogue.ids()) orphans.delete(this.catalogue.find(id)?.number ?? 0);
    return orphans;
  }

  #discard(number: number): void {
    this.inBackground(async () => {
      await this.partitions.forget(number);
      await discardLog(this.#files, this.#directory, number, this.#closing.signal);
      await this.catalogue.discarded(number);
    });
  }
}
