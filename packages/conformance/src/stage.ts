/** What a story acts on: names of its own, requests, streams and clients; all of it goes when the story is over. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type BatchStream, NakadiClient, type NakadiClientOptions, type StreamOptions } from "nakadi-client";
import { type Cursor, Header } from "nakadi-protocol";
import type { BreakableProxy, Target } from "./target.ts";
import { eventually, within } from "./waiting.ts";
import { Wire, type WireAnswer } from "./wire.ts";
import type { WireStream } from "./wire-stream.ts";

/** An event of a story. Events of one key go to one partition; the keys `0`, `1`, `2` … reach every partition. */
export interface StoryEvent {
  key: string;
  n: number;
}

/** Numbers from 1 on, with the keys in turn. */
export function events(count: number, { keys = 1, from = 1 }: { keys?: number; from?: number } = {}): StoryEvent[] {
  return Array.from({ length: count }, (_, index) => ({ key: String(index % keys), n: from + index }));
}

const OWNER = "nakadi-conformance";
/** How long cleaning up may take, after whatever the story itself took. */
const CLEANING_MS = 15_000;

export class Stage {
  readonly wire: Wire;
  /** Whether what the story says under `strict` has to hold. */
  readonly strict: boolean;
  readonly #target: Target;
  readonly #signal: AbortSignal;
  readonly #clients: NakadiClient[] = [];
  readonly #proxies: BreakableProxy[] = [];
  readonly #subscriptions: string[] = [];
  readonly #eventTypes: string[] = [];

  /** @param signal aborted when the story's time is over */
  constructor(target: Target, signal: AbortSignal) {
    this.#target = target;
    this.strict = target.strict ?? false;
    this.#signal = signal;
    this.wire = new Wire(target, signal);
  }

  /** An event type whose events go where `key` hashes to, ready to be published to. */
  async eventType({ partitions = 1 }: { partitions?: number } = {}): Promise<string> {
    const name = `conformance.${randomUUID()}`;
    await this.wire.expect(201, "POST", "/event-types", {
      json: {
        name,
        owning_application: OWNER,
        category: "undefined",
        partition_strategy: "hash",
        partition_key_fields: ["key"],
        schema: { type: "json_schema", schema: "{}" },
        default_statistic: {
          messages_per_minute: 1,
          message_size: 1,
          read_parallelism: partitions,
          write_parallelism: partitions,
        },
      },
    });
    this.#eventTypes.push(name);
    await this.eventually(
      () => this.wire.send("GET", `/event-types/${name}`),
      ({ status }) => status === 200,
      "the new event type",
    );
    return name;
  }

  /** A new subscription of an owner of its own. */
  async subscription(
    eventTypes: string | readonly string[],
    {
      readFrom = "begin",
      ...more
    }: {
      readFrom?: "begin" | "end" | "cursors";
      initial_cursors?: unknown;
      annotations?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<string> {
    const json = {
      owning_application: `conformance-${randomUUID()}`,
      event_types: [eventTypes].flat(),
      read_from: readFrom,
      ...more,
    };
    const { id } = (await this.wire.expect(201, "POST", "/subscriptions", { json })).json() as { id: string };
    this.deleteLater(id);
    return id;
  }

  /** Deletes a subscription, which the story has made by itself, when the story is over. */
  deleteLater(subscription: string): void {
    this.#subscriptions.push(subscription);
  }

  async publish(eventType: string, batch: readonly unknown[]): Promise<void> {
    await this.wire.expect(200, "POST", `/event-types/${eventType}/events`, { json: batch });
  }

  /** A stream through GET. */
  open(subscription: string, parameters: Readonly<Record<string, number>> = {}): Promise<WireStream> {
    const query = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
    return this.wire.open("GET", `/subscriptions/${subscription}/events?${query.join("&")}`);
  }

  /** Commits cursors with the id of a stream. */
  commit(subscription: string, streamId: string, cursors: readonly Partial<Cursor>[]): Promise<WireAnswer> {
    return this.wire.send("POST", `/subscriptions/${subscription}/cursors`, {
      json: { items: cursors },
      headers: { [Header.streamId]: streamId },
    });
  }

  /** As `commit`, and every cursor moves on. */
  async committed(subscription: string, streamId: string, cursors: readonly Partial<Cursor>[]): Promise<void> {
    const { status, text } = await this.commit(subscription, streamId, cursors);
    assert.ok(status === 204, `a commit that moves on was answered ${status}: ${text}`);
  }

  /** Committed offsets by partition. */
  async offsets(subscription: string): Promise<Record<string, string>> {
    const { items } = (await this.wire.expect(200, "GET", `/subscriptions/${subscription}/cursors`)).json() as {
      items: Cursor[];
    };
    return Object.fromEntries(items.map(({ partition, offset }) => [partition, offset]));
  }

  /** Waits until the owner of each partition is as wanted. */
  async owners(
    subscription: string,
    fits: (owners: PartitionOwner[]) => boolean,
    what: string,
  ): Promise<PartitionOwner[]> {
    const ask = async (): Promise<PartitionOwner[]> => {
      const { items } = (await this.wire.expect(200, "GET", `/subscriptions/${subscription}/stats`)).json() as {
        items: { partitions: PartitionOwner[] }[];
      };
      return items.flatMap(({ partitions }) => partitions);
    };
    return this.eventually(ask, fits, what);
  }

  /** A client of the target, or of the address in `options`. */
  client(options: Partial<NakadiClientOptions> = {}): NakadiClient {
    const { baseUrl, token, headers } = this.#target;
    const client = new NakadiClient({
      baseUrl,
      ...(token === undefined ? {} : { token }),
      ...(headers === undefined ? {} : { headers }),
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** A stream of a client of its own, which has begun to read. */
  async stream<E = StoryEvent>(
    subscription: string,
    options: StreamOptions,
    client: NakadiClient = this.client(),
  ): Promise<BatchStream<E>> {
    const stream = client.stream<E>(subscription, options);
    await this.eventually(
      () => stream.state,
      (state) => state === "streaming",
      "an open stream",
    );
    return stream;
  }

  /** A proxy before the target. */
  async proxy(): Promise<BreakableProxy & { baseUrl: string }> {
    const { faultProxy, baseUrl } = this.#target;
    assert.ok(faultProxy, "the target has no fault proxy");
    const proxy = await faultProxy(baseUrl);
    this.#proxies.push(proxy);
    return Object.assign(proxy, { baseUrl: proxy.url + new URL(baseUrl).pathname });
  }

  within<T>(work: Promise<T>, what: string): Promise<T> {
    return within(work, what, this.#signal);
  }

  eventually<T>(ask: () => Promise<T> | T, fits: (answer: T) => boolean, what: string): Promise<T> {
    return eventually(ask, fits, what, this.#signal);
  }

  /** Ends what is open and deletes what was created, as far as the server lets it be. */
  async clear(): Promise<void> {
    const signal = AbortSignal.timeout(CLEANING_MS);
    const drop = async (path: string): Promise<void> => {
      await this.wire.send("DELETE", path, {}, signal).catch(() => undefined);
    };
    await Promise.all(this.#clients.map((client) => client.close()));
    this.wire.closeStreams();
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await Promise.all(this.#subscriptions.map((id) => drop(`/subscriptions/${id}`)));
    await Promise.all(this.#eventTypes.map((name) => drop(`/event-types/${name}`)));
    await this.wire.close();
  }
}

/** A row of a subscription's statistics (protocol 2.10). */
export interface PartitionOwner {
  partition: string;
  state: "assigned" | "unassigned" | "reassigning";
  unconsumed_events?: number;
  stream_id?: string;
  assignment_type?: "auto" | "direct";
}
