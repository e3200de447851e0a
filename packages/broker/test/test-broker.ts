/** A broker for one test, with the requests that every test needs. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { ManualClock } from "nakadi-protocol";
import { inject, onTestFinished } from "vitest";
import { type Broker, type BrokerOptions, startBroker, type StorageOption } from "../src/index.ts";
import { type Answer, type Call, call, LineStream } from "./http-client.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

declare module "vitest" {
  interface ProvidedContext {
    storage: "memory" | "directory";
  }
}

export interface TestBroker {
  broker: Broker;
  call(request: Call): Promise<Answer>;
  /** Creates an event type and says its name. */
  eventType(definition?: { name?: string; [member: string]: unknown }): Promise<string>;
  publish(eventType: string, events: readonly unknown[]): Promise<Answer>;
  /** Creates a subscription from the beginning and says its id. */
  subscription(eventTypes: readonly string[], request?: Record<string, unknown>): Promise<string>;
  open(subscription: string, parameters?: Record<string, number>): Promise<LineStream>;
  /** From the end of each partition, or of the first one from `offset`. */
  openLowLevel(eventType: string, offset?: string): Promise<LineStream>;
  openDirect(subscription: string, body: Record<string, unknown>): Promise<LineStream>;
  commit(subscription: string, streamId: string, cursors: readonly unknown[]): Promise<Answer>;
}

/** The engine that the tests are run on: each project of the configuration names one. */
async function engineUnderTest(): Promise<StorageOption> {
  return inject("storage") === "memory" ? "memory" : { directory: join(await temporaryDirectory(), "data") };
}

/** Stops with the test. */
export async function testBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const broker = await startBroker({ storage: await engineUnderTest(), ...options });
  onTestFinished(() => broker.close());
  const ask = (request: Call): Promise<Answer> => call(broker.url, request);

  async function demand(status: number, request: Call): Promise<Answer> {
    const answer = await ask(request);
    if (answer.status !== status) throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.text}`);
    return answer;
  }

  return {
    broker,
    call: ask,
    async eventType(definition = {}) {
      const schema = { type: "json_schema", schema: "{}" };
      const defaults = { name: `test.${randomUUID()}`, owning_application: "test", category: "undefined", schema };
      const json = { ...defaults, ...definition };
      await demand(201, { method: "POST", path: "/event-types", json });
      return json.name;
    },
    publish: (eventType, events) => ask({ method: "POST", path: `/event-types/${eventType}/events`, json: events }),
    async subscription(eventTypes, request = {}) {
      const json = { owning_application: randomUUID(), event_types: eventTypes, read_from: "begin", ...request };
      const { json: created } = await demand(201, { method: "POST", path: "/subscriptions", json });
      return (created as { id: string }).id;
    },
    open(subscription, parameters = {}) {
      const query = new URLSearchParams(
        Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
      );
      return LineStream.open(broker.url, { path: `/subscriptions/${subscription}/events?${query.toString()}` });
    },
    openLowLevel(eventType, offset) {
      const cursors = JSON.stringify([{ partition: "0", offset }]);
      const headers = offset === undefined ? {} : { "x-nakadi-cursors": cursors };
      return LineStream.open(broker.url, { path: `/event-types/${eventType}/events`, headers });
    },
    openDirect: (subscription, json) =>
      LineStream.open(broker.url, { method: "POST", path: `/subscriptions/${subscription}/events`, json }),
    commit: (subscription, streamId, items) =>
      ask({
        method: "POST",
        path: `/subscriptions/${subscription}/cursors`,
        headers: { "x-nakadi-streamid": streamId },
        json: { items },
      }),
  };
}

/** A broker whose time moves only when the test says so. */
export async function manualBroker(options: BrokerOptions = {}): Promise<TestBroker & { clock: ManualClock }> {
  const clock = new ManualClock();
  return { ...(await testBroker({ ...options, clock })), clock };
}

const partitions = (count: number): Record<string, unknown> => ({
  default_statistic: { messages_per_minute: 1, message_size: 1, read_parallelism: count, write_parallelism: count },
});

/** Events of category `undefined` go where `p` hashes to. */
export const hashed = (count: number): Record<string, unknown> => ({
  ...partitions(count),
  partition_strategy: "hash",
  partition_key_fields: ["p"],
});
