/** What one broker does, several over one storage do together, whichever of them a connection comes to. */
import { randomInt } from "node:crypto";
import { play, stories } from "nakadi-conformance";
import { FaultProxy } from "nakadi-testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { findRecordings, playRecording } from "../golden/recordings.ts";
import { Cluster } from "./cluster.ts";

const seed = randomInt(2 ** 31);
const recordings = findRecordings();

describe(`three nodes, and one that stands still (hints by seed ${seed})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    // Streams look often by themselves: recordings do not wait for a lost hint as long as users may.
    cluster = await Cluster.start({ nodes: 4, each: "connection", seed, limits: { streamPollMs: 100 } });
    cluster.nodes[3]?.stop();
  });
  afterAll(async () => {
    const [still, ...others] = [...cluster.nodes].reverse();
    for (const { turns } of others) expect(turns).toBeGreaterThan(0);
    // It has lost its lease long ago, and comes back.
    still?.goOn();
    await vi.waitFor(async () => expect((await fetch(`${still?.broker.url}/health`)).status).toBe(200));
    await cluster[Symbol.asyncDispose]();
  });

  it.concurrent.each(stories.map((story) => [story.name, story] as const))("story: %s", async (_name, story) => {
    await play(story, { baseUrl: cluster.url, faultProxy: (target) => FaultProxy.start(target) });
  });

  it.concurrent.each(recordings.map((recording) => [recording.name, recording] as const))(
    "recording: %s",
    async (_name, recording) => playRecording(recording, cluster.url),
    240_000,
  );
});
