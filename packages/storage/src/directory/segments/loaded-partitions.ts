/**
 * The partitions that are in memory: those in use, and a bounded number of others, of which the least recently used is
 * dropped first.
 */
import type { Partition } from "./partition.ts";

interface Loaded {
  loading: Promise<Partition>;
  uses: number;
}

export class LoadedPartitions {
  readonly #load: (number: number, index: number) => Promise<Partition>;
  readonly #onDrop: (partition: Partition) => void;
  readonly #maxIdle: number;
  readonly #byLog = new Map<number, Map<number, Loaded>>();
  /** Without a use; the least recently used first. */
  readonly #idle = new Map<Loaded, Partition>();

  /** @param onDrop called with one that is dropped, which the next use loads again */
  constructor(options: {
    load: (number: number, index: number) => Promise<Partition>;
    onDrop: (partition: Partition) => void;
    maxIdle: number;
  }) {
    this.#load = options.load;
    this.#onDrop = options.onDrop;
    this.#maxIdle = options.maxIdle;
  }

  get count(): number {
    let count = 0;
    for (const ofLog of this.#byLog.values()) count += ofLog.size;
    return count;
  }

  /** Numbers of the logs of which there is something. */
  get numbers(): readonly number[] {
    return [...this.#byLog.keys()];
  }

  /** It stays in memory until it is released as often as it was taken. */
  take(number: number, index: number): Promise<Partition> {
    let ofLog = this.#byLog.get(number);
    if (!ofLog) this.#byLog.set(number, (ofLog = new Map()));
    let loaded = ofLog.get(index);
    if (!loaded) {
      ofLog.set(index, (loaded = { loading: this.#load(number, index), uses: 0 }));
      loaded.loading.catch(() => this.#delete(number, index));
    }
    loaded.uses += 1;
    this.#idle.delete(loaded);
    return loaded.loading;
  }

  /** Another use of one that is in use. */
  share({ number, index }: Partition): void {
    const loaded = this.#byLog.get(number)?.get(index);
    if (loaded) loaded.uses += 1;
  }

  release(partition: Partition): void {
    const loaded = this.#byLog.get(partition.number)?.get(partition.index);
    if (!loaded) return;
    loaded.uses -= 1;
    if (loaded.uses > 0) return;
    this.#idle.set(loaded, partition);
    for (const [oldest, idle] of this.#idle) {
      if (this.#idle.size <= this.#maxIdle) return;
      this.#idle.delete(oldest);
      this.#delete(idle.number, idle.index);
      this.#onDrop(idle);
    }
  }

  /** Those of a log that is gone; the next use of one finds nothing of it. */
  remove(number: number): Promise<readonly Partition[]> {
    const ofLog = this.#byLog.get(number) ?? new Map<number, Loaded>();
    this.#byLog.delete(number);
    for (const loaded of ofLog.values()) this.#idle.delete(loaded);
    return Promise.all(Array.from(ofLog.values(), ({ loading }) => loading));
  }

  /** All that are loaded. */
  all(): Promise<readonly Partition[]> {
    return Promise.all(
      [...this.#byLog.values()].flatMap((ofLog) => Array.from(ofLog.values(), ({ loading }) => loading)),
    );
  }

  #delete(number: number, index: number): void {
    const ofLog = this.#byLog.get(number);
    ofLog?.delete(index);
    if (ofLog?.size === 0) this.#byLog.delete(number);
  }
}
