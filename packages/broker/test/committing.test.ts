import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import type { Answer } from "./http-client.ts";
import { hashed, testBroker, type TestBroker } from "./test-broker.ts";

const detailOf = ({ json }: Answer): unknown => (json as { detail: unknown }).detail;

function post({ call }: TestBroker, subscription: string, streamId: string | undefined, body: unknown) {
  const headers: Record<string, string> = streamId === undefined ? {} : { "x-nakadi-streamid": streamId };
  return call({ method: "POST", path: `/subscriptions/${subscription}/cursors`, headers, json: body });
}

const offset = (number: number): string => `001-0001-${String(number).padStart(18, "0")}`;

describe("a commit", () => {
  it("is checked in the order of the protocol's table: the earlier of two faults is answered", async () => {
    let denied: string | undefined;
    const authorizer: Authorizer = { allows: async (_subject, operation) => operation !== denied };
    const broker = await testBroker({ authorizer });
    const name = await broker.eventType(hashed(2));
    const id = await broker.subscription([name]);
    const good = { partition: "0", offset: offset(0), event_type: name, cursor_token: "any" };
    const foreign = { ...good, partition: "1" };
    const nowhere = { ...good, partition: "7" };
    const block = (): Promise<Answer> =>
      broker.call({ method: "PUT", path: `/settings/blacklist/CONSUMER_ET/${name}` });
    const unblock = (): Promise<Answer> =>
      broker.call({ method: "DELETE", path: `/settings/blacklist/CONSUMER_ET/${name}` });

    const told = async (subscription: string, streamId: string | undefined, items: unknown): Promise<unknown[]> => {
      const answer = await post(broker, subscription, streamId, { items });
      return [answer.status, detailOf(answer)];
    };
    // Each row has its own fault and one or more of those that come later.
    expect((await post(broker, "unknown", undefined, { items: [nowhere] })).status).toBe(400);
    expect(await told("unknown", "no-uuid", [{ ...nowhere, event_type: null }])).toEqual([
      422,
      'Field "items[0].event_type" must not be null\n',
    ]);
    expect(await told("unknown", "no-uuid", [nowhere, { ...good, event_type: "none" }])).toEqual([
      422,
      'EventType "none" does not exist.',
    ]);
    expect(await told("unknown", "no-uuid", [nowhere, { ...good, offset: "001-0009-0" }])).toEqual([
      422,
      expect.stringContaining("offset null for partition null"),
    ]);
    expect(await told("unknown", "no-uuid", [])).toEqual([422, "Cursors are empty"]);
    expect(await told("unknown", "no-uuid", [nowhere])).toEqual([404, expect.stringContaining("unknown")]);
    await block();
    denied = "READ";
    expect(await told(id, "no-uuid", [nowhere])).toEqual([403, "Application or subscription is blocked"]);
    await unblock();
    expect(await told(id, "no-uuid", [nowhere])).toEqual([403, `Access on READ subscription:${id} denied`]);
    denied = undefined;
    expect(await told(id, "no-uuid", [nowhere])).toEqual([
      422,
      "Stream id has to be valid UUID, but `no-uuid was provided",
    ]);
    await broker.openDirect(id, { partitions: [{ event_type: name, partition: "1" }] });
    const stream = await broker.openDirect(id, { partitions: [{ event_type: name, partition: "0" }] });
    const unknown = randomUUID();
    expect(await told(id, unknown, [nowhere])).toEqual([422, `Session with stream id ${unknown} not found`]);
    expect(await told(id, stream.id, [good, nowhere])).toEqual([422, "non existing partition 7"]);
    expect(await told(id, stream.id, [good, { ...good, partition: "x" }])).toEqual([422, "non existing partition x"]);
    expect(await told(id, stream.id, [good, foreign])).toEqual([
      422,
      `Cursor T(${name}:1)-P(1)-O(${offset(0)}) cannot be committed with stream id ${stream.id}`,
    ]);
    // Nothing was written with what was refused.
    expect((await broker.call({ path: `/subscriptions/${id}/cursors` })).text).not.toContain(offset(0));
    expect((await post(broker, id, stream.id, { items: [good] })).status).toBe(204);
  });

  it("of several cursors of a partition takes them one after the other, each compared with the one before", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const id = await broker.subscription([name]);
    await broker.publish(
      name,
      Array.from({ length: 140 }, (_, n) => ({ n })),
    );
    const stream = await broker.open(id, { max_uncommitted_events: 1_000 });
    const cursors = (numbers: readonly number[]) =>
      numbers.map((number) => ({ partition: "0", offset: offset(number), event_type: name, cursor_token: "token" }));
    expect((await broker.commit(id, stream.id, cursors([100]))).status).toBe(204);
    const items = cursors([105, 106, 102, 96, 130]);
    const answer = await broker.commit(id, stream.id, items);
    const results = ["committed", "committed", "outdated", "outdated", "committed"];
    expect([answer.status, answer.json]).toEqual([
      200,
      { items: items.map((cursor, index) => ({ cursor, result: results[index] })) },
    ]);
    expect((await broker.call({ path: `/subscriptions/${id}/cursors` })).text).toContain(offset(130));
  });

  it("of a raw BEGIN moves on to any position; positions before the beginning are refused, where a real server takes them", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const initial_cursors = [{ event_type: name, partition: "0", offset: "BEGIN" }];
    const id = await broker.subscription([name], { read_from: "cursors", initial_cursors });
    const stream = await broker.open(id);
    const committed = async (text: string): Promise<[number, string]> => {
      const cursor = { partition: "0", offset: text, event_type: name, cursor_token: "token" };
      const { status } = await broker.commit(id, stream.id, [cursor]);
      const { json } = await broker.call({ path: `/subscriptions/${id}/cursors` });
      return [status, (json as { items: { offset: string }[] }).items[0]?.offset ?? ""];
    };
    expect(await committed("001-0001--2")).toEqual([422, "BEGIN"]);
    expect(await committed("-1")).toEqual([204, "001-0001--1"]);
    expect(await committed("begin")).toEqual([200, "001-0001--1"]);
    expect(await committed("0")).toEqual([204, offset(0)]);
  });

  it("beyond the end is taken; the stream dies of it, and new ones are refused until the log grows or a reset repairs it", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const [growing, repaired] = [await broker.subscription([name]), await broker.subscription([name])];
    for (const id of [growing, repaired]) {
      const stream = await broker.open(id);
      const cursor = { partition: "0", offset: "25", event_type: name, cursor_token: "token" };
      expect((await broker.commit(id, stream.id, [cursor])).status).toBe(204);
      expect(await stream.rest()).toEqual([]);
      const refused = await broker.call({ path: `/subscriptions/${id}/events` });
      expect([refused.status, detailOf(refused)]).toEqual([
        412,
        expect.stringContaining("offset 000000000000000025 for partition 0"),
      ]);
    }
    await broker.publish(
      name,
      Array.from({ length: 27 }, (_, n) => ({ n })),
    );
    expect((await (await broker.open(growing)).nextEvents()).events).toEqual([{ n: 26 }]);
    const items = [{ event_type: name, partition: "0", offset: "3" }];
    const path = `/subscriptions/${repaired}/cursors`;
    expect((await broker.call({ method: "PATCH", path, json: { items } })).status).toBe(204);
    expect((await (await broker.open(repaired)).nextEvents()).events).toEqual([{ n: 4 }]);
  });

  it("beyond the end of a timeline that is closed takes nothing of the next one for read", async () => {
    const broker = await testBroker();
    const name = await broker.eventType();
    const [streaming, later] = [await broker.subscription([name]), await broker.subscription([name])];
    await broker.publish(name, [{ n: 0 }, { n: 1 }]);
    const timelines = `/event-types/${name}/timelines`;
    expect((await broker.call({ method: "POST", path: timelines, json: { storage_id: "default" } })).status).toBe(201);
    await broker.publish(
      name,
      Array.from({ length: 20 }, (_, n) => ({ n: 2 + n })),
    );
    // What it has read ahead lies behind that position, if timelines are laid side by side.
    const stream = await broker.open(streaming, { max_uncommitted_events: 3 });
    for (const n of [0, 1, 2]) expect((await stream.nextEvents()).events).toEqual([{ n }]);
    const beyond = { partition: "0", offset: offset(9), event_type: name, cursor_token: "token" };
    expect((await broker.commit(streaming, stream.id, [beyond])).status).toBe(204);
    expect(await stream.rest()).toEqual([]);
    const refused = await broker.call({ path: `/subscriptions/${streaming}/events` });
    expect([refused.status, detailOf(refused)]).toEqual([412, expect.stringContaining("offset 000000000000000009")]);
    expect((await (await broker.open(later)).nextEvents()).events).toEqual([{ n: 0 }]);
  });
});
