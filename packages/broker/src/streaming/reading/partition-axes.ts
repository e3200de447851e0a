/** The axes of the partitions that a stream reads. A new timeline makes an axis longer; what lies on it stays where it is. */
import { formatOffset } from "nakadi-protocol";
import { NoSuchLogError } from "nakadi-storage";
import type { PartitionKey, StoredPosition } from "nakadi-storage";
import type { StoredEventType } from "../../event-types/stored-event-type.ts";
import { Axis } from "../../positions/axis.ts";
import { splitPartitionKey } from "../../positions/partition-key.ts";

export class PartitionAxes {
  readonly #axes = new Map<PartitionKey, Axis>();

  [Symbol.iterator](): Iterator<[PartitionKey, Axis]> {
    return this.#axes[Symbol.iterator]();
  }

  get size(): number {
    return this.#axes.size;
  }

  set(partition: PartitionKey, axis: Axis): void {
    this.#axes.set(partition, axis);
  }

  delete(partition: PartitionKey): void {
    this.#axes.delete(partition);
  }

  /** The offset text of an event of a partition that was set. */
  textOf(partition: PartitionKey, ordinal: number): string {
    return this.#of(partition).textOf(ordinal);
  }

  /** The position of an event of a partition that was set. */
  positionOf(partition: PartitionKey, ordinal: number): StoredPosition {
    const { order, number } = this.#of(partition).locate(ordinal);
    return { order, number, text: formatOffset({ order, number }) };
  }

  /**
   * Looks at all event types anew.
   * @param eventTypeOf as it is stored now; throws where it is gone
   * @returns the partitions that have a timeline more
   * @throws {NoSuchLogError} where another event type took the name; what `eventType` throws
   */
  async refresh(eventTypeOf: (name: string) => Promise<StoredEventType>): Promise<[PartitionKey, Axis][]> {
    const longer: [PartitionKey, Axis][] = [];
    for (const [key, before] of this.#axes) {
      const { eventType, partition } = splitPartitionKey(key);
      const axis = new Axis((await eventTypeOf(eventType)).timelines, partition);
      if (this.#axes.get(key) !== before) continue;
      const [first] = before.segments;
      if (first && axis.segments[0]?.log !== first.log) throw new NoSuchLogError(first.log);
      if (axis.segments.length === before.segments.length) continue;
      this.#axes.set(key, axis);
      longer.push([key, axis]);
    }
    return longer;
  }

  #of(partition: PartitionKey): Axis {
    const axis = this.#axes.get(partition);
    if (!axis) throw new Error(`No axis of ${partition} is known.`);
    return axis;
  }
}
