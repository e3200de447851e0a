/** An event type that keeps its newest bytes, by an annotation of this broker's own. */
import { describe, expect, it } from "vitest";
import { testBroker } from "./test-broker.ts";
import type { TestBroker } from "./test-broker.ts";

const KEY = "nakadi-ts/retention-bytes";
/** An event of a thousand bytes. */
const EVENT = { text: "v".repeat(989) };

const annotated = (bytes: string) => ({ annotations: { [KEY]: bytes } });

/** Of partition 0, as numbers. */
async function bounds({ call }: TestBroker, name: string): Promise<{ oldest: number; newest: number }> {
  const { json } = await call({ path: `/event-types/${name}/partitions/0` });
  const offsets = json as { oldest_available_offset: string; newest_available_offset: string };
  const numberOf = (offset: string): number => Number(offset.slice(offset.lastIndexOf("-", offset.length - 2) + 1));
  return { oldest: numberOf(offsets.oldest_available_offset), newest: numberOf(offsets.newest_available_offset) };
}

describe("the bytes that an event type keeps", () => {
  // A directory drops whole segments, of 32 MiB.
  it("are its newest: the oldest events go, and cursors before them are answered as expired ones", async () => {
    const test = await testBroker({ storage: "memory" });
    const name = await test.eventType(annotated("10000"));
    const id = await test.subscription([name]);
    for (let each = 0; each < 30; each++) expect((await test.publish(name, [EVENT])).status).toBe(200);
    expect(await bounds(test, name)).toEqual({ oldest: 20, newest: 29 });
    await expect(test.openLowLevel(name, "001-0001-000000000000000005")).rejects.toThrow(
      /answered 412: .*offset 000000000000000005 for partition 0 .* is unavailable/,
    );
    const stream = await test.open(id, { batch_limit: 10 });
    const batch = await stream.nextEvents();
    expect(batch.cursor).toMatchObject({ offset: "001-0001-000000000000000029" });
  });

  it("can be set, changed and taken away later", async () => {
    const test = await testBroker({ storage: "memory" });
    const name = await test.eventType();
    for (let each = 0; each < 10; each++) await test.publish(name, [EVENT]);
    const { json } = await test.call({ path: `/event-types/${name}` });
    const put = (annotations: object) =>
      test.call({ method: "PUT", path: `/event-types/${name}`, json: { ...(json as object), annotations } });
    expect(await bounds(test, name)).toEqual({ oldest: 0, newest: 9 });
    expect((await put({ [KEY]: "3000" })).status).toBe(200);
    expect(await bounds(test, name)).toEqual({ oldest: 7, newest: 9 });
    expect((await put({})).status).toBe(200);
    for (let each = 0; each < 10; each++) await test.publish(name, [EVENT]);
    expect(await bounds(test, name)).toEqual({ oldest: 7, newest: 19 });
  });

  it.each(["", "0", "-1", "1.5", "1e6", "10 MB", "9007199254740992"])("cannot be %j", async (bytes) => {
    const test = await testBroker();
    const problem = {
      status: 422,
      json: {
        detail: `Field "annotations[${KEY}]" must be a whole number from 1 to 9007199254740991\n`,
      },
    };
    const name = await test.eventType(annotated("9007199254740991"));
    const { json } = await test.call({ path: `/event-types/${name}` });
    const changed = { ...(json as object), ...annotated(bytes) };
    expect(await test.call({ method: "PUT", path: `/event-types/${name}`, json: changed })).toMatchObject(problem);
    const another = { ...changed, name: `${name}.other` };
    expect(await test.call({ method: "POST", path: "/event-types", json: another })).toMatchObject(problem);
  });
});
