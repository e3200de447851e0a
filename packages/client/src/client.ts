/** The client: one instance per Nakadi server and identity. It assembles the parts and closes them. */
import { type Clock, type PartitionCursor, systemClock } from "nakadi-protocol";
import { EventTypes } from "./admin/event-types.ts";
import { JsonApi } from "./admin/json-api.ts";
import { Schemas } from "./admin/schemas.ts";
import { Server } from "./admin/server.ts";
import { Settings } from "./admin/settings.ts";
import { Storages } from "./admin/storages.ts";
import { Subscriptions } from "./admin/subscriptions.ts";
import { Timelines } from "./admin/timelines.ts";
import { tokenProvider, type TokenSource } from "./auth/token.ts";
import type { Consumer } from "./consumer/consumer.ts";
import type { Handler, HandlerFactory } from "./consumer/handling/handler.ts";
import { type ConsumerOptions, consumerSettings } from "./consumer/options.ts";
import { SubscriptionConsumer } from "./consumer/subscription-consumer.ts";
import { NakadiError } from "./errors/nakadi-error.ts";
import { EventTypeReader } from "./low-level/event-type-reader.ts";
import type { LagOptions, PartitionLag } from "./low-level/lag.ts";
import type { LogPosition } from "./low-level/log-position.ts";
import type { EventTypeStreamOptions } from "./low-level/options.ts";
import type { PositionOptions } from "./low-level/positions.ts";
import type { Found, SearchOptions } from "./low-level/search.ts";
import { guardedLogger } from "./observability/guarded-logger.ts";
import { type Logger, silentLogger } from "./observability/logger.ts";
import { functionOrNone, knownMembers, text, wholeNumber, withFunctions } from "./options/checks.ts";
import { type OutboxOptions, outboxSettings } from "./outbox/options.ts";
import { type Outbox, StoreOutbox } from "./outbox/outbox.ts";
import type { OutboxRow, OutboxStore } from "./outbox/outbox-store.ts";
import { type PublisherOptions, publisherSettings } from "./publisher/options.ts";
import { EventTypePublisher, type Publisher } from "./publisher/publisher.ts";
import { type BatchStream, SubscriptionBatchStream } from "./stream/batch-stream.ts";
import { type StreamOptions, streamSettings } from "./stream/options.ts";
import { HttpPipeline } from "./transport/http-pipeline.ts";
import { checkedHeaders, flowId } from "./transport/request-headers.ts";
import type { Transport } from "./transport/transport.ts";
import { UndiciTransport } from "./transport/undici-transport.ts";
import { VERSION } from "./version.ts";

export interface NakadiClientOptions {
  /** Address of the server; its path, if any, precedes every request's path. */
  baseUrl: string;
  /** A token, or a function that returns one. Default: no token is sent. */
  token?: TokenSource;
  /** Headers of every request. */
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds until a connection must be established. Default 10 000. */
  connectTimeoutMs?: number;
  /**
   * Connections for requests at most, 1 or more; each open stream has one in addition. Further requests queue in their order,
   * commits first. An eighth of the connections, at least one of two or more, is reserved for commits. Default 64.
   */
  maxConnections?: number;
  /**
   * Milliseconds until the whole response must have arrived, the wait for a connection included; for streams, until the head must
   * have arrived. Default 70 000, because a reset of cursors may take 61 s.
   */
  requestTimeoutMs?: number;
  /** Bytes of a response at most, streams excepted. Default 64 MiB. */
  maxResponseBytes?: number;
  /** Default: silent. The first error that it throws becomes a warning of the process. */
  logger?: Logger;
  /** Default: HTTP by undici. The client does not close a transport that is passed here. */
  transport?: Transport;
  /** Default: the machine's clock. */
  clock?: Clock;
  /** 0 up to 1; the source of jitter and flow ids. Default `Math.random`. */
  random?: () => number;
}

const NAMES: readonly (keyof NakadiClientOptions)[] = [
  "baseUrl",
  "token",
  "headers",
  "connectTimeoutMs",
  "maxConnections",
  "requestTimeoutMs",
  "maxResponseBytes",
  "logger",
  "transport",
  "clock",
  "random",
];

export class NakadiClient implements AsyncDisposable {
  readonly eventTypes: EventTypes;
  readonly schemas: Schemas;
  readonly timelines: Timelines;
  readonly subscriptions: Subscriptions;
  readonly settings: Settings;
  readonly storages: Storages;
  readonly server: Server;
  /** Unused if the program passes a transport. */
  readonly #http: UndiciTransport;
  readonly #pipeline: HttpPipeline;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #requestTimeoutMs: number;
  readonly #reader: EventTypeReader;
  /** Open streams, consumers and outboxes, and publishers with calls in flight. */
  readonly #open = new Set<{ close(): Promise<void> }>();
  #closed: Promise<void> | undefined;

  /** @throws {ConfigError} */
  constructor(options: NakadiClientOptions) {
    knownMembers("options", options, NAMES);
    const { logger = silentLogger, clock = systemClock, random = Math.random, headers = {} } = options;
    withFunctions("options.logger", logger, ["debug", "info", "warn", "error"]);
    withFunctions("options.clock", clock, ["wallMs", "monotonicMs", "schedule"]);
    functionOrNone("options.random", random);
    this.#logger = guardedLogger(logger);
    this.#clock = clock;
    this.#random = random;
    this.#requestTimeoutMs = wholeNumber("options.requestTimeoutMs", options.requestTimeoutMs, { min: 1 }, 70_000);
    this.#http = new UndiciTransport(options.baseUrl, {
      clock,
      ...(options.connectTimeoutMs !== undefined && { connectTimeoutMs: options.connectTimeoutMs }),
      ...(options.maxConnections !== undefined && { maxConnections: options.maxConnections }),
    });
    this.#pipeline = new HttpPipeline({
      transport: withFunctions("options.transport", options.transport ?? this.#http, ["request", "openStream"]),
      token: options.token === undefined ? undefined : tokenProvider(options.token),
      headers: { "user-agent": `nakadi-client/${VERSION}`, ...checkedHeaders(headers) },
      flowId: () => flowId(random),
      clock,
      timeoutMs: this.#requestTimeoutMs,
      maxResponseBytes: wholeNumber("options.maxResponseBytes", options.maxResponseBytes, { min: 1 }, 64 * 1024 * 1024),
    });
    const api = new JsonApi(this.#pipeline, clock);
    this.eventTypes = new EventTypes(api);
    this.schemas = new Schemas(api);
    this.timelines = new Timelines(api);
    this.#reader = new EventTypeReader({
      pipeline: this.#pipeline,
      eventTypes: this.eventTypes,
      eventTypesOnce: new EventTypes(new JsonApi(this.#pipeline, clock, "once")),
      clock,
      random,
      logger: this.#logger,
      headTimeoutMs: this.#requestTimeoutMs,
      open: this.#open,
    });
    this.subscriptions = new Subscriptions(api, this.#logger, this.#reader);
    this.settings = new Settings(api);
    this.storages = new Storages(api);
    this.server = new Server(api);
  }

  /**
   * Reads batches of a subscription, in order within each partition. Reconnects until it is closed. It starts at once.
   * @throws {ConfigError}
   */
  stream<E = unknown>(subscriptionId: string, options: StreamOptions = {}): BatchStream<E> {
    this.#demandOpen();
    const stream = new SubscriptionBatchStream<E>({
      pipeline: this.#pipeline,
      subscription: text("subscriptionId", subscriptionId),
      settings: streamSettings(options),
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      headTimeoutMs: this.#requestTimeoutMs,
      done: () => this.#open.delete(stream),
    });
    this.#open.add(stream);
    return stream;
  }

  /**
   * Calls a handler for the events of a subscription: each lane in order, lanes in parallel. Only handled events are committed.
   * It starts at once and reconnects until it is stopped.
   * @param handler `{ onBatch }` or `{ onEvent }`, options may stand beside them; or a function that returns the handler of a lane
   * @throws {ConfigError}
   */
  consume<E = unknown>(
    subscriptionId: string,
    handler: HandlerFactory<E> | (Handler<E> & ConsumerOptions<E>),
    options: ConsumerOptions<E> = {},
  ): Consumer {
    this.#demandOpen();
    const letters = new Map<string, Publisher>();
    const consumer = new SubscriptionConsumer<E>({
      pipeline: this.#pipeline,
      subscription: text("subscriptionId", subscriptionId),
      settings: consumerSettings(handler, options),
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      headTimeoutMs: this.#requestTimeoutMs,
      publish: async (eventType, events, signal) => {
        const publisher = letters.get(eventType) ?? this.publisher(eventType);
        letters.set(eventType, publisher);
        await publisher.publish(events, { signal });
      },
      over: () => this.#open.delete(consumer),
    });
    this.#open.add(consumer);
    return consumer;
  }

  /**
   * Reads all partitions of an event type from a position in its log, without a subscription. `commit` saves positions in the
   * program's own store. It starts at once.
   * @throws {ConfigError}
   */
  streamEventType<E = unknown>(eventType: string, options: EventTypeStreamOptions = {}): BatchStream<E> {
    this.#demandOpen();
    return this.#reader.stream<E>(eventType, options);
  }

  /** Cursors for a position in the log of an event type, one per partition; a time is found by bisection. */
  async positions(eventType: string, at: LogPosition, options?: PositionOptions): Promise<PartitionCursor[]> {
    this.#demandOpen();
    return this.#reader.positions(eventType, at, options);
  }

  /**
   * The matching events of one type, from all partitions and a range of the log.
   * @param matches gets the event, and its bytes as the server sent them
   * @throws {ConfigError}
   */
  search<E = unknown>(
    eventType: string,
    matches: (event: E, raw: Uint8Array) => boolean,
    options: SearchOptions = {},
  ): AsyncGenerator<Found<E>, void, undefined> {
    this.#demandOpen();
    return this.#reader.search<E>(eventType, matches, options);
  }

  /** The lag of positions of an event type, in events and in seconds. For a subscription: `subscriptions.lag`. */
  async lag(eventType: string, cursors: readonly PartitionCursor[], options?: LagOptions): Promise<PartitionLag[]> {
    this.#demandOpen();
    return this.#reader.lag(eventType, cursors, options);
  }

  /**
   * Publishes the rows of an outbox in the program's own database, oldest first, until it is stopped. It starts at once.
   * @throws {ConfigError}
   */
  outbox<R extends OutboxRow>(store: OutboxStore<R>, options: OutboxOptions<R> = {}): Outbox {
    this.#demandOpen();
    const settings = outboxSettings(options);
    const outbox = new StoreOutbox<R>({
      store: withFunctions("store", store, ["claim"]),
      settings,
      publisherOf: (eventType) => this.publisher<object>(eventType, settings.publisher),
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      over: () => this.#open.delete(outbox),
    });
    this.#open.add(outbox);
    return outbox;
  }

  /** Publishes events of one type. @throws {ConfigError} */
  publisher<E = unknown>(eventType: string, options: PublisherOptions<E> = {}): Publisher<E> {
    this.#demandOpen();
    const parts = {
      pipeline: this.#pipeline,
      eventType: text("eventType", eventType),
      clock: this.#clock,
      random: this.#random,
      logger: this.#logger,
      open: this.#open,
    };
    return new EventTypePublisher<E>(parts, publisherSettings(options));
  }

  /** Closes all streams, consumers, publishers, outboxes and connections at once. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #shutDown(): Promise<void> {
    await Promise.all([...this.#open].map((one) => one.close()));
    this.#pipeline.close();
    await this.#http.close();
  }

  #demandOpen(): void {
    if (this.#closed) throw new NakadiError("CLOSED", "the client is closed");
  }
}
