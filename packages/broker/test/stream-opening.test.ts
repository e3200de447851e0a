import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { hashed, manualBroker, testBroker } from "./test-broker.ts";

const detailOf = ({ json }: Answer): unknown => (json as { detail: unknown }).detail;

describe("opening a stream", () => {
  it("is refused in the protocol's order: the earlier of two faults is answered", async () => {
    let denied: [operation: string, type: string] | undefined;
    const authorizer: Authorizer = {
      allows: async (_subject, operation, { type }) => operation !== denied?.[0] || type !== denied[1],
    };
    const broker = await testBroker({ authorizer });
    const { call } = broker;
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const told = async (subscription: string, json: object): Promise<unknown[]> => {
      const answer = await call({ method: "POST", path: `/subscriptions/${subscription}/events`, json });
      return [answer.status, detailOf(answer)];
    };
    const partition = (number: string) => ({ event_type: name, partition: number });
    const foreign = { partitions: [partition("2"), partition("1"), partition("3")] };
    denied = ["READ", "event-type"];
    expect(await told("none", { ...foreign, batch_limit: 0 })).toEqual([422, "batch_limit can't be lower than 1"]);
    expect(await told("none", foreign)).toEqual([404, expect.stringContaining("none")]);
    const blacklist = `/settings/blacklist/CONSUMER_ET/${name}`;
    await call({ method: "PUT", path: blacklist });
    expect(await told(id, foreign)).toEqual([403, "Application or event type is blocked"]);
    await call({ method: "DELETE", path: blacklist });
    expect(await told(id, { partitions: [partition("7"), partition("7")] })).toEqual([
      422,
      "Duplicated partition specified",
    ]);
    const shown = (number: string): string => `EventTypePartition{eventType='${name}', partition='${number}'}`;
    expect(await told(id, foreign)).toEqual([
      422,
      `Wrong partitions specified - some partitions don't belong to subscription: ${shown("2")}, ${shown("3")}`,
    ]);
    expect(await told(id, {})).toEqual([403, `Access on READ event-type:${name} denied`]);
    denied = ["READ", "subscription"];
    expect(await told(id, {})).toEqual([403, `Access on READ subscription:${id} denied`]);
    denied = undefined;
    const both = { partitions: [partition("0"), partition("1")] };
    const direct = await broker.openDirect(id, both);
    expect(await told(id, both)).toEqual([
      409,
      "The following partitions are already requested by other stream(s) of this subscription: " +
        `${shown("0")},${shown("1")}`,
    ]);
    expect(await told(id, {})).toEqual([
      409,
      `No free slots for streaming available for subscription ${id}. Total slots: 2`,
    ]);
    direct.close();
  });

  it("at the same instant with the same partition succeeds once at most", async () => {
    const broker = await testBroker();
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const partitions = [{ event_type: name, partition: "1" }];
    const opened = await Promise.allSettled(Array.from({ length: 6 }, () => broker.openDirect(id, { partitions })));
    expect(opened.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const reasons = opened.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    expect(reasons.every((reason) => reason.includes("409"))).toBe(true);
  });

  it("through GET cannot ask for partitions, and through POST takes nothing from the query", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    const get = await broker.call({ path: `/subscriptions/${id}/events?partitions=nonsense&batch_limit=0` });
    expect([get.status, detailOf(get)]).toEqual([422, "batch_limit can't be lower than 1"]);
    const path = `/subscriptions/${id}/events?batch_limit=0`;
    for (const call of [{ json: [] }, { body: "{}" }, { body: "", headers: { "content-type": "application/json" } }]) {
      expect((await broker.call({ method: "POST", path, ...call })).status).toBeGreaterThanOrEqual(400);
    }
    const stream = await broker.openDirect(id, {});
    expect(stream.status).toBe(200);
  });

  it("with a window of nothing sends no event, only keep-alives", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    await broker.publish(name, [{ n: 1 }]);
    const id = await broker.subscription([name]);
    const stream = await broker.open(id, { max_uncommitted_events: 0, batch_flush_timeout: 1 });
    for (let count = 0; count < 3; count += 1) {
      broker.clock.advance(1_000);
      expect(await stream.next()).not.toHaveProperty("events");
    }
  });
});

describe("partitions that a stream has asked for", () => {
  it("go to the others when it ends, and it never gets any other", async () => {
    const broker = await testBroker();
    const name = await broker.eventType(hashed(4));
    const id = await broker.subscription([name]);
    const owners = async (): Promise<string[]> => {
      const { json } = await broker.call({ path: `/subscriptions/${id}/stats` });
      const [item] = (json as { items: { partitions: { stream_id: string; state: string }[] }[] }).items;
      return item?.partitions.map(({ stream_id, state }) => (state === "assigned" ? stream_id : "moving")) ?? [];
    };
    const automatic = await broker.open(id);
    const direct = await broker.openDirect(id, { partitions: [{ event_type: name, partition: "2" }] });
    await expect.poll(owners).toEqual([automatic.id, automatic.id, direct.id, automatic.id]);
    automatic.close();
    await expect
      .poll(owners)
      .toEqual(["", "", direct.id, ""].map((owner) => owner || expect.not.stringContaining(direct.id)));
    const again = await broker.open(id);
    await expect.poll(owners).toEqual([again.id, again.id, direct.id, again.id]);
    direct.close();
    await expect.poll(owners).toEqual([again.id, again.id, again.id, again.id]);
  });
});

describe("what a stream was started with", () => {
  it("stays as it was: annotations that change later count for the next one", async () => {
    const broker = await manualBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(name, [{ n: 1 }]);
    const fail = async (): Promise<void> => {
      const stream = await broker.open(id, { commit_timeout: 1 });
      await stream.nextEvents();
      const path = `/subscriptions/${id}`;
      const before = (await broker.call({ path })).json as object;
      const annotations = {
        "nakadi.zalando.org/subscription-max-event-send-count": "2",
        "nakadi.zalando.org/subscription-unprocessable-event-policy": "SKIP_EVENT",
      };
      expect((await broker.call({ method: "PUT", path, json: { ...before, annotations } })).status).toBe(204);
      broker.clock.advance(1_000);
      await stream.rest();
    };
    const debug = async (): Promise<string | undefined> => {
      const stream = await broker.open(id);
      const { info } = await stream.nextEvents();
      broker.clock.advance(60_000);
      await stream.rest();
      return info?.debug;
    };
    await fail();
    expect(await debug()).toBe("Stream started");
    expect(await debug()).toContain("failedCommitsCount=1");
  });
});
