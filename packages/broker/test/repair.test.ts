/** A broker refuses damaged data, a repair says what is lost, and the next broker serves the rest. */
import { cp, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { repairDataDirectory, startBroker } from "../src/index.ts";
import { temporaryDirectory } from "./temporary-directory.ts";
import { testBroker } from "./test-broker.ts";

const TEXT = "x".repeat(20_000);

describe("a broker whose data file was cut off", () => {
  it("serves after the repair what is left, and gives new events offsets that no other had", async () => {
    const folder = await temporaryDirectory();
    const first = await testBroker({ storage: { directory: join(folder, "first") } });
    const name = await first.eventType();
    const id = await first.subscription([name]);
    for (let n = 0; n < 10; n++) await first.publish(name, [{ n, TEXT }]);
    await first.broker.stop();
    const directory = join(folder, "cut");
    await cp(join(folder, "first"), directory, { recursive: true });
    const file = join(directory, "data.mdb");
    await truncate(file, Math.floor((await stat(file)).size * 0.6));
    await expect(startBroker({ storage: { directory } })).rejects.toMatchObject({
      problem: "damaged",
      message: expect.stringContaining(`nakadi repair ${directory}`) as string,
    });

    const report = await repairDataDirectory(directory);
    if (report.outcome !== "rebuilt") throw new Error(`It was ${report.outcome}.`);
    const partition = report.partitions.find(({ eventType }) => eventType === name);
    expect(partition?.kept).toBeGreaterThan(0);
    expect(partition?.kept).toBeLessThan(10);
    expect(report.unusable).toEqual([]);

    const broker = await testBroker({ storage: { directory } });
    const published = await broker.publish(name, [{ n: "new" }]);
    expect(published.status).toBe(200);
    const stream = await broker.open(id, { batch_limit: 1, max_uncommitted_events: 1_000_000_000 });
    const seen: unknown[] = [];
    let offset = "";
    while (seen.at(-1) !== "new") {
      const { cursor, events } = await stream.nextEvents();
      expect(cursor.offset > offset).toBe(true);
      ({ offset } = cursor);
      seen.push((events as { n: unknown }[])[0]?.n);
    }
    expect(seen).toHaveLength((partition?.kept ?? 0) + 1);
    const kept = seen.slice(0, -1) as number[];
    expect(kept).toEqual(kept.toSorted((a, b) => a - b));
    expect(Number(offset.slice(-18))).toBe(partition?.lostEnd?.next);
    expect(
      (await broker.commit(id, stream.id, [{ partition: "0", offset, event_type: name, cursor_token: "t" }])).status,
    ).toBe(204);
    const stats = await broker.call({ path: `/subscriptions/${id}/stats` });
    expect(stats.text).toContain(`"unconsumed_events":0`);
  });
});
