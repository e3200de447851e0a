// A subscription stream read through the client, against undici's dispatch and a split of the same bytes.
import { once } from "node:events";
import { fork } from "node:child_process";
import { NakadiClient } from "nakadi-client";
import { Agent } from "undici";

const ROUNDS = 7;
const LINES = 20_000;

export const rawStreamRow = {
  name: "raw",
  unit: "events/s",
  async run() {
    const server = fork(new URL("./line-server.mjs", import.meta.url), [String(LINES)]);
    const [{ url, eventsPerLine, lines }] = await once(server, "message");
    const results = { ours: [], limit: [] };
    try {
      await throughClient(url, lines);
      await bare(url, lines);
      for (let round = 0; round < ROUNDS; round += 1) {
        results.ours.push((lines * eventsPerLine) / (await throughClient(url, lines)));
        results.limit.push((lines * eventsPerLine) / (await bare(url, lines)));
      }
    } finally {
      server.kill();
    }
    return results;
  },
};

/** Seconds until the last line was read. */
async function throughClient(url, lines) {
  const nakadi = new NakadiClient({ baseUrl: url });
  const started = performance.now();
  const stream = nakadi.stream("bench", { batchLimit: 10, bufferedBatches: 100 });
  let bytes = 0;
  for (let read = 0; read < lines; read += 1) {
    const batch = await stream.nextBatch();
    bytes += batch.raw.length;
  }
  const seconds = (performance.now() - started) / 1_000;
  await stream.close();
  await nakadi.close();
  if (bytes === 0) throw new Error("nothing was read");
  return seconds;
}

async function bare(url, lines) {
  const agent = new Agent({ bodyTimeout: 0 });
  const started = performance.now();
  await new Promise((resolve, reject) => {
    let seen = 0;
    let rest = Buffer.alloc(0);
    agent.dispatch(
      { origin: url, path: "/subscriptions/bench/events", method: "GET" },
      {
        onRequestStart: () => undefined,
        onResponseStart: () => undefined,
        onResponseData(controller, chunk) {
          let start = 0;
          for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
            const line =
              start === 0 && rest.length > 0
                ? Buffer.concat([rest, chunk.subarray(0, end)])
                : chunk.subarray(start, end);
            if (line.length > 0) seen += 1;
            start = end + 1;
            rest = Buffer.alloc(0);
          }
          rest = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(start)]) : chunk.subarray(start);
          if (seen >= lines) resolve();
        },
        onResponseEnd: () => reject(new Error("the stream ended early")),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
  const seconds = (performance.now() - started) / 1_000;
  await agent.destroy();
  return seconds;
}
