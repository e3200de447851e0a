/** The axes of the partitions that a stream reads. A new timeline makes an axis longer; what lies on it stays where it is. */
import type { Axis } from "../log/axis.ts";
import { NoSuchLogError, type PartitionKey } from "../storage/ports.ts";

export class PartitionAxes {
  readonly #axisOf: (partition: PartitionKey) => Promise<Axis>;
  readonly #axes = new Map<PartitionKey, Axis>();

  /** @param axisOf the axis of a partition, from the event type as it is stored now */
  constructor(axisOf: (partition: PartitionKey) => Promise<Axis>) {
    this.#axisOf = axisOf;
  }

  [Symbol.iterator](): Iterator<[PartitionKey, Axis]> {
    return this.#axes[Symbol.iterator]();
  }

  get size(): number {
    return this.#axes.size;
  }

  async add(partition: PartitionKey): Promise<Axis> {
    const axis = await this.#axisOf(partition);
    this.#axes.set(partition, axis);
    return axis;
  }

  delete(partition: PartitionKey): void {
    this.#axes.delete(partition);
  }

  /** The offset text of an event of a partition that was added. */
  textOf(partition: PartitionKey, ordinal: number): string {
    const axis = this.#axes.get(partition);
    if (!axis) throw new Error(`No axis of ${partition} is known.`);
    return axis.textOf(ordinal);
  }

  /**
   * Looks at all event types anew.
   * @returns the partitions that have a timeline more
   * @throws {ProblemError} 404 where an event type is gone; {NoSuchLogError} where another one took its name
   */
  async refresh(): Promise<[PartitionKey, Axis][]> {
    const longer: [PartitionKey, Axis][] = [];
    for (const [partition, before] of this.#axes) {
      const axis = await this.#axisOf(partition);
      if (this.#axes.get(partition) !== before) continue;
      const [first] = before.segments;
      if (first && axis.segments[0]?.log !== first.log) throw new NoSuchLogError(first.log);
      if (axis.segments.length === before.segments.length) continue;
      this.#axes.set(partition, axis);
      longer.push([partition, axis]);
    }
    return longer;
  }
}
