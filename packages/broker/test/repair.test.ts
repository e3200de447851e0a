/** A broker refuses damaged data, a check says what is lost, and after a repair the next broker serves the rest. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repairDataDirectory, startBroker, verifyDataDirectory } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { testBroker } from "./test-broker.ts";

const TEXT = "x".repeat(20_000);
const EVENTS = 10;

async function overwrite(file: string, at: number): Promise<void> {
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(16, "!"), 0, 16, at);
  await handle.close();
}

async function segmentIn(directory: string): Promise<string> {
  const names = await readdir(directory, { recursive: true });
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(directory, name), size: (await stat(join(directory, name))).size })),
  );
  const segments = files.filter(({ path }) => path.includes(join(directory, "logs")) && path.endsWith(".seg"));
  return segments.toSorted((a, b) => b.size - a.size)[0]?.path ?? "";
}

describe("a broker some of whose events were overwritten", () => {
  it("serves after the repair what is left, and gives new events offsets that no other had", async () => {
    const directory = join(await temporaryDirectory(), "data");
    const first = await testBroker({ storage: { directory } });
    const name = await first.eventType();
    const id = await first.subscription([name]);
    for (let n = 0; n < EVENTS; n++) await first.publish(name, [{ n, TEXT }]);
    await first.broker.stop();
    expect(await verifyDataDirectory(directory)).toMatchObject({ healthy: true, events: EVENTS, lost: [] });
    const segment = await segmentIn(directory);
    await overwrite(segment, Math.floor((await stat(segment)).size * 0.55));

    const lost = [{ eventType: name, timeline: 1, partition: 0, from: 5, to: 5 }];
    expect(await verifyDataDirectory(directory)).toMatchObject({ healthy: false, events: EVENTS - 1, lost });
    expect(await repairDataDirectory(directory)).toMatchObject({ healthy: false, events: EVENTS - 1, lost });
    expect(await verifyDataDirectory(directory)).toMatchObject({ events: EVENTS - 1 });

    const broker = await testBroker({ storage: { directory } });
    const published = await broker.publish(name, [{ n: "new" }]);
    expect(published.status).toBe(200);
    const stream = await broker.open(id, { batch_limit: 1, max_uncommitted_events: 1_000_000_000 });
    const seen: [offset: number, n: unknown][] = [];
    let last;
    while (seen.at(-1)?.[1] !== "new") {
      const { cursor, events } = await stream.nextEvents();
      last = cursor;
      seen.push([Number(cursor.offset.slice(-18)), (events as { n: unknown }[])[0]?.n]);
    }
    expect(seen).toEqual([...[0, 1, 2, 3, 4, 6, 7, 8, 9].map((n) => [n, n]), [EVENTS, "new"]]);
    expect((await broker.commit(id, stream.id, [last])).status).toBe(204);
    const stats = await broker.call({ path: `/subscriptions/${id}/stats` });
    expect(stats.text).toContain(`"unconsumed_events":0`);
  });
});

it("a broker ends streams before damaged events, logs each place once, and serves other event types", async () => {
  const directory = join(await temporaryDirectory(), "data");
  const first = await testBroker({ storage: { directory } });
  const [name, other] = [await first.eventType(), await first.eventType()];
  const id = await first.subscription([name]);
  for (let n = 0; n < EVENTS; n++) await first.publish(name, [{ n, TEXT }]);
  await first.publish(other, [{ n: "other" }]);
  await first.broker.stop();
  const segment = await segmentIn(directory);
  await overwrite(segment, Math.floor((await stat(segment)).size * 0.55));

  const logged: string[] = [];
  const nothing = (): void => undefined;
  const error = (_: object, message: string): void => void logged.push(message);
  const logger = { debug: nothing, info: nothing, warn: nothing, error };
  const broker = await testBroker({ storage: { directory }, logger });
  for (let round = 0; round < 2; round++) {
    const lines = await (await broker.openLowLevel(name, "BEGIN")).rest();
    expect(lines.flatMap(({ events }) => events ?? []).length).toBeLessThanOrEqual(5);
  }
  await (await broker.open(id)).rest();
  expect(logged).toHaveLength(1);
  const { json: metrics } = await broker.call({ path: "/metrics" });
  expect(metrics).toMatchObject({ counters: { "storage.damaged.places": { count: 1 } } });
  expect(logged[0]).toMatch(/^stored frame damaged; streams end in logs\/\d+\/0 before offset 5: .*nakadi repair/);
  const { events } = await (await broker.openLowLevel(other, "BEGIN")).nextEvents();
  expect(events).toMatchObject([{ n: "other" }]);
});

it("a broker refuses a snapshot that was overwritten, and starts after the repair", async () => {
  const directory = join(await temporaryDirectory(), "data");
  const first = await testBroker({ storage: { directory } });
  await first.eventType();
  await first.broker.stop();
  await overwrite(join(directory, "snapshot"), (await stat(join(directory, "snapshot"))).size - 200);
  await expect(startBroker({ storage: { directory } })).rejects.toMatchObject({
    problem: "damaged",
    message: expect.stringContaining(`nakadi repair ${directory}`) as string,
  });
  const report = await repairDataDirectory(directory);
  expect([report.healthy, report.snapshot.length > 0]).toEqual([false, true]);
  await testBroker({ storage: { directory } });
});
