import { describe, expect, it } from "vitest";
import type { Authorizer } from "../src/index.ts";
import { testBroker } from "./test-broker.ts";

describe("the owners of events", () => {
  const allows: Authorizer["allows"] = async (_subject, _operation, { type, authorization }) =>
    type !== "event" || authorization?.writers?.[0]?.value !== "them";
  const publishAs = async (selector: object, events: object[], enabled = true) => {
    const test = await testBroker({ authorizer: { allows } });
    const schema = {
      type: "json_schema",
      schema: '{"properties":{"a":{"properties":{"owner":{}}},"n":{"type":"number"}}}',
    };
    const name = await test.eventType({ schema, event_owner_selector: selector });
    const json = { feature: "event_owner_selector_authz", enabled };
    await test.call({ method: "POST", path: "/settings/features", json });
    const { status, text } = await test.publish(name, events);
    return [status, text === "" ? "" : (JSON.parse(text) as unknown)];
  };
  const path = { type: "path", name: "team", value: "a.owner" };
  const item = (publishing_status: string, step: string, detail = ""): object => ({
    publishing_status,
    detail,
    step,
    eid: "",
    partition: null,
  });

  it("are checked before the schema; an event without one is free for all", async () => {
    const events = [{ n: "no number" }, { a: { owner: "us" } }, { a: { owner: "them" } }, {}];
    expect(await publishAs(path, events)).toEqual([
      422,
      [
        item("aborted", "validating"),
        item("aborted", "validating"),
        item("failed", "validating", "Access on WRITE event: denied"),
        item("aborted", "none"),
      ],
    ]);
    expect(await publishAs(path, [{ a: { owner: "us" } }, { a: { owner: null } }, {}])).toEqual([200, ""]);
  });

  it("may be the same for all events, and matter only where the feature says so", async () => {
    const fixed = { type: "static", name: "team", value: "them" };
    expect((await publishAs(fixed, [{}]))[0]).toBe(422);
    expect(await publishAs(fixed, [{}], false)).toEqual([200, ""]);
    expect(await publishAs({ type: "metadata", name: "team" }, [{}])).toEqual([200, ""]);
  });
});
