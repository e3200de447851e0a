/** What becomes of streams when the network does its worst; each story proves that its fault hit an open stream. */
import assert from "node:assert/strict";
import type { BatchStream, NakadiError, StreamOptions } from "nakadi-client";
import { events, type Stage, type StoryEvent } from "../stage.ts";
import type { Story } from "../story.ts";
import type { BreakableProxy, FaultKind } from "../target.ts";
import { readAll } from "./reading.ts";

/** What a dead session held comes back within seconds. */
const QUICK: StreamOptions = {
  batchLimit: 5,
  maxUncommittedEvents: 50,
  batchFlushTimeoutSeconds: 1,
  commitTimeoutSeconds: 1,
  idleGraceMs: 1_000,
  retry: { maxDelayMs: 1_000 },
  commitRetry: { maxElapsedMs: 5_000 },
};

interface Scene {
  stage: Stage;
  proxy: BreakableProxy;
  stream: BatchStream<StoryEvent>;
  retries: NakadiError[];
  publish(count: number, from?: number): Promise<void>;
}

export const FAULTS: readonly Story[] = [
  fault("delay", "everything is late", async ({ proxy, publish }) => {
    proxy.delay(5, { jitterMs: 20 });
    await publish(50);
  }),
  fault("bandwidth", "the line is narrow", async ({ proxy, publish }) => {
    proxy.limitBandwidth(50_000);
    await publish(50);
  }),
  fault("cut", "a connection is cut", async ({ proxy, publish }) => {
    await publish(50);
    proxy.cut();
  }),
  fault("cutInsideLine", "a connection is cut inside a line", async ({ proxy, publish }) => {
    proxy.cutInsideLine();
    await publish(50);
  }),
  fault("cutAfter", "a connection is cut after a number of bytes", async ({ proxy, publish }) => {
    proxy.cutAfter(1_000);
    await publish(50);
  }),
  fault("reset", "a connection is reset", async ({ proxy, publish }) => {
    await publish(50);
    proxy.reset();
  }),
  fault("stall", "a connection stalls for a moment", async ({ proxy, publish }) => {
    proxy.stall();
    await publish(50);
    proxy.resume();
  }),
  fault("halfOpen", "a connection is dead without a sign of it", async ({ proxy, publish }) => {
    proxy.halfOpen();
    await publish(50);
  }),
  fault("refuse", "the server cannot be reached for a while", async ({ stage, proxy, publish, retries }) => {
    proxy.refuse();
    proxy.cut();
    await stage.eventually(
      () => retries.length,
      (count) => count > 3,
      "attempts that were refused",
    );
    await publish(50);
    proxy.accept();
  }),
  {
    name: "faults/dead-session",
    about:
      "Nothing is delivered from a dead session: what waited in the client's queue is delivered again by the next one.",
    protocol: ["3.10"],
    breaksConnections: true,
    async act(stage) {
      const { proxy, publish, stream, retries } = await scene(stage, { batchLimit: 1, bufferedBatches: 50 });
      await publish(10);
      const first = await stage.within(stream.nextBatch(), "a batch");
      proxy.cut();
      await stage.eventually(
        () => retries.length,
        (count) => count > 0,
        "the end of the session",
      );
      const second = await stage.within(stream.nextBatch(), "a batch of the next session");
      assert.deepEqual([second?.events, second?.streamId === first?.streamId], [first?.events, false]);
      assert.equal(proxy.hits("cut").streams, 1);
    },
  },
  {
    name: "faults/reconnects",
    about: "However often its connection is cut, a stream has one at a time, and none once it is closed.",
    protocol: ["3.10"],
    breaksConnections: true,
    async act(stage) {
      let opened: () => void = () => undefined;
      const { proxy, stream } = await scene(stage, { retry: { maxDelayMs: 100 }, onHealthy: () => opened() });
      for (let cuts = 1; cuts <= CUTS; cuts += 1) {
        const again = new Promise<void>((resolve) => (opened = resolve));
        proxy.cut();
        await stage.within(again, "another stream");
        assert.equal(proxy.openStreams, 1);
      }
      assert.equal(proxy.hits("cut").streams, CUTS);
      await stream.close();
      await stage.eventually(
        () => proxy.openStreams,
        (open) => open === 0,
        "the end of the last connection",
      );
    },
  },
];

/** Enough to see a leak; each may cost a real server a second or two to notice. */
const CUTS = 20;

function fault(kind: FaultKind, what: string, breakIt: (scene: Scene) => Promise<void>): Story {
  return {
    name: `faults/${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    about: `Nothing is lost, and nothing that was committed is delivered again, when ${what}.`,
    protocol: ["3.10"],
    breaksConnections: true,
    async act(stage) {
      const acting = await scene(stage);
      await breakIt(acting);
      const { seen, committedAgain, outOfOrder } = await readAll(stage, acting.stream, 50);
      assert.deepEqual([seen.size, committedAgain, outOfOrder], [50, 0, 0]);
      // A refused connection has no stream yet; one that was cut before had one.
      const hits = acting.proxy.hits(kind === "refuse" ? "cut" : kind);
      assert.ok(hits.streams > 0, `the fault hit no open stream: ${JSON.stringify(hits)}`);
    },
  };
}

async function scene(stage: Stage, options: StreamOptions = {}): Promise<Scene> {
  const proxy = await stage.proxy();
  const eventType = await stage.eventType();
  const id = await stage.subscription(eventType);
  const retries: NakadiError[] = [];
  const client = stage.client({ baseUrl: proxy.baseUrl, requestTimeoutMs: 2_000 });
  const onRetry = (error: NakadiError): void => void retries.push(error);
  const stream = await stage.stream(id, { ...QUICK, onRetry, ...options }, client);
  const publish = (count: number, from = 1): Promise<void> => stage.publish(eventType, events(count, { from }));
  return { stage, proxy, stream, retries, publish };
}
