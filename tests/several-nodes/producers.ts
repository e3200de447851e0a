/** Producers that number their events, publish to any node, and know what each node has acknowledged. */
import type { Cluster, Node } from "./cluster.ts";

export interface Numbered {
  producer: number;
  n: number;
}

const PRODUCERS = 6;

export class Producers {
  /** By producer. */
  readonly acknowledged: readonly number[][] = Array.from({ length: PRODUCERS }, () => []);
  /** Statuses of refused events. */
  readonly refused = new Set<number>();
  readonly #nodeOf: () => Node;
  readonly #eventType: string;
  readonly #producing: Promise<unknown>;
  #isOver = false;

  /** @param nodeOf also nodes that stand still: what was begun there ends when they go on */
  constructor(nodeOf: () => Node, eventType: string) {
    this.#nodeOf = nodeOf;
    this.#eventType = eventType;
    this.#producing = Promise.all(this.acknowledged.map((numbers, producer) => this.#produce(producer, numbers)));
    // A test that fails closes the nodes without `stop`.
    this.#producing.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#producing;
  }

  async #produce(producer: number, numbers: number[]): Promise<void> {
    for (let n = 0; !this.#isOver; n += 1) {
      const status = await send(this.#nodeOf().broker.url, "POST", `/event-types/${this.#eventType}/events`, [
        { producer, n },
      ]);
      if (status === 200) numbers.push(n);
      else this.refused.add(status);
    }
  }
}

export async function send(
  url: string,
  method: "POST" | "PUT" | "DELETE",
  path: string,
  json?: unknown,
): Promise<number> {
  const headers = { "content-type": "application/json" };
  const body = json === undefined ? {} : { headers, body: JSON.stringify(json) };
  const response = await fetch(url + path, { method, ...body });
  await response.arrayBuffer();
  return response.status;
}

/** All events of each of the partitions, from the first one on. */
export async function everything(url: string, eventType: string, partitions = 1): Promise<Numbered[][]> {
  const query = "batch_limit=1000&batch_flush_timeout=1&stream_timeout=3";
  const read = async (_: unknown, partition: number): Promise<Numbered[]> => {
    const headers = { "x-nakadi-cursors": JSON.stringify([{ partition: String(partition), offset: "BEGIN" }]) };
    const response = await fetch(`${url}/event-types/${eventType}/events?${query}`, { headers });
    const lines = (await response.text()).split("\n").filter((line) => line !== "");
    return lines.flatMap((line) => (JSON.parse(line) as { events?: Numbered[] }).events ?? []);
  };
  return Promise.all(Array.from({ length: partitions }, read));
}

export async function createEventType(cluster: Cluster, name: string, more: object = {}): Promise<number> {
  const schema = { type: "json_schema", schema: "{}" };
  return send(cluster.url, "POST", "/event-types", {
    name,
    owning_application: "app",
    category: "undefined",
    schema,
    ...more,
  });
}
