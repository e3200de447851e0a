/** What one broker does, several over one storage do together, whichever of them a connection comes to. */
import { randomInt } from "node:crypto";
import { play, stories } from "nakadi-conformance";
import { FaultProxy } from "nakadi-testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRecordings, playRecording } from "../golden/recordings.ts";
import { Cluster } from "./cluster.ts";

const seed = randomInt(2 ** 31);
const recordings = findRecordings();

describe(`three nodes, and one that stands still (hints by seed ${seed})`, () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await Cluster.start(seed);
  });
  afterAll(async () => {
    expect(Math.min(...cluster.connections)).toBeGreaterThan(0);
    // It has lost its lease long ago: it comes back as a new one.
    const url = cluster.goOn();
    await expect.poll(async () => (await fetch(`${url}/health`)).status).toBe(200);
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
