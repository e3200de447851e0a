/** Starts and stops a broker. */
import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "nakadi-protocol";
import { DamagedEventsError, openStorage, type Storage, type StorageFailedError } from "nakadi-storage";
import { Access, allowAll } from "./authorization/authorizer.ts";
import { checkedDrain, checkedOptions } from "./broker-options.ts";
import type { BrokerOptions } from "./broker-options.ts";
import { EventTypes } from "./event-types/catalogue.ts";
import { EventTypeChanges } from "./event-types/changes.ts";
import { Draining } from "./http/draining.ts";
import { generateFlowId } from "./http/flow-id.ts";
import { buildServer } from "./http/server.ts";
import { silentLogger } from "./logger.ts";
import { Closings } from "./timelines/closings.ts";
import { Writers } from "./timelines/writers.ts";
import { Snapshots } from "./metadata-snapshot.ts";
import { NodeMembership } from "./node-membership.ts";
import { DamageLog } from "./reports/damage-log.ts";
import { Reports } from "./reports/reports.ts";
import { Settings } from "./settings/settings.ts";
import { DeadLetterQueue } from "./dead-letters/dead-letter-queue.ts";
import { EventTypeStreams } from "./streaming/low-level/event-type-streams.ts";
import { SubscriptionStreams } from "./streaming/driver/subscription-streams.ts";
import { DeadLetterRedrive } from "./dead-letters/dead-letter-redrive.ts";
import { Subscriptions } from "./subscriptions/registry.ts";

export interface Broker extends AsyncDisposable {
  /** `http://host:port`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly clock: Clock;
  /**
   * Accepts no connection any more, ends streams cleanly, answers with `Connection: close`, closes connections that are idle
   * for 500 ms, and closes the rest after `drainMs` (0 to 2 147 483 647, default the limit `stopDrainMs`). Of several calls the
   * limit that ends first counts. @throws {BrokerOptionsError}
   */
  stop(options?: { drainMs?: number }): Promise<void>;
  /** Like `stop`, without waiting for requests in flight; cuts off a `stop` that drains. Idempotent. */
  close(): Promise<void>;
}

/**
 * @throws {BrokerOptionsError}
 * @throws {DataDirectoryError} if the directory is in use, foreign, damaged, or not writable
 * @throws {NoSuchEngineError} if the package of a storage URL is not installed
 * @throws the system's error if the address cannot be listened on (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …)
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const { host, port, limits, featuresOn, deletableSubscription, ...checked } = checkedOptions(options);
  const { clock = systemClock, logger = silentLogger } = options;
  let storageFailure: StorageFailedError | undefined;
  const engine = await openStorage(checked.storage, {
    node: randomUUID(),
    clock,
    onFaultPoint: options.onFaultPoint,
    onFailure: (error) => {
      storageFailure = error;
      logger.error({ error }, "nothing is stored any more until the broker is started again");
    },
  });
  /** What is wrong with the data shows when it is read. */
  const explained = (error: unknown): unknown => engine.explain?.(error) ?? error;
  const damageLog = new DamageLog(logger);
  const onError = (error: unknown): void => {
    if (error instanceof DamagedEventsError) damageLog.note(error);
    else logger.error({ error }, "a stream ended because its storage failed");
  };
  const uuid = (): string => randomUUID();
  const access = new Access(options.authorizer ?? allowAll);
  const membership = await NodeMembership.join({
    coordination: engine.coordination,
    clock,
    leaseMs: limits.nodeLeaseMs,
    lost: () => {
      logger.warn({}, "the node stood still for too long and lost its sessions");
      void streams.endAll();
    },
    failed: (error) => logger.error({ error }, "the node holds no lease, and serves no streams until it gets one"),
  }).catch(async (error: unknown) => {
    await engine.close();
    throw explained(error);
  });
  const { log, metadata } = engine;
  const close = (): Promise<void> => engine.close();
  const storage: Storage = { log, metadata, coordination: membership.guarded(engine.coordination), close };
  const snapshots = new Snapshots(metadata);
  const settings = new Settings(metadata, snapshots, clock, access.subject, featuresOn);
  const { features, gate } = settings;
  const common = { log, metadata, snapshots, features, limits, clock, uuid };
  const eventTypes = new EventTypes(common);
  const eventTypeChanges = new EventTypeChanges({ ...common, eventTypes });
  const closings = new Closings({ ...common, coordination: storage.coordination });
  const writers = new Writers({
    ...common,
    eventTypes,
    closings,
    membership,
    onError: (error) => logger.error({ error }, "a timeline's switch waits for this node: its storage failed"),
  });
  const subscriptions = new Subscriptions({ ...common, coordination: storage.coordination, eventTypes });
  const random = Math.random;
  const reports = new Reports({
    ...common,
    writers,
    random,
    flowId: generateFlowId,
    subject: access.subject,
    onError: (error) => logger.error({ error }, "reports about the broker itself could not be stored"),
  });
  const deadLetters = new DeadLetterQueue({
    ...common,
    access,
    blacklist: settings.blacklist,
    eventTypes,
    writers,
    random,
    flowId: generateFlowId,
  });
  const streams = new SubscriptionStreams({
    membership,
    snapshots,
    storage,
    subscriptions,
    eventTypes,
    deadLetters,
    gate,
    reports,
    access,
    limits,
    clock,
    onError,
  });
  const redrive = new DeadLetterRedrive({
    ...common,
    coordination: storage.coordination,
    eventTypes,
    subscriptions,
    onError: (error) => logger.error({ error }, "dead letters that are sent once more were not looked for"),
  });
  const eventTypeStreams = new EventTypeStreams({ ...common, membership, eventTypes, gate, reports, random, onError });
  const stopping = new AbortController();
  const draining = new Draining();
  const app = buildServer(
    {
      membership,
      storage,
      snapshots,
      storageFailure: () => storageFailure,
      damageLog,
      access,
      settings,
      eventTypes,
      eventTypeChanges,
      closings,
      writers,
      reports,
      subscriptions,
      streams,
      eventTypeStreams,
      limits,
      deletableSubscription,
      clock,
      random,
      uuid,
      stopping: stopping.signal,
      draining,
    },
    logger,
  );
  let stopped: Promise<void> | undefined;
  async function shutDown(): Promise<void> {
    const drained = draining.run(app, stopping.signal);
    eventTypeStreams.stop();
    await Promise.all([streams.stop(), drained]);
    await draining.closeRest();
    await app.close();
    settings[Symbol.dispose]();
    writers[Symbol.dispose]();
    await redrive[Symbol.asyncDispose]();
    await reports[Symbol.asyncDispose]();
    await membership[Symbol.asyncDispose]();
    await storage.close();
  }
  const stop: Broker["stop"] = async (how = {}) => {
    const limit = setTimeout(
      () => stopping.abort(new Error("The broker stops.")),
      checkedDrain(how, limits.stopDrainMs),
    );
    await (stopped ??= shutDown()).finally(() => clearTimeout(limit));
  };
  try {
    // The one waits for the disk, the other for nothing.
    await Promise.all([eventTypes.createSystemEventTypes(), closings.endVoid(), app.ready()]);
    await app.listen({ host, port });
  } catch (error) {
    // A failed storage may also fail to close; the first failure is reported.
    await stop({ drainMs: 0 }).catch(() => undefined);
    throw explained(error);
  }
  const address = app.server.address();
  const listening = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listening}`,
    port: listening,
    clock,
    stop,
    close: () => stop({ drainMs: 0 }),
    [Symbol.asyncDispose]: () => stop(),
  };
}
